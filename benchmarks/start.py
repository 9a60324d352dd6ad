"""From starting the server to the first picture: `python -m benchmarks.start`.

A fresh server, a reader who opens the attention lab as soon as it answers (MiniLM is then loaded
for the first time), and one who comes when it is warm, in a browser with an empty cache. What the
browser fetches is counted by the browser.
"""

import sys
import time
from statistics import median

from playwright.sync_api import Browser, Response, sync_playwright

from tests import chromium
from tests.server import serving

ROUNDS = 3
PICTURE = ".viewer[data-drawn]"  # the focused head and the atlas carry it once they are painted


def open_lab(browser: Browser, url: str) -> tuple[float, float, int]:
    """Seconds to the painted picture, and the bytes and the number of the files fetched."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    fetched: list[Response] = []
    page.on("response", lambda response: fetched.append(response))
    began = time.perf_counter()
    page.goto(f"{url}/lab")
    page.locator(PICTURE).first.wait_for(timeout=120_000)
    took = time.perf_counter() - began
    sizes = [response.request.sizes()["responseBodySize"] for response in fetched if response.ok]
    page.context.close()
    return took, sum(sizes), len(sizes)


def main() -> None:
    """Start, open, print."""
    path = chromium.executable()
    if path is None:
        sys.exit("No Chromium found")
    starts, first, warm, weight = [], [], [], (0.0, 0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(chromium.ARGUMENTS), timeout=60_000
        )
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with serving("ui.serve") as url:
                starts.append(time.perf_counter() - began)
                first.append(open_lab(browser, url)[0])
                took, size, count = open_lab(browser, url)
                warm.append(took)
                weight = size, count
        browser.close()
    print(f"| attention lab, median of {ROUNDS} | |")
    print("|---|---|")
    print(f"| the server answers after | {median(starts):.1f} s |")
    print(f"| its first reader sees the picture, MiniLM loaded, after | {median(first):.1f} s |")
    print(f"| a reader of a warm server, with an empty cache, after | {median(warm):.1f} s |")
    print(f"| what the browser fetches | {weight[0] / 1e6:.1f} MB in {weight[1]} files |")


if __name__ == "__main__":
    main()
