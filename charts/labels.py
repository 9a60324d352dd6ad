"""Tokens as they are shown everywhere: legible, each blank to be seen, and never markup. The canvas
viewer does the same in `viewer/js/text.js`."""

from html import escape
from unicodedata import bidirectional

LONGEST = 16  # letters
_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_ISOLATE, _END = "\u2066", "\u2069"


def visible(token: str) -> str:
    """A token as it can be seen: blanks, line breaks and tabs as signs, any other letter that has
    no shape of its own, or would turn its neighbours around, as its code; nothing as ∅."""
    return "".join(map(_visible, token)) or "∅"


def isolated(shown: str) -> str:
    """A text that stands among others: what is written from right to left keeps to itself, so that
    ``##`` stays in front of a piece, and the numbers around it in their order."""
    turns = any(bidirectional(letter) in _RIGHT_TO_LEFT for letter in shown)
    return f"{_ISOLATE}{shown}{_END}" if turns else shown


def plain(token: str, longest: int = LONGEST) -> str:
    """A token for Plotly's axes and hovers, or as HTML: visible, cut where it is longer, markup
    escaped, and `#` too, since Streamlit swaps some #rrggbb anywhere in a figure for theme
    colours."""
    shown = visible(token)
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return escape(isolated(shown), quote=False).replace("#", "&#35;")


def _visible(letter: str) -> str:
    return _SIGNS.get(letter) or (letter if letter.isprintable() else f"⟨{ord(letter):x}⟩")
