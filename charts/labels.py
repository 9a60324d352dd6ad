"""Tokens as Plotly labels: legible, and never markup."""

from html import escape

LONGEST = 16  # letters


def plain(token: str, longest: int = LONGEST) -> str:
    """A token for an axis or hover: blanks visible, controls as their code, markup escaped, and
    `#` too, since Streamlit swaps some #rrggbb anywhere in a figure for theme colours."""
    shown = "".join(_visible(letter) for letter in token)
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return escape(shown).replace("#", "&#35;")


def _visible(letter: str) -> str:
    if letter == " ":
        return "␣"
    if letter == "\n":
        return "↵"
    return letter if letter.isprintable() else f"⟨{ord(letter):x}⟩"
