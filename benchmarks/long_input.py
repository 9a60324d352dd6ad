"""Long texts in a real browser: time, memory, bytes received: `python -m benchmarks.long_input`.

SmolLM2 at 2,048 tokens: from the press of a key to the painted head and atlas of all 270 heads,
then coming closer, moving on, another head. Memory is the server's: its peak over what it held
with the model loaded and a short text read. MiniLM at 512 tokens: from a click to the painted head
and atlas.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.viewer.__main__ import Wire
from model import load
from tests import chromium
from tests.chromium import settled, visit
from tests.server import Server, server

ENGLISH = Path("experiments/samples/english.txt")
LONG, SHORT = 2048, 512
ROUNDS = 5
MEGABYTE = 2**20

# BertViz 1.4, model view of MiniLM (72 heads), measured in Chromium on two cores.
PEER = "| BertViz 1.4, all 72 heads of MiniLM at 128 tokens | 66 s | | 53 MB, 1.2 M DOM nodes |"

# From a click on a switch to the frame after both pictures show something else.
CLICK = """async (switched) => {
    const inside = (root) => root.querySelector(".viewer canvas")
        ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && inside(e.shadowRoot))
            .find(Boolean);
    const shown = () => ["viewer", "all_heads"].map((key) =>
        inside(document.querySelector(`.st-key-${key}`)).toDataURL());
    const frame = () => new Promise(requestAnimationFrame);
    const before = shown();
    const start = performance.now();
    document.querySelector(`.st-key-${switched} input`).click();
    while (shown().some((now, n) => now === before[n])) await frame();
    await frame();
    return performance.now() - start;
}"""


def of_length(model: str, tokens: int) -> str:
    """English of as many tokens for this model, its special tokens included, or one less."""
    tokenizer, text = load(model).tokenizer, ENGLISH.read_text("utf-8") * 3
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(tokenizer.encode(text[:middle])) <= tokens:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def memory(process: int, field: str) -> int:
    """Bytes of a process: VmRSS now, VmHWM at its peak."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[tuple[Page, Wire]]:
    """A page of its own, and what it receives."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    wire = Wire(page.context.new_cdp_session(page))
    visit(page, address)
    yield page, wire
    page.close()


def row(what: str, seconds: float, peak: int | None, received: int) -> None:
    memory_shown = "" if peak is None else f"{peak / MEGABYTE:.0f} MB"
    print(f"| {what} | {seconds:.1f} s | {memory_shown} | {received / 1e3:.0f} kB |", flush=True)


def long(browser: Browser, at: Server) -> None:
    """One text of 2,048 tokens and what a reader does with it, row by row."""
    process = at.process.pid
    with opened(browser, f"{at.url}/lab?model=smollm2&text=Short") as (page, wire):
        loaded, before = memory(process, "VmRSS"), wire.received

        def did(what: str, start: float) -> None:
            nonlocal before
            settled(page)
            peak = memory(process, "VmHWM") - loaded
            row(what, time.perf_counter() - start, peak, round(wire.received - before))
            before = wire.received

        box = page.locator("textarea").first
        box.fill(of_length("smollm2", LONG))
        start = time.perf_counter()
        box.press("Control+Enter")
        for key in ("tiles", "all_heads"):
            page.locator(f".st-key-{key} .viewer[data-drawn]").wait_for(timeout=300_000)
        did("SmolLM2, 2,048 tokens: a head in full, native and variant, and all 270", start)
        canvas = page.locator(".st-key-tiles canvas")
        for what, act in (
            ("closer: 128 × 128 cells", lambda: canvas.click(position={"x": 150, "y": 300})),
            ("moved on", lambda: page.mouse.wheel(0, 300)),
            ("another head", lambda: canvas.press("]")),
        ):
            drawn = page.locator(".st-key-tiles .viewer")
            count = drawn.get_attribute("data-drawn")
            start = time.perf_counter()
            act()
            page.wait_for_timeout(400)  # the viewer waits for a moment of quiet
            settled(page)
            assert drawn.get_attribute("data-drawn") != count
            did(what, start)


def short(browser: Browser, at: Server) -> None:
    """512 tokens on MiniLM: each click gives a variant that nobody has seen."""
    text = of_length("minilm", SHORT - 1)
    times, sizes = [], []
    for n in range(ROUNDS):
        address = f"{at.url}/lab?model=minilm&atlas=variant&text={quote(f'{n} {text}')}"
        with opened(browser, address) as (page, wire):
            before = wire.received
            times.append(page.evaluate(CLICK, "tied") / 1000)
            settled(page)
            sizes.append(wire.received - before)
    what = f"MiniLM, 512 tokens, a click on a switch: head and all 72, median of {ROUNDS}"
    row(what, statistics.median(times), None, round(statistics.median(sizes)))


def main() -> None:
    """Start the app and a browser, measure, print."""
    path = chromium.executable()
    if path is None:
        sys.exit("No Chromium found")
    print("| what | time | server's peak over the loaded model | received |")
    print("|---|---|---|---|")
    with (
        server("ui.serve", "--server.headless", "true") as at,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS), timeout=60_000
        )
        long(browser, at)
        short(browser, at)
        browser.close()
    print(PEER)


if __name__ == "__main__":
    main()
