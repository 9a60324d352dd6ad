"""Hostile texts, vocabularies, folders and addresses: shown everywhere, obeyed nowhere."""

import ast
import csv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import settled, visit
from tests.conftest import PROBE
from tests.hostile import BROKEN, DECODER, ENCODER, TEXT, write_models
from tests.server import serving
from ui.navigation import PAGES

LINE = TEXT.replace("\n", "").replace("\r", "")
BATCH = f"{LINE}\n<b>evil</b>\n=1+1"
LINK = "[evil](javascript:pwn())"
ICON = ":material/home:"
CODE = "\n\n![evil](//evil.x/i)\n\n`<b>evil</b>`"

ON_ENCODER = {"model": ENCODER, "text": TEXT}
ON_DECODER = {"model": DECODER, "text": TEXT}

# Every part of every page that shows what a reader, a vocabulary or a folder says.
VIEWS: tuple[tuple[str, dict[str, str]], ...] = (
    *(
        ("lab", ON_ENCODER | {"section": section, "layer": "1"})
        for section in ("cell", "pipeline", "effect", "evidence", "norms", "takeaway")
    ),
    ("lab", ON_DECODER | {"section": "effect", "view": "lines"}),
    ("scores", ON_ENCODER | {"q": "2"}),
    ("scores", ON_DECODER | {"q": "3", "longest": "128", "widest": "64"}),
    ("scores", ON_ENCODER | {"q": "4"}),
    ("heads", ON_ENCODER | {"q": "1", "inside": "true", "inside_text": "<b>evil</b> www.evil.x"}),
    ("heads", {"q": "6", "model": DECODER, "passage": TEXT, "width": "64", "tokens": "16"}),
    ("masks", {"q": "5", "model": ENCODER, "sentences": BATCH}),
    ("masks", {"q": "16", "causal_model": DECODER, "text": TEXT, "replacement": LINK}),
    ("masks", {"q": "20", "cloze_model": ENCODER, "text": TEXT, "passage": TEXT, "word": "3"}),
    ("positions", ON_ENCODER | {"q": "8", "scale_view": "real"}),
    ("positions", ON_ENCODER | {"q": "9", "wave_view": "shuffle"}),
    *(
        ("positions", ON_DECODER | {"q": "10", "scheme_view": view, "table_model": ENCODER})
        for view in ("learned", "moved", "beyond", "switch")
    ),
    ("tokenizers", {"view": "train", "corpus": "own", "own": TEXT, "merges": "50"}),
    ("tokenizers", {"view": "encode", "corpus": "own", "own": TEXT, "word": TEXT[:390]}),
    ("tokenizers", {"view": "compare", "text": TEXT}),
    *(
        ("encoder", ON_ENCODER | {"part": part, "layer": "0"})
        for part in ("layer", "stack", "lens")
    ),
    ("residual", ON_DECODER),
    *(
        ("normalization", ON_ENCODER | {"look": look, "sentences": BATCH, "becomes": LINE})
        for look in ("batch", "depth", "features")
    ),
    *(
        ("feed_forward", ON_ENCODER | {"part": part, "replacement": LINK})
        for part in ("neurons", "curves", "positions", "shares")
    ),
    ("alignment", {"word": TEXT}),
    ("decoding", {"model": DECODER, "prompt": TEXT, "temperature": "2", "longest": "16"}),
    ("schedules", {"part": "dropout", "text": "<b>evil</b> www.evil.x $evil^2$ :red[evil]"}),
    ("home", {"lang": LINK, "q": CODE}),
    # what cannot be: each value is named, or the model is
    ("lab", {"model": LINK, "layer": CODE, "norm": "<b>evil</b>", "cell": "{evil}", "tied": ICON}),
    ("lab", {"model": BROKEN, "text": TEXT}),
    ("masks", {"q": CODE, "model": "../" + ENCODER, "sentences": BATCH}),
)

