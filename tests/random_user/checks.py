"""What has to be right after every step."""

import ast
import os
import re
from typing import Any

from playwright.sync_api import Error, Page

from tests.random_user.controls import SHOWS, Offered

SETTLES = 20_000  # ms, on a machine that has nothing else to do

# Milliseconds until nothing has happened for 300 ms, or null where that does not come in time.
_RESTS = """
limit => new Promise(resolve => {
  const began = performance.now();
  let since = null;
  const look = () => {
    const app = document.querySelector("[data-testid=stApp]");
    const rests = app?.dataset.testScriptState === "notRunning"
      && app.dataset.testConnectionState === "CONNECTED"
      && !document.querySelector("[data-stale=true], [data-testid=stSkeleton]");
    const now = performance.now();
    since = rests ? since ?? now : null;
    if (since !== null && now - since > 300) resolve(now - began);
    else if (now - began > limit) resolve(null);
    else setTimeout(look, 20);
  };
  look();
})
"""
# A picture on which every point has one colour, or none at all.
_BLANK = """
canvases => canvases.map((canvas, number) => {
  const box = canvas.getBoundingClientRect();
  if (!canvas.checkVisibility()) return "";
  if (box.width < 4 || box.height < 4) return `${number} has no size`;
  const points = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  if (!points) return "";
  const words = new Uint32Array(points.buffer);
  return words.some((word) => word !== words[0]) ? "" : `${number} has one colour`;
}).filter(Boolean)
"""
_EMPTY = """
charts => charts.map((chart, number) => {
  if (!chart.checkVisibility()) return "";
  const drawn = chart.querySelectorAll(".overplot :is(path, image, text, rect)").length;
  const said = chart.querySelector(".infolayer .annotation");
  return drawn || said ? "" : `${number} shows nothing`;
}).filter(Boolean)
"""
LONG_WORK = re.compile("^(Stop|停止)$")


def busy() -> float:
    """How much longer everything takes here than on a machine of our own: what runs or waits for a
    core, by the cores."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def rest(page: Page) -> float | None:
    """Seconds until the page rests; None where it does not in time."""
    took = page.evaluate(_RESTS, SETTLES * busy())
    return None if took is None else took / 1000


def long_work(page: Page) -> bool:
    """Whether the page says that work goes on and how it is stopped."""
    progress = page.locator("[data-testid=stProgress]").count()
    return bool(progress or page.get_by_role("button", name=LONG_WORK).count())


def complaints(page: Page) -> list[str]:
    """What is wrong with a page at rest."""
    boxes = page.locator("[data-testid=stException]").all_inner_texts()
    found = [f"exception box: {' '.join(box.split())[:300]}" for box in boxes]
    titles = page.locator("h1").count()
    if titles != 1:
        found.append(f"{titles} titles")
    dialogs = page.locator("[data-testid=stDialog]").all_inner_texts()
    found += [f"dialog: {dialog[:200]}" for dialog in dialogs]
    for code in page.locator("code.language-python").all_inner_texts():
        try:
            ast.parse(code)
        except (SyntaxError, ValueError) as error:
            found.append(f"code that does not compile: {error}")
    return found


def blanks(page: Page) -> list[str]:
    """The pictures on which there is nothing. A picture that has just come is drawn a little later,
    so it is looked at again."""
    found: list[str] = []
    for _ in range(4):
        canvases = page.locator("[data-testid=stBidiComponentIsolated] canvas")
        charts = page.locator("[data-testid=stPlotlyChart]")
        found = [f"blank canvas: {said}" for said in canvases.evaluate_all(_BLANK)]
        found += [f"blank chart: {said}" for said in charts.evaluate_all(_EMPTY)]
        if not found:
            return []
        page.wait_for_timeout(700)
    return found


def missing(view: str, found: Offered) -> list[str]:
    """The kinds of controls that a page as it comes should offer and does not."""
    lost = SHOWS[view] - set(found)
    return [f"no {kind} on {view}" for kind in sorted(lost)]


# Every control and what it is set to.
_SETTINGS = """
() => {
  const seen = {};
  const put = (kind, element, value) => {
    if (element.closest("[data-testid=stPopoverBody]")) return; // closed in a page just opened
    const label = element.querySelector("[data-testid=stWidgetLabel]")?.innerText ?? "";
    let name = `${kind} ${label.trim()}`;
    for (let more = 2; name in seen; more++) name = `${kind} ${label.trim()} (${more})`;
    seen[name] = value;
  };
  const every = (id, read) => {
    for (const element of document.querySelectorAll(`[data-testid=${id}]`)) {
      put(id.slice(2), element, read(element));
    }
  };
  const all = (element, selector, read) => [...element.querySelectorAll(selector)].map(read);
  const value = (element) => element.querySelector("input, textarea").value;
  const chosen = ":is([aria-checked=true], [aria-pressed=true], [data-selected=true])";
  every("stTextInput", value);
  every("stTextArea", value);
  every("stNumberInput", value);
  every("stSelectbox", value);
  every("stMultiSelect", (e) => all(e, "[data-tag]", (tag) => tag.ariaLabel).join("|"));
  every("stCheckbox", (e) => String(e.querySelector("input").checked));
  every("stButtonGroup", (e) => all(e, `button${chosen}`, (one) => one.innerText).join("|"));
  every("stSlider", (e) => all(e, "input[type=range]", (one) => one.ariaValueText).join(".."));
  return seen;
}
"""


def settings(page: Page) -> dict[str, Any]:
    """What every control of a page is set to, by its name."""
    return page.evaluate(_SETTINGS)


def otherwise(page: Page, fresh: Page) -> list[str]:
    """The controls that the page's own address, opened by somebody else, sets otherwise."""
    here = settings(page)
    try:
        fresh.goto(page.url, wait_until="domcontentloaded", timeout=SETTLES * busy())
        fresh.wait_for_selector("h1", timeout=SETTLES * busy())
    except Error as error:
        return [f"address cannot be opened ({len(page.url)} letters): {error}"[:300]]
    if rest(fresh) is None:
        return []
    there = settings(fresh)
    return [
        f"address: {name} is {here.get(name)!r:.80} here, {there.get(name)!r:.80} elsewhere"
        for name in here | there
        if here.get(name) != there.get(name)
    ]
