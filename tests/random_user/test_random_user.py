"""Some steps of a random user, the same each time; and that nothing wrong would escape it."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page

from tests.random_user.checks import blanks, complaints, missing, otherwise
from tests.random_user.controls import SHOWS, offered
from tests.random_user.downloads import complaint
from tests.random_user.host import Elsewhere, Host, hosting
from tests.random_user.replay import fewest, keep, kept
from tests.random_user.steps import Step, next_step, opening, views
from tests.random_user.walk import Finding, Walker, walk
from ui.navigation import PAGES

SEEDS = (1,)
STEPS = 100


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(None, tmp_path_factory.mktemp("host")) as own:
        yield own


@pytest.fixture
def drawn(browser: Browser) -> Iterator[Page]:
    """A page that the tests write themselves."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_user_finds_nothing(
    browser: Browser, host: Host, tmp_path: Path, seed: int
) -> None:
    came = walk(browser, host, seed, STEPS, views("all"))
    for number, finding in enumerate(came.findings):
        keep(finding, tmp_path / f"{seed}-{number}.json")
    assert [(finding.url, finding.wrong) for finding in came.findings] == [], tmp_path
    assert sum(came.refused.values()) < STEPS / 4
    assert came.compared > 0


def test_every_page_is_visited() -> None:
    assert {view.partition("?")[0] for view in SHOWS} == set(PAGES)


def test_the_same_seed_takes_the_same_steps() -> None:
    found = {"slider": [(0, "a"), (1, "b")], "text": [(0, "c")], "viewer": [(3, "d")]}

    def some(seed: int) -> list[Step]:
        dice = Random(seed)
        steps = [next_step(dice, found, ["one"]) for _ in range(50)]
        return [opening(dice, "lab", ["one"]), *steps]

    assert some(1) == some(1)
    assert some(1) != some(2)


def test_the_fewest_steps_that_are_wrong() -> None:
    steps = [{"do": "open"}, *({"do": "click", "number": n} for n in range(20))]

    def wrong(tried: list[Step]) -> bool:
        return {3, 17} <= {step.get("number") for step in tried}

    assert [step.get("number") for step in fewest(steps, wrong, tries=100)] == [None, 3, 17]


def test_a_finding_can_be_kept(tmp_path: Path) -> None:
    finding = Finding(["wrong"], "http://x/", [{"do": "open", "view": "lab", "asked": ["text=猫"]}])
    keep(finding, tmp_path / "finding.json")
    assert kept(tmp_path / "finding.json") == finding.steps


CANVAS = """
<h1>Page</h1><div data-testid="stBidiComponentIsolated"><canvas width="20" height="20"></canvas>
</div><script>
const pen = document.querySelector("canvas").getContext("2d");
pen.fillStyle = "red"; pen.fillRect(0, 0, 20, 20);
if (SECOND) { pen.fillStyle = "blue"; pen.fillRect(5, 5, 2, 2); }
</script>
"""


def test_a_blank_picture_is_seen(drawn: Page) -> None:
    drawn.set_content(CANVAS.replace("SECOND", "true"))
    assert blanks(drawn) == []
    drawn.set_content(CANVAS.replace("SECOND", "false"))
    assert blanks(drawn) == ["blank canvas: 0 has one colour"]
    drawn.set_content('<div data-testid="stPlotlyChart"><svg width="9" height="9"></svg></div>')
    assert blanks(drawn) == ["blank chart: 0 shows nothing"]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("<h1>One</h1>", []),
        ("<h1>One</h1><h1>Two</h1>", ["2 titles"]),
        ("", ["0 titles"]),
        ('<h1>One</h1><div data-testid="stException">No\n  way</div>', ["exception box: No way"]),
        ("<h1>One</h1><div data-testid=stDialog>Lost</div>", ["dialog: Lost"]),
    ],
)
def test_what_is_wrong_with_a_page_is_said(drawn: Page, content: str, wrong: list[str]) -> None:
    drawn.set_content(content)
    assert complaints(drawn) == wrong


def test_code_that_does_not_compile_is_said(drawn: Page) -> None:
    drawn.set_content('<h1>One</h1><code class="language-python">x = (</code>')
    (said,) = complaints(drawn)
    assert said.startswith("code that does not compile")


def test_a_page_with_fewer_kinds_of_controls_is_a_finding(drawn: Page) -> None:
    drawn.set_content("<h1>Home</h1><aside><div data-testid=stButtonGroup><button>a</button></div>")
    assert offered(drawn) == {"pill": [(0, "a")]}
    assert missing("home", offered(drawn)) == ["no inner on home", "no link on home"]


SETTINGS = """
<div data-testid="stTextInput"><label data-testid="stWidgetLabel">Text</label>
<input value="{value}"></div>
"""


def test_another_setting_at_the_same_address_is_a_finding(browser: Browser, drawn: Page) -> None:
    app = "<h1>App</h1><div data-testid=stApp data-test-script-state=notRunning"
    app += " data-test-connection-state=CONNECTED></div>"
    served = iter(("cat", "dog"))

    def answer(route):
        route.fulfill(body=app + SETTINGS.format(value=next(served)), content_type="text/html")

    other = drawn.context.new_page()
    drawn.context.route("**/*", answer)
    drawn.goto("http://app.test/")
    assert otherwise(drawn, other) == ["address: TextInput Text is 'cat' here, 'dog' elsewhere"]


def _npz() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("a.npy", b"none")
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "right"),
    [
        ("a.csv", b"x,y\n1,2\n", True),
        ("a.csv", b'x,y\n"1\n2",2\n', True),
        ("a.csv", b"x,y\n1,2,3\n", False),
        ("a.csv", b"", False),
        ("a.py", b"x = 1\n", True),
        ("a.py", b"x = (\n", False),
        ("a.json", b"{}", True),
        ("a.json", b"{", False),
        ("a.png", b"\x89PNG\r\n\x1a\n", False),
        ("a.npz", _npz(), False),
        ("a.exe", b"MZ", False),
    ],
)
def test_downloads_are_read(tmp_path: Path, name: str, content: bytes, right: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert (complaint(tmp_path / name) is None) == right


def test_a_whole_picture_is_read(drawn: Page, tmp_path: Path) -> None:
    drawn.set_content(CANVAS.replace("SECOND", "true"))
    file = tmp_path / "a.png"
    content = drawn.screenshot(path=file)
    assert complaint(file) is None
    file.write_bytes(content[:-20])
    assert complaint(file) is not None


def test_what_scripts_and_the_server_say_is_heard(
    browser: Browser, host: Host, app_url: str
) -> None:
    walker = Walker(browser, Elsewhere(app_url))
    step = {"do": "open", "view": "home", "asked": [], "theme": "light", "width": 1280}
    assert walker.take(step) == []
    walker.reader.page.evaluate("setTimeout(() => { throw new Error('lost') })")
    wrong = walker.take({"do": "switch"})
    assert [said for said in wrong if said.startswith("script: ")]
    walker.reader.close()
