"""Who is here: how many sessions the server can hold, and how long it keeps what a tab has left."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit import runtime
from streamlit.runtime.session_manager import SessionManager

WAIT = 30.0  # seconds for which a session waits for a tab that lost its connection
SWEEP = 5.0  # seconds between two looks

# File descriptors: a tab has a web socket, and its session an event loop, of three. Spare are files
# and the connections by which pages come.
A_TAB, A_SESSION, SPARE = 4, 3, 256
RETURNING = 32  # tabs more than there is room for: readers who had lost their connection


class Sessions:
    """The sessions of this server. Its methods are called in the thread of the server's loop.

    most: tabs at once. descriptors: how many the process may have open, None where nothing counts
    them.
    """

    def __init__(self, most: int, descriptors: int | None) -> None:
        self.most, self.descriptors = most, descriptors
        self.tabs = 0
        self._left: dict[str, float] = {}  # sessions without a tab → since when, in seconds

    def room(self, tabs: int = 1) -> bool:
        """Whether so many more tabs fit in."""
        if self.tabs + tabs > self.most:
            return False
        without = max(0, len(_manager().list_sessions()) - self.tabs)
        needed = A_TAB * (self.tabs + tabs) + A_SESSION * without + SPARE
        return self.descriptors is None or needed <= self.descriptors

    def room_for_a_page(self) -> bool:
        """Whether a page may be opened, so that its tab can come as well."""
        return self.room(1)

    def room_for_a_tab(self) -> bool:
        """Whether a tab may come, or come back."""
        return self.room(1 - RETURNING)

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a tab as long as its web socket is open."""
        self.tabs += 1
        try:
            yield
        finally:
            self.tabs -= 1

    async def sweep(self) -> None:
        """Close, for ever, each session whose tab has been gone for `WAIT` seconds. Streamlit
        itself lets such a session go only when another one loses its tab."""
        while True:
            await asyncio.sleep(SWEEP)
            manager, now = _manager(), time.monotonic()
            identities = (info.session.id for info in manager.list_sessions())
            self._left = {
                identity: self._left.get(identity, now)
                for identity in identities
                if not manager.is_active_session(identity)
            }
            for identity, since in self._left.items():
                if now - since >= WAIT:
                    runtime.get_instance().close_session(identity)


def _manager() -> SessionManager:
    """Who in Streamlit knows its sessions, those without a tab too."""
    return runtime.get_instance()._session_mgr
