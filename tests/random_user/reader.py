"""A reader in a browser of its own, who does a step."""

import re
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response

from tests.chromium import until
from tests.conftest import PROBE
from tests.random_user.checks import busy
from tests.random_user.controls import control
from tests.random_user.downloads import complaint
from tests.random_user.host import Host
from tests.random_user.steps import Step

PATIENCE = 2500  # ms that a control may take to be ready for a click
ARRIVAL = 20_000  # ms until a page is there
BACK_WITHIN = 60  # seconds until the page has found its server again
MAIN = "[data-testid=stMain]"
CONNECTED = (
    "document.querySelector('[data-testid=stApp]')?.dataset.testConnectionState === 'CONNECTED'"
)

# What the browser itself writes into its console, whatever a page does: a request that did not
# come to an end since the page was left.
NOISE = re.compile(r"net::ERR_(ABORTED|CONNECTION_REFUSED|NETWORK_CHANGED)|WebSocket connection to")
# Without a picker of files what is saved is downloaded, and can be read here.
NO_PICKER = "delete window.showSaveFilePicker"


class NotPossible(Exception):
    """The page does not offer what the step asks for, or not now."""


class Reader:
    """Up to two tabs of one browser context, and what has gone wrong in them."""

    def __init__(self, browser: Browser, host: Host) -> None:
        self._browser, self._host = browser, host
        self._context: BrowserContext | None = None
        self._tabs: list[Page] = []
        self.heard: list[str] = []

    @property
    def page(self) -> Page:
        """The tab that the reader looks at."""
        return self._tabs[-1]

    def close(self) -> None:
        if self._context is not None:
            self._context.close()

    def do(self, step: Step) -> None:
        """Do one step. Raises NotPossible where the page does not let it be done."""
        what = step["do"]
        try:
            getattr(self, f"_{what}", self._use)(step)
        except Error as error:
            raise NotPossible(str(error).partition("\n")[0]) from error

    def complaints(self) -> list[str]:
        """What the pages' own scripts have complained of since the last call."""
        heard, self.heard = self.heard, []
        return heard

    # ---- where one goes

    def _open(self, step: Step) -> None:
        """Another reader comes."""
        self.close()
        self._context = self._browser.new_context(
            base_url=self._host.url,
            viewport={"width": step["width"], "height": 900},
            color_scheme=step["theme"],
        )
        self._context.add_init_script(NO_PICKER)
        self._tabs = []
        self._new_tab()
        path, _, asked = step["view"].partition("?")
        parameters = "&".join(part for part in (asked, *step["asked"]) if part)
        self._arrive(f"/{path.removeprefix('home')}?{parameters}")

    def _address(self, step: Step) -> None:
        sign = "&" if "?" in self.page.url else "?"
        self._arrive(f"{self.page.url}{sign}{step['parameter']}")

    def _reload(self, _step: Step) -> None:
        self.page.reload(wait_until="domcontentloaded", timeout=ARRIVAL * busy())

    def _back(self, _step: Step) -> None:
        self.page.go_back(wait_until="commit", timeout=ARRIVAL * busy())
        if self.page.url == "about:blank":  # before the first page
            self.page.go_forward(wait_until="commit", timeout=ARRIVAL * busy())

    def _forward(self, _step: Step) -> None:
        self.page.go_forward(wait_until="commit", timeout=ARRIVAL * busy())

    def _tab(self, _step: Step) -> None:
        address = self.page.url
        if len(self._tabs) > 1:
            self._tabs.pop(0).close()
        self._new_tab()
        self._arrive(address)

    def _switch(self, _step: Step) -> None:
        self._tabs.reverse()
        self.page.bring_to_front()

    def _arrive(self, address: str) -> None:
        self.page.goto(address, wait_until="domcontentloaded", timeout=ARRIVAL * busy())
        self.page.wait_for_selector(MAIN, timeout=ARRIVAL * busy())

    def _new_tab(self) -> None:
        assert self._context is not None
        page = self._context.new_page()
        page.set_default_timeout(PATIENCE * busy())
        page.on("dialog", self._dismiss)
        page.on("pageerror", lambda error: self.heard.append(f"script: {error}"[:300]))
        page.on("console", self._hear)
        page.on("response", self._answered)
        page.on("request", lambda request: self._asked(request.url))
        self._tabs.append(page)

    def _dismiss(self, dialog: Any) -> None:
        self.heard.append(f"dialog: {dialog.message}"[:300])
        dialog.dismiss()

    def _hear(self, said: ConsoleMessage) -> None:
        place = said.location["url"]
        if said.type == "error" and not PROBE.search(place) and not NOISE.search(said.text):
            self.heard.append(f"console: {said.text} {place}"[:300])

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not PROBE.search(response.url):
            self.heard.append(f"answer {response.status}: {response.url}"[:300])

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self._host.url}/", "data:", "blob:")):
            self.heard.append(f"asked another host: {url}"[:300])

    # ---- the server

    def _restart(self, _step: Step) -> None:
        before = len(self.heard)
        if not self._host.restart():
            raise NotPossible("not our server")
        for page in self._tabs:
            until(page, CONNECTED, timeout=BACK_WITHIN * busy())
        del self.heard[before:]  # that there is no server

    def _model(self, step: Step) -> None:
        if "which" not in step or not self._host.put(step["which"], step["there"]):
            raise NotPossible("not our folder of models")

    # ---- controls

    def _use(self, step: Step) -> None:
        """Click a control, as often as the step says."""
        at = control(self.page, step["do"], step["number"])
        for _ in range(step.get("times", 1) - 1):
            at.click()
            self.page.wait_for_timeout(step["apart"])
        at.click()

    def _slider(self, step: Step) -> None:
        control(self.page, "slider", step["number"]).focus()
        for key in step["keys"]:
            self.page.keyboard.press(key)

    def _text(self, step: Step) -> None:
        control(self.page, step["do"], step["number"]).fill(step["value"])
        self.page.keyboard.press(step["end"])

    _number = _text

    def _select(self, step: Step) -> None:
        control(self.page, step["do"], step["number"]).click()
        self.page.wait_for_timeout(150)
        options = self.page.locator("[role=option]")
        count = options.count()
        if count:
            options.nth(step["option"] % count).click()
        self.page.keyboard.press("Escape")

    _multi = _select

    def _canvas(self, step: Step) -> None:
        at = control(self.page, step["do"], step["number"])
        at.scroll_into_view_if_needed()
        box = at.bounding_box()
        if box is None:
            raise NotPossible("not to be seen")
        x, y = box["x"] + step["x"] * box["width"], box["y"] + step["y"] * box["height"]
        mouse = self.page.mouse
        mouse.move(x, y)
        if step["how"] == "drag":
            mouse.down()
            mouse.move(x + 40, y + 25, steps=3)
            mouse.up()
        elif step["how"] == "wheel":
            mouse.wheel(0, step["by"])
        else:
            mouse.click(x, y, click_count=2 if step["how"] == "double" else 1)
        for key in step.get("keys", ()):
            self.page.keyboard.press(key)

    _figure = _table = _canvas

    def _toolbar(self, step: Step) -> None:
        """A button of a table, which shows when one points at the table."""
        at = control(self.page, "toolbar", step["number"])
        if step["name"] in ("Download as CSV",):
            self._download(step)
        else:
            at.click(force=True)
            self.page.wait_for_timeout(300)
            self.page.keyboard.press("Escape")

    def _download(self, step: Step) -> None:
        """Take a file away and read it."""
        with self.page.expect_download(timeout=ARRIVAL * busy()) as coming:
            control(self.page, step["do"], step["number"]).click(force=step["do"] == "toolbar")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(coming.value.suggested_filename).name
            coming.value.save_as(path)
            wrong = complaint(path)
        if wrong:
            self.heard.append(f"download {path.name}: {wrong}")

    _picture = _download