# What has become of the page: a line for everything that is more than text.
FOUND = r"""
() => {
  const found = window.pwned ? ["executed"] : [];
  const OWN = ["http:", "https:"].map((scheme) => `${scheme}//${location.host}/`);
  const XLINK = "http://www.w3.org/1999/xlink";
  const styled = ["b", "strong", "em", "del", "s", "i", "code", "sup", "u", "h1", "h2"];
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      const tag = node.tagName.toLowerCase();
      const text = node.textContent.trim();
      const note = (what) => found.push(`${what}: ${node.outerHTML.slice(0, 200)}`);
      const target = node.getAttribute("href") ?? node.getAttributeNS(XLINK, "href") ?? "";
      const colour = node.classList.contains("stMarkdownColoredText");
      const badge = node.classList.contains("stMarkdownBadge");
      for (const { name } of node.attributes) if (/^on/i.test(name)) note("handler");
      if (/javascript:|e\.x|evil/i.test(target) || (tag === "a" && target === "#")) note("link");
      if (tag === "img" && node.src && !/^(data|blob):/.test(node.src)
        && !OWN.some((own) => node.src.startsWith(own) && !node.src.endsWith("/x"))) note("image");
      if (tag === "img" && node.alt === "Streamlit logo") note("sign");
      if (tag === "script" && text.includes("pwn")) note("script");
      if (["iframe", "object", "embed"].includes(tag)) note("frame");
      if (styled.includes(tag) && text === "evil") note("style");
      if (tag === "sup" && text === "2") note("style");
      if (tag === "tspan" && text === "evil" && node.style.fontWeight) note("style");
      if ((colour || badge) && text === "evil") note("colour");
      if (node.classList.contains("katex") && text.includes("evil")) note("formula");
      if (node.getAttribute("aria-label") === "home icon"
        && !node.closest("[data-testid=stSidebar]")) note("icon");
    }
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { nodeValue, parentElement } = texts.currentNode;
      const sign = /😄|→evil|evil—|#29b09d|:material_/.test(nodeValue);
      if (sign) found.push(`sign: ${nodeValue.slice(0, 99)}`);
    }
  };
  look(document);
  return found;
}
"""


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with models whose names and vocabularies are hostile."""
    folder = tmp_path_factory.mktemp("models")
    write_models(folder)
    with serving("ui.serve", environment={"ATTENTION_LAB_MODELS": str(folder)}) as url:
        yield url


@pytest.fixture
def watched(browser: Browser, hostile_url: str) -> Iterator[Page]:
    """A page on which nothing may run, open a dialog, fail, or ask another host for anything."""
    context = browser.new_context(base_url=hostile_url)
    page = context.new_page()
    # Without a picker of files, what is saved is downloaded, and the test can read it.
    page.add_init_script(
        "window.pwned = 0; window.pwn = () => { window.pwned += 1; };"
        "delete window.showSaveFilePicker;"
    )
    wrong: list[str] = []
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if said.type == "error" and not PROBE.search(said.location["url"])
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((f"{hostile_url}/", "data:", "blob:"))
            else wrong.append(request.url)
        ),
    )
    yield page
    context.close()
    assert wrong == []


def harmless(page: Page) -> None:
    """Look at everything on the page, then point at its charts and canvases and look again."""
    assert page.evaluate(FOUND) == []
    charts = page.locator(".js-plotly-plot .nsewdrag, [data-testid=stBidiComponent] canvas")
    for chart in charts.all()[:4]:
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        if box is not None:
            for share in (0.25, 0.5):
                page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
    assert page.evaluate(FOUND) == []
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_every_page_is_among_the_views() -> None:
    assert {key for key, _ in VIEWS} == set(PAGES)


@pytest.mark.parametrize(
    ("number", "again"),
    [
        (number, number == 0 or VIEWS[number - 1][0] != VIEWS[number][0])
        for number in range(len(VIEWS))
    ],
)
def test_what_others_wrote_is_text_and_no_more(watched: Page, number: int, again: bool) -> None:
    """Each part in one language, one part of every page in both."""
    key, parameters = VIEWS[number]
    language = {} if number % 2 or "lang" in parameters else {"lang": "zh"}
    path = "" if key == "home" else key
    visit(watched, f"/{path}?{urlencode(parameters | language)}")
    harmless(watched)
    if again:
        watched.get_by_role("radio", name="English" if language else "中文").click()
        settled(watched)
        harmless(watched)


def test_letters_that_are_none_in_the_address(watched: Page) -> None:
    broken = "a%ED%A0%80b%00c%E2%80%AEd%FF%0Ae"
    for path in (
        f"lab?model=bert-tiny&text={broken}&section=takeaway",
        f"tokenizers?view=compare&text={broken}",
        f"tokenizers?view=encode&word={broken}&tokenizer=minilm",
        f"masks?model=bert-tiny&sentences={broken}%0Ab",
        f"decoding?model=characters&prompt={broken}&longest=16",
        f"lab?{broken}={broken}&layer={broken}&lang={broken}",
    ):
        visit(watched, f"/{path}")
        harmless(watched)


def formulas(file: Path) -> list[str]:
    """The cells of a CSV file that a spreadsheet would compute."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    signs = ("=", "@", "+", "-")
    return [c for c in cells if c.strip().startswith(signs) and len(c) > 1 and not _number(c)]


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_no_download_holds_a_formula(watched: Page, tmp_path: Path) -> None:
    visit(watched, f"/lab?{urlencode(ON_ENCODER | {'section': 'takeaway'})}")
    with watched.expect_download() as saved:
        watched.get_by_role("button", name="Weights of this head as CSV").click()
    assert saved.value.suggested_filename == "attention-1-0.csv"
    saved.value.save_as(tmp_path / "weights.csv")
    assert formulas(tmp_path / "weights.csv") == []
    assert "'=HYPERLINK(" in (tmp_path / "weights.csv").read_text("utf-8")

    visit(watched, f"/lab?{urlencode(ON_ENCODER | {'section': 'cell'})}")
    table = watched.get_by_test_id("stDataFrame").last
    table.hover()
    with watched.expect_download() as saved:
        table.get_by_role("button", name="Download as CSV").click()
    saved.value.save_as(tmp_path / "row.csv")
    assert formulas(tmp_path / "row.csv") == []
    assert "'=HYPERLINK(" in (tmp_path / "row.csv").read_text("utf-8")


def test_the_snippet_holds_the_text_as_a_literal(watched: Page) -> None:
    visit(watched, f"/lab?{urlencode(ON_ENCODER | {'section': 'takeaway'})}")
    code = ast.parse(watched.locator("pre code").inner_text())
    assigned = {
        target.id: statement.value
        for statement in code.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    assert ast.literal_eval(assigned.pop("text")) == TEXT
    weights = {"native_weights", "variant_weights"}
    assert set(assigned) == {"bench", "native", "variant", "difference"} | weights
    assert len(code.body) == len(assigned) + 1 + 2  # the text, and two imports
