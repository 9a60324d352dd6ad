"""A server that comes back without its sessions: the reader's next move counts, on every kind of
control, in a fragment and outside."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.chromium import settled, visit
from tests.server import free_port, server

STATE = "data-test-connection-state"
BACK_WITHIN = 60_000  # ms: Streamlit's page waits longer between each two tries
Move = Callable[[Page], None]
Shown = Callable[[Page], object]


def says(page: Page, said: dict[str, str | None]) -> None:
    """Wait until the address says so; None: does not say it."""
    until = time.monotonic() + BACK_WITHIN / 1000
    while any(found(page).get(name) != value for name, value in said.items()):
        assert time.monotonic() < until, (said, page.url)
        page.wait_for_timeout(50)
    settled(page)


def found(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def control(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}")


def typed(key: str, text: str, then: str, *, within: str | None = None) -> Move:
    def move(page: Page) -> None:
        if within is not None:
            page.get_by_test_id("stMain").get_by_role("button", name=within).click()
        box = (
            control(page, key)
            .get_by_role("textbox")
            .or_(control(page, key).get_by_role("spinbutton"))
        )
        box.fill(text)
        box.press(then)

    return move


def value(key: str) -> Shown:
    return lambda page: control(page, key).locator("input, textarea").first.input_value()


def inner(key: str) -> Shown:
    return lambda page: control(page, key).inner_text()


def arrow(key: str) -> Move:
    def move(page: Page) -> None:
        control(page, key).get_by_role("slider").focus()
        page.keyboard.press("ArrowLeft")

    return move


def picked(key: str, option: str, within: str | None = None) -> Move:
    def move(page: Page) -> None:
        if within is not None:
            page.get_by_test_id("stMain").get_by_role("button", name=within).click()
        control(page, key).locator("input").click()
        page.get_by_role("option", name=option).first.click()

    return move


def pressed(key: str, name: str) -> Move:
    return lambda page: control(page, key).get_by_text(name).click()


def checked(key: str) -> Shown:
    return lambda page: control(page, key).locator("input").first.is_checked()


def marked(key: str) -> Shown:
    return lambda page: control(page, key).locator("[aria-checked=true]").all_inner_texts()


LAB = "/lab?model=bert-tiny&layer=1"
# The address, the move, what the control shows, that value after the move, and its parameter.
MOVES: dict[str, tuple[str, Move, Shown, object, dict[str, str | None]]] = {
    "toggle, in a fragment": (
        LAB, pressed("tied", "Tie W_K"), checked("tied"), True, {"tied": "true"},
    ),
    "text area": (
        LAB, typed("text", "A new text.", "Control+Enter"), value("text"), "A new text.",
        {"text": "A new text."},
    ),
    "select box": (LAB, picked("model", "MiniLM"), value("model"), None, {"model": None}),
    "select box, in a popover in a fragment": (
        LAB, picked("mask", "causal", "Mask"), value("mask"), "causal", {"mask": "causal"},
    ),
    "number input, in a popover in a fragment": (
        LAB, typed("offset", "3", "Enter", within="Positions"), value("offset"), "3",
        {"offset": "3"},
    ),
    "multiselect, in a popover in a fragment": (
        LAB, picked("layers", "0", "Layers, heads"), inner("layers"), None, {"layers": "0"},
    ),
    "segmented control, in a fragment": (
        LAB, pressed("section", "All heads in numbers"), marked("section"),
        ["All heads in numbers"], {"section": "evidence"},
    ),
    "pills, which take an example": (
        "/lab", pressed("example", "Fill the gap"), value("text"),
        "The capital of France is [MASK] .", {"model": "bert-tiny"},
    ),
    "text input": (
        "/heads?model=bert-tiny", typed("text", "A new text.", "Enter"), value("text"),
        "A new text.", {"text": "A new text."},
    ),
    "select slider": (
        "/scores?model=bert-tiny&head=1", arrow("head"), inner("head"), None, {"head": "0"},
    ),
    "slider, in a fragment": (LAB, arrow("layer"), inner("layer"), None, {"layer": "0"}),
    "question": (
        "/positions?q=8&model=bert-tiny", pressed("q", "Q10"), marked("q"), None, {"q": "10"},
    ),
}  # fmt: skip


@contextmanager
def restarting(port: int) -> Iterator[Callable[[Page], None]]:
    """A server, and a function that ends it as if it had died and starts it anew."""
    with ExitStack() as running:
        started = running.enter_context(server("ui.serve", port=port))

        def restart(page: Page) -> None:
            nonlocal started
            app = page.get_by_test_id("stApp")
            started.process.kill()
            started.process.wait()
            expect(app).not_to_have_attribute(STATE, "CONNECTED")
            started = running.enter_context(server("ui.serve", port=port))
            expect(app).to_have_attribute(STATE, "CONNECTED", timeout=BACK_WITHIN)

        yield restart


def test_the_first_move_after_a_restart_counts(browser: Browser) -> None:
    port = free_port()
    with restarting(port) as restart:
        for kind, (address, move, shown, expected, said) in MOVES.items():
            context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
            page = context.new_page()
            visit(page, address)
            restart(page)
            move(page)
            says(page, said)
            assert expected is None or shown(page) == expected, kind
            expect(page.get_by_test_id("stException")).to_have_count(0)
            after = shown(page)
            page.reload()
            settled(page)
            if "popover" not in kind:
                assert shown(page) == after, kind  # what is computed is what the control shows
            context.close()


@pytest.mark.parametrize("key", ["tied", "scaled"])
def test_the_second_press_after_a_restart_counts_too(browser: Browser, key: str) -> None:
    port = free_port()
    with restarting(port) as restart:
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        page = context.new_page()
        visit(page, LAB)
        before = checked(key)(page)
        restart(page)
        switch = control(page, key).locator("label").first
        for expected in (not before, before):
            switch.click()
            said = {key: None if expected is before else str(expected).lower()}
            says(page, said)
            assert checked(key)(page) is expected
        context.close()
