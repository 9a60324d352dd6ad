"""How many tabs a server holds, and how long it keeps what one has left."""

import asyncio
import re
import time
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import ClientConnection

from tests.server import Server, apart, server
from tests.strangers import ask, knock, session_of, tab
from ui import sessions
from ui.sessions import A_SESSION, A_TAB, RETURNING, SPARE, WAIT, Sessions

GONE_WITHIN = 60  # seconds after its tab


class Manager:
    """As Streamlit's: sessions with a tab, and those without."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.left: set[str] = set()

    def list_sessions(self) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(session=SimpleNamespace(id=one))
            for one in sorted(self.active | self.left)
        ]


def held(monkeypatch: pytest.MonkeyPatch, tabs: int, left: int, **bounds: int | None) -> Sessions:
    manager = Manager()
    manager.active = {f"a{number}" for number in range(tabs)}
    manager.left = {f"l{number}" for number in range(left)}
    monkeypatch.setattr(sessions, "_manager", lambda: manager)
    counted = Sessions(**{"most": 1000, "descriptors": None, **bounds})  # type: ignore[arg-type]
    counted.tabs = tabs
    return counted


def test_the_setting_bounds_the_tabs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert held(monkeypatch, 4, 50, most=5).room_for_a_page()
    assert not held(monkeypatch, 5, 0, most=5).room_for_a_page()
    # who comes back after a broken connection is let in beyond the bound
    assert held(monkeypatch, 5 + RETURNING - 2, 0, most=5).room_for_a_tab()
    assert not held(monkeypatch, 5 + RETURNING, 0, most=5).room_for_a_tab()


def test_the_descriptors_bound_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = SPARE + 10 * A_TAB
    assert held(monkeypatch, 9, 0, descriptors=limit).room_for_a_page()
    assert not held(monkeypatch, 10, 0, descriptors=limit).room_for_a_page()
    # those that wait for their tab hold some of them
    assert not held(monkeypatch, 9, 1, descriptors=limit).room_for_a_page()
    assert held(monkeypatch, 8, 1, descriptors=limit).room_for_a_page()
    assert held(monkeypatch, 800, 0, descriptors=4096).room_for_a_page()
    assert A_SESSION < A_TAB


def test_a_server_that_is_full_says_so_in_one_sentence_a_language() -> None:
    async def fill(running: Server) -> None:
        tabs = [await tab(running.url) for _ in range(3)]
        status, headers, said = ask(running.url, "/lab")
        assert status == 503
        assert headers["retry-after"] == headers["refresh"] == "30"
        english, chinese = said.split("\n")
        assert english.count(".") == 2 and re.search("[一-鿿]", chinese)
        # what a reader who is in needs goes on
        assert ask(running.url, "/_stcore/health")[0] == 200
        assert await asyncio.to_thread(knock, running.url) == 101
        await tabs.pop().close()
        assert ask(running.url, "/lab")[0] == 200
        for one in tabs:
            await one.close()

    with server("ui.serve", "--most-sessions", "3") as running:
        apart(fill(running))


def test_a_server_takes_the_descriptors_it_may_have_and_no_more() -> None:
    """Of 512, of which it starts with 128, it gives (512 - 256) / 4 = 64 tabs a page; their
    sessions are closed within a minute, and their descriptors with them."""

    async def fill(running: Server) -> None:
        before = running.descriptors()
        tabs: list[ClientConnection] = []
        while ask(running.url)[0] == 200:
            tabs.append(await tab(running.url))
            assert len(tabs) <= 64
        assert len(tabs) == 64
        assert running.descriptors() <= before + A_TAB * len(tabs) + 8
        began = time.monotonic()
        for one in tabs:
            await one.close()
        while running.descriptors() > before + 8:
            assert time.monotonic() - began < GONE_WITHIN, running.descriptors()
            await asyncio.sleep(1)
        assert ask(running.url)[0] == 200

    with server("ui.serve", descriptors=512) as running:
        apart(fill(running))
        assert [line for line in running.said() if "Error" in line or "error" in line] == []


def test_who_comes_back_in_time_finds_the_session_again() -> None:
    async def leave_and_come_back(url: str) -> None:
        async with await tab(url) as first:
            identity = await session_of(first)
        await asyncio.sleep(WAIT / 3)
        async with await tab(url, session=identity) as second:
            assert await session_of(second) == identity

    with server("ui.serve") as running:
        apart(leave_and_come_back(running.url))
