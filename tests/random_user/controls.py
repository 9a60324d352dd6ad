"""The controls that the random user knows, how it finds them, and which of them each page has.

They are looked for in the whole document: in the page, in the sidebar, and in what opens above.
"""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class Kind:
    """A kind of control: its CSS selector and how often it is chosen beside the others."""

    selector: str
    weight: float


KINDS = {
    "button": Kind("[data-testid=stButton] button:enabled", 6),
    "pill": Kind("[data-testid=stButtonGroup] button:enabled", 9),
    "popover": Kind("[data-testid=stPopover] button:enabled", 5),
    "toggle": Kind("[data-testid=stCheckbox] label", 7),
    "select": Kind("[data-testid=stSelectbox] input:enabled", 5),
    "multi": Kind("[data-testid=stMultiSelect] input:enabled", 3),
    "slider": Kind("[data-testid=stSlider] input[type=range]:enabled", 7),
    "text": Kind(
        "[data-testid=stTextInput] input:enabled, [data-testid=stTextArea] textarea:enabled", 6
    ),
    "number": Kind("[data-testid=stNumberInput] input:enabled", 3),
    "step": Kind("[data-testid=stNumberInput] button:enabled", 2),
    "canvas": Kind("[data-testid=stBidiComponentIsolated] canvas", 8),
    "viewer": Kind("[data-testid=stBidiComponentIsolated] button:not(.save)", 6),
    "picture": Kind("[data-testid=stBidiComponentIsolated] button.save", 1),
    "figure": Kind("[data-testid=stPlotlyChart] .nsewdrag", 2),
    "table": Kind("[data-testid=stDataFrame] canvas", 1),
    "toolbar": Kind("[data-testid=stElementToolbarButton] button", 1),
    "expander": Kind("[data-testid=stExpander] summary", 2),
    "download": Kind("[data-testid=stDownloadButton] button:enabled", 2),
    "link": Kind("[data-testid=stSidebarNavLink]", 3),
    "inner": Kind("[data-testid=stMain] a:not([href^=http]):not([href^='#'])", 3),
}

# What each view of each page offers with the settings that it comes with. Whoever takes a kind of
# control from a page takes it from here too: otherwise the random user would no longer find what it
# is to try.
EVERYWHERE = "pill link"
LAB = "popover toggle select slider text canvas viewer picture"
USUAL = "slider figure table expander"
DRAWN = f"{USUAL} canvas picture"
_SHOWS = {
    "home": "inner",
    "lab": f"{LAB} table",
    "lab?section=pipeline": LAB,
    "lab?section=effect": f"{LAB} figure",
    "lab?section=evidence": f"{LAB} table",
    "lab?section=norms": f"{LAB} figure",
    "lab?section=takeaway": f"{LAB} download",
    "scores?q=2": f"{DRAWN} toggle select text viewer",
    "scores?q=3": f"{DRAWN} toggle select text number",
    "scores?q=4": f"{DRAWN} toggle select text number viewer",
    "heads?q=1": f"{DRAWN} toggle select text",
    "heads?q=6": f"{DRAWN} toggle select text",
    "masks?q=5": f"{DRAWN} select text viewer",
    "masks?q=16": f"{DRAWN} toggle select text",
    "masks?q=20": f"{DRAWN} button toggle select text number",
    "positions?q=8": f"{DRAWN} toggle number",
    "positions?q=9": f"{DRAWN} toggle",
    "positions?q=10": f"{DRAWN} toggle select multi number",
    "tokenizers": "button slider figure table expander download",
    "tokenizers?view=encode": "text table expander",
    "tokenizers?view=compare": "toggle text figure table expander",
    "encoder": f"{DRAWN} toggle select text",
    "encoder?part=stack": f"{DRAWN} toggle select text",
    "encoder?part=lens": "toggle select text figure expander",
    "residual": f"{USUAL} toggle select text number",
    "normalization?q=12": f"{USUAL} toggle select text number",
    "normalization?q=13": f"{USUAL} toggle number",
    "feed_forward": f"{DRAWN} toggle select text number",
    "feed_forward?part=curves": f"{USUAL} toggle select text",
    "feed_forward?part=positions": f"{USUAL} toggle select text",
    "feed_forward?part=shares": f"{USUAL} toggle select text",
    "alignment": f"{DRAWN} button text",
    "decoding": f"{DRAWN} select text",
    "schedules": "toggle select slider canvas picture figure expander",
    "schedules?part=dropout": f"{DRAWN} toggle select text number",
}
SHOWS = {view: {*EVERYWHERE.split(), *kinds.split()} for view, kinds in _SHOWS.items()}


# Everything that can be seen, by kind: [number among its kind, its name].
_LOOK = """
elements => elements.map((element, number) => {
  const box = element.getBoundingClientRect();
  const seen = element.checkVisibility({ visibilityProperty: true }) && box.width && box.height;
  const name = element.getAttribute("aria-label") || element.innerText || element.title || "";
  return [number, name.trim().slice(0, 40), Boolean(seen)];
}).filter(([, , seen]) => seen).map(([number, name]) => [number, name])
"""
MOST = 80  # of a kind among which one is chosen

Offered = dict[str, list[tuple[int, str]]]


def offered(page: Page) -> Offered:
    """The number and the name of every control that a page shows, by kind."""
    found = {name: page.locator(kind.selector).evaluate_all(_LOOK) for name, kind in KINDS.items()}
    return {name: [tuple(one) for one in seen[:MOST]] for name, seen in found.items() if seen}


def control(page: Page, kind: str, number: int) -> Locator:
    """The control of that number among its kind."""
    return page.locator(KINDS[kind].selector).nth(number)
