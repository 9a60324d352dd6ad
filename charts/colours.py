"""What every colour means, in one place, for Plotly charts and the canvas viewer alike.

Queries are blue, keys orange-red, values green; attention weights are one sequential purple
ramp whose zero is the page itself (white, or the dark theme's background); counts, deviations
and other amounts are a rose one; differences are brown (less) to teal (more), told apart by
readers with any common colour blindness. Signed quantities of one kind (a query vector, raw
scores) run from a muted complement through the page's background to the hue of their kind. Masked
is the only neutral grey, and hatched. What overflowed is the only yellow, and crossed out: it is
no value, not even a masked one.

A ramp is a tuple of hex colours, equally spaced from its lowest value to its highest.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Literal

Ramp = tuple[str, ...]
ThemeName = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """All colours with a meaning, for one theme."""

    page: str  # the background, zero of every ramp; the viewer puts the theme's own in its place
    queries: str
    keys: str
    values: str
    masked: str  # ground of the hatch
    masked_hatch: str  # its stripes
    overflowed: str  # ground of what is no number, or has no end
    overflowed_cross: str  # the cross on it
    more: str  # gained: the difference ramp's positive end
    less: str  # lost: its negative end
    weights_ramp: Ramp  # sequential, from 0
    amounts_ramp: Ramp  # sequential, of counts, deviations and other amounts, which are no weights
    difference_ramp: Ramp  # diverging, centred on 0, as are all below
    scores_ramp: Ramp
    queries_ramp: Ramp
    keys_ramp: Ramp
    values_ramp: Ramp


LIGHT_PAGE = "#ffffff"
DARK_PAGE = "#0e1117"

LIGHT = Palette(
    page=LIGHT_PAGE,
    queries="#1f5fc4",
    keys="#d1401a",
    values="#187a50",
    masked="#dcdde0",
    masked_hatch="#bcbec4",
    overflowed="#ffd400",
    overflowed_cross="#332a00",
    more="#0b766c",
    less="#96590c",
    weights_ramp=(LIGHT_PAGE, "#eee6fb", "#d0b5f1", "#a877de", "#7a3bbf", "#4d138f", "#290452"),
    amounts_ramp=(LIGHT_PAGE, "#fbe6ee", "#f3b6cd", "#e17fa8", "#c4447f", "#931b5b", "#570931"),
    difference_ramp=(
        "#6b3d05",
        "#b1752a",
        "#e3c493",
        LIGHT_PAGE,
        "#8fd0c6",
        "#23948a",
        "#04514b",
    ),
    scores_ramp=("#4e5c14", "#8b9a4a", "#ccd4a8", LIGHT_PAGE, "#d0b5f1", "#8e50cf", "#3c0b73"),
    queries_ramp=("#6f5a1c", "#a9924f", "#ddd0ac", LIGHT_PAGE, "#a9c6f2", "#4b86dc", "#12408c"),
    keys_ramp=("#215764", "#5f95a1", "#b3d0d7", LIGHT_PAGE, "#f6bda9", "#e2663f", "#98270a"),
    values_ramp=("#6f335c", "#a86c94", "#dcbcd1", LIGHT_PAGE, "#a8dab5", "#45a562", "#125629"),
)

DARK = Palette(
    page=DARK_PAGE,
    queries="#79aef8",
    keys="#ff8a66",
    values="#8be8a5",
    masked="#34373f",
    masked_hatch="#50545e",
    overflowed="#ffd400",
    overflowed_cross="#332a00",
    more="#5fd3c5",
    less="#e0a95a",
    weights_ramp=(DARK_PAGE, "#2a1b4a", "#4f2c8a", "#7c4cc4", "#a97eea", "#d3b8fb", "#faf5ff"),
    amounts_ramp=(DARK_PAGE, "#3a1426", "#6b2547", "#a83d72", "#d96a9d", "#f2a3c6", "#ffe3ef"),
    difference_ramp=(
        "#ffdca3",
        "#cf9344",
        "#63431a",
        DARK_PAGE,
        "#124a48",
        "#2fa79b",
        "#a9f5ea",
    ),
    scores_ramp=("#e4efa6", "#9dac4c", "#434c1e", DARK_PAGE, "#42277a", "#9767dd", "#ead9ff"),
    queries_ramp=("#f1dfa6", "#b49b4d", "#4b411f", DARK_PAGE, "#1b3c73", "#4f8ae6", "#c9e0ff"),
    keys_ramp=("#b8e6f0", "#5b9cab", "#21424b", DARK_PAGE, "#6b2a18", "#e56b45", "#ffd6c8"),
    values_ramp=("#f3cfe4", "#b16f9b", "#4c2b41", DARK_PAGE, "#17502a", "#41a862", "#c2f5d0"),
)


def palette(theme: ThemeName) -> Palette:
    """The colours of one theme."""
    return DARK if theme == "dark" else LIGHT


def colorscale(ramp: Ramp) -> list[list[float | str]]:
    """A ramp as Plotly wants it: [[0.0, first], …, [1.0, last]]."""
    last = len(ramp) - 1
    return [[place / last, colour] for place, colour in enumerate(ramp)]


def faint(colour: str) -> str:
    """A #rrggbb colour, see-through: the ground of a band."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


@cache
def both_themes() -> Mapping[str, Mapping[str, str | Ramp]]:
    """Both palettes as plain values, as the viewer's script receives them."""
    return {"light": asdict(LIGHT), "dark": asdict(DARK)}
