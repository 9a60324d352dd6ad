"""The picture of the Transformer whose parts open their pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from streamlit.components.v2 import component

from ui.i18n import N_, _
from ui.navigation import PAGES, Target, go, question

VIEW = "12 44 416 612"

Style = Literal["box", "chip"]


@dataclass(frozen=True)
class Part:
    """A box of the picture, in the SVG's own units, and what it opens."""

    x: int
    y: int
    width: int
    height: int
    label: str
    opens: Target
    style: Style = "box"


def _lab(model: str) -> Target:
    """The lab, on a model that has the part."""
    return Target(PAGES["lab"], {"model": model})


# Encoder boxes span x 40–196 and its skip connections run at x 28; the decoder mirrors it with
# 244–400 and 412. Both stacks are read from the bottom up.
PARTS = (
    Part(40, 596, 156, 28, N_("Tokens"), question(18)),
    Part(40, 552, 156, 28, N_("Embedding × √d"), question(8)),
    Part(40, 508, 156, 28, N_("+ position"), question(9)),
    Part(40, 408, 156, 62, N_("Self-attention"), _lab("minilm")),
    Part(46, 438, 47, 28, N_("scores"), question(2), "chip"),
    Part(96, 438, 44, 28, N_("heads"), question(1), "chip"),
    Part(143, 438, 47, 28, N_("masks"), question(5), "chip"),
    Part(40, 366, 74, 28, N_("Add"), question(11)),
    Part(122, 366, 74, 28, N_("Norm"), question(12)),
    Part(40, 314, 156, 28, N_("Feed-forward"), question(14)),
    Part(40, 272, 74, 28, N_("Add"), question(11)),
    Part(122, 272, 74, 28, N_("Norm"), question(12)),
    Part(24, 239, 110, 28, N_("Encoder layer × N"), question(7), "chip"),
    Part(40, 84, 156, 28, N_("Learning rate, dropout"), question(19)),
    Part(244, 596, 156, 28, N_("Tokens"), question(18)),
    Part(244, 552, 156, 28, N_("Embedding × √d"), question(8)),
    Part(244, 508, 156, 28, N_("+ position"), question(9)),
    Part(244, 408, 156, 62, N_("Masked self-attention"), _lab("smollm2")),
    Part(250, 438, 47, 28, N_("scores"), question(2), "chip"),
    Part(300, 438, 44, 28, N_("heads"), question(1), "chip"),
    Part(347, 438, 47, 28, N_("masks"), question(16), "chip"),
    Part(244, 366, 74, 28, N_("Norm"), question(12)),
    Part(326, 366, 74, 28, N_("Add"), question(11)),
    Part(244, 306, 156, 36, N_("Cross-attention"), question(15)),
    Part(244, 264, 74, 28, N_("Norm"), question(12)),
    Part(326, 264, 74, 28, N_("Add"), question(11)),
    Part(244, 212, 156, 28, N_("Feed-forward"), question(14)),
    Part(244, 170, 74, 28, N_("Norm"), question(12)),
    Part(326, 170, 74, 28, N_("Add"), question(11)),
    Part(306, 138, 110, 28, N_("Decoder layer × N"), question(7), "chip"),
    Part(244, 84, 156, 28, N_("Linear, softmax"), question(17)),
)

STACKS = ((16, 236, 192, 256), (232, 134, 192, 358))

FLOWS = """
M118,596V582 M118,552V538 M118,508V472 M77,408V396 M114,380H120 M159,366V344 M77,314V302
M114,286H120 M159,272V222H220V324H242
M322,596V582 M322,552V538 M322,508V472 M363,408V396 M326,380H320 M281,366V344 M363,306V294
M326,278H320 M281,264V242 M363,212V200 M326,184H320 M281,170V114 M322,84V70
"""

SKIPS = """
M118,484H28V380H38 M159,356H28V286H38
M322,484H412V380H402 M281,356H412V278H402 M281,254H412V184H402
"""

CAPTIONS = (
    (118, 646, N_("input")),
    (322, 646, N_("output so far")),
    (322, 56, N_("next-token probabilities")),
    (118, 72, N_("how it is trained")),
    (188, 208, N_("keys, values")),
)

CSS = """
figure { margin: 0 auto; max-width: 34rem; color: var(--st-text-color); }
svg { display: block; width: 100%; height: auto; font-family: var(--st-font); }
text { fill: currentColor; font-size: 13px; text-anchor: middle; dominant-baseline: central; }
.chip text { font-size: 11.5px; }
.caption { font-size: 12px; opacity: 0.75; }
.stack { fill: var(--st-secondary-background-color); stroke: var(--st-border-color); }
.flow { fill: none; stroke: currentColor; stroke-opacity: 0.55; stroke-width: 1.3; }
.tip { fill: currentColor; fill-opacity: 0.7; }
.part rect { fill: var(--st-background-color); stroke-width: 1.2; }
.open { cursor: pointer; }
.open rect {
  fill: color-mix(in srgb, var(--st-primary-color) 16%, var(--st-background-color));
  stroke: var(--st-primary-color);
  stroke-width: 1.8;
}
.open text { font-weight: 650; }
.open:is(:hover, :focus-visible) rect {
  fill: color-mix(in srgb, var(--st-primary-color) 34%, var(--st-background-color));
}
.open:focus-visible { outline: none; }
.open:focus-visible rect { stroke-width: 3.5; }
"""

# A plain click stays in the session; with a modifier key the browser follows the link itself.
JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const figure = parentElement.querySelector("figure");
  if (figure.dataset.svg !== data.svg) {
    figure.dataset.svg = data.svg;
    figure.innerHTML = data.svg;
  }
  for (const link of figure.querySelectorAll("a")) {
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      setTriggerValue("opened", Number(link.dataset.part));
    };
  }
}
"""


def blueprint() -> None:
    """Draw the picture; a click on a part opens its page."""
    mount = component("blueprint", html="<figure></figure>", css=CSS, js=JS)
    clicked = mount(key="blueprint", data={"svg": svg()}, on_opened_change=lambda: None)
    if clicked.opened is not None:
        go(PARTS[clicked.opened].opens)


def svg() -> str:
    """The picture as SVG, in the reader's language."""
    label = escape(_("The Transformer: encoder on the left, decoder on the right"))
    return (
        f'<svg viewBox="{VIEW}" role="group" aria-label="{label}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path class="tip" d="M0 0.5L8 4L0 7.5z"/></marker></defs>'
        + "".join(_drawing())
        + "</svg>"
    )


def _drawing() -> Iterator[str]:
    for x, y, width, height in STACKS:
        yield f'<rect class="stack" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
    for path in (FLOWS + SKIPS).split():
        yield f'<path class="flow" d="{path}" marker-end="url(#tip)"/>'
    for x, y, text in CAPTIONS:
        yield f'<text class="caption" x="{x}" y="{y}">{escape(_(text))}</text>'
    for number, part in enumerate(PARTS):
        yield _part(number, part)


def _part(number: int, part: Part) -> str:
    # A box that holds chips has its label above them.
    middle = part.y + (16 if part.height > 40 else part.height / 2)
    inside = (
        f'<rect x="{part.x}" y="{part.y}" width="{part.width}" height="{part.height}" rx="6"/>'
        f'<text x="{part.x + part.width / 2}" y="{middle}">{escape(_(part.label))}</text>'
    )
    title = escape(part.opens.title)
    return (
        f'<a class="part open {part.style}" href="{escape(part.opens.href)}"'
        f' target="_self" data-part="{number}"><title>{title}</title>{inside}</a>'
    )
