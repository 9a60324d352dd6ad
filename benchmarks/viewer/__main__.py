"""Measure in one run, in a real browser: `python -m benchmarks.viewer`.

From a press of a button to the picture on the screen: a bare rerun of the fragment that only
writes a line of text, the canvas viewer (one head, native, variant, difference), and the same three
matrices as Plotly heatmaps. Then a head switched inside the viewer. All figures are medians; the
ratios to the bare rerun carry over to other machines, the milliseconds do not.
"""

import statistics
import sys

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests import chromium
from tests.server import serving

LENGTHS = (16, 128, 512)
SWITCHED = (16, 128)  # lengths at which all heads travel together
ROUNDS = 9

PICTURES = {
    "bare": "[data-testid=stText]",
    "canvas": ".viewer[data-drawn]",
    "plotly": ".gtitle",
}

# Press, and wait until what says "this is the new picture" has changed and been painted.
PRESS = """async (what) => {
    const find = (root, selector) => root.querySelector(selector)
        ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot, selector))
            .find(Boolean);
    const state = {
        bare: () => find(document, "[data-testid=stText]")?.textContent,
        canvas: () => find(document, ".viewer")?.dataset.drawn,
        plotly: () => find(document, ".gtitle")?.textContent,
    }[what];
    const frame = () => new Promise(requestAnimationFrame);
    const before = state();
    const start = performance.now();
    find(document, "[data-testid=stButton] button").click();
    while (state() === before || state() === undefined) await frame();
    await frame();
    return performance.now() - start;
}"""

SWITCH = """async () => {
    const find = (root) => root.querySelector(".viewer canvas")
        ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot))
            .find(Boolean);
    const canvas = find(document);
    const start = performance.now();
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "]", cancelable: true }));
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


class Wire:
    """Bytes that came over the page's web socket."""

    def __init__(self, session: CDPSession) -> None:
        self.received = 0
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event: dict) -> None:
        # Binary frames arrive as base64.
        self.received += len(event["response"]["payloadData"]) * 3 // 4


def measure(page: Page, wire: Wire, what: str) -> tuple[float, float]:
    """Median milliseconds and bytes of one press; the first two warm up."""
    times, sizes = [], []
    for _ in range(ROUNDS + 2):
        before = wire.received
        times.append(page.evaluate(PRESS, what))
        page.wait_for_timeout(250)
        sizes.append(wire.received - before)
    return statistics.median(times[2:]), statistics.median(sizes[2:])


def run(browser: Browser, url: str) -> None:
    """Measure and print, row by row."""
    print("| tokens | picture | ms | × bare rerun | kB received |")
    print("|---|---|---|---|---|")
    for tokens in LENGTHS:
        bare = 0.0

        def row(what: str, took: float, size: float, bare: float, tokens: int = tokens) -> None:
            ratio = took / bare
            print(
                f"| {tokens} | {what} | {took:.0f} | {ratio:.2f} | {size / 1e3:.1f} |", flush=True
            )

        for what in ("bare", "canvas", "plotly"):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            wire = Wire(page.context.new_cdp_session(page))
            page.goto(f"{url}/?what={what}&tokens={tokens}")
            page.get_by_role("button", name="Next").wait_for(timeout=60_000)
            page.locator(PICTURES[what]).first.wait_for(timeout=60_000)
            took, size = measure(page, wire, what)
            bare = took if what == "bare" else bare
            row(what, took, size, bare)
            if what == "canvas" and tokens in SWITCHED:
                switches = []
                for _ in range(ROUNDS):
                    switches.append(page.evaluate(SWITCH))
                    page.wait_for_timeout(400)
                row("canvas, head switched", statistics.median(switches), 0, bare)
            page.close()


def main() -> None:
    """Start the page and a browser, measure, print."""
    path = chromium.executable()
    if path is None:
        sys.exit("No Chromium found")
    page = "benchmarks/viewer/page.py"
    with (
        serving("streamlit", "run", page, "--server.headless", "true") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS), timeout=60_000
        )
        run(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
