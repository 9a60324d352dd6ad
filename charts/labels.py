"""Tokens as Plotly labels: legible, and never markup."""

from html import escape

LONGEST = 16  # letters


def plain(token: str, longest: int = LONGEST) -> str:
    """A token for an axis or hover: blanks visible, controls as their code, markup escaped, and
    `#` too, since Streamlit swaps some #rrggbb anywhere in a figure for theme colours."""
    shown = "".join(map(visible, token))
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return escape(shown, quote=False).replace("#", "&#35;")


def visible(letter: str) -> str:
    """One letter as it can be seen: a blank as ␣, a line break as ↵, any other that has no shape of
    its own, or would turn its neighbours around, as its code."""
    if letter == " ":
        return "␣"
    if letter == "\n":
        return "↵"
    return letter if letter.isprintable() else f"⟨{ord(letter):x}⟩"
