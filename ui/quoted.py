"""What files, readers and addresses say, quoted in Markdown: shown, never obeyed."""

import re

LONGEST = 200  # characters shown of anything

# Streamlit writes ":material_" for this even within code; an invisible joiner keeps it as it is.
_ICON = ":material/"
JOINER = "\u2060"
_KEPT = f":material{JOINER}/"

# Words that are no markup wherever they stand. Streamlit makes links of addresses and signs of
# "--" and ":material/home:" even behind backslashes, so that all else becomes code.
_WORDS = re.compile(r"(?!.*(?:www\.|--|\b_|_\b))(?!\d+[.)])[^\W_](?:[\w ,.;/'()%+-]*[^\W_.%)])?")


def quoted(text: str) -> str:
    """The text on one line, cut where it is too long, as Markdown that shows it as it is."""
    shown = visible(text)
    return shown if _WORDS.fullmatch(shown) else code(text)


def code(text: str) -> str:
    """The same, always in the type of code."""
    shown = visible(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown.replace(_ICON, _KEPT)}{pad}{fence}"


def visible(text: str) -> str:
    """The text on one line, cut where it is too long: what has no shape of its own (line breaks,
    controls, changes of direction, lone surrogates) is written by its number."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in cut)
