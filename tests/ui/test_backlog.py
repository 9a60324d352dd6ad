"""What waits for a browser that does not read is bounded in bytes."""

import asyncio
from contextlib import suppress

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.session_manager import SessionClientDisconnectedError
from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient

from tests.server import apart
from ui import backlog
from ui.backlog import MOST, Backlog


def test_messages_come_out_as_they_went_in() -> None:
    waiting = Backlog(10, most=100)
    for size in (10, 50, 40):
        waiting.put_nowait(bytes(size))
    assert waiting.bytes == 100
    assert [len(waiting.get_nowait()) for _ in range(3)] == [10, 50, 40]
    assert waiting.bytes == 0 and waiting.empty()


def test_too_many_bytes_are_dropped_with_all_that_waits() -> None:
    waiting = Backlog(10, most=100)
    waiting.put_nowait(bytes(60))
    with pytest.raises(asyncio.QueueFull):
        waiting.put_nowait(bytes(41))
    assert waiting.empty() and waiting.bytes == 0


def test_one_large_message_passes() -> None:
    waiting = Backlog(10, most=100)
    waiting.put_nowait(bytes(1000))
    assert len(waiting.get_nowait()) == 1000


def test_too_many_messages_are_dropped_too() -> None:
    waiting = Backlog(2)
    for _ in range(2):
        waiting.put_nowait(b"x")
    with pytest.raises(asyncio.QueueFull):
        waiting.put_nowait(b"x")
    assert waiting.empty()


class Deaf:
    """A web socket whose client reads nothing."""

    def __init__(self) -> None:
        self.scope = {"client": None}
        self.headers: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        self.client = None

    async def send_bytes(self, _payload: bytes) -> None:
        await asyncio.Event().wait()


def test_streamlit_takes_a_deaf_client_for_gone_and_holds_nothing_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against Streamlit's own client: what it calls its queue, and when it asks for it."""
    monkeypatch.setattr(StarletteSessionClient, "__init__", StarletteSessionClient.__init__)
    backlog.bound()

    async def write() -> tuple[int, int]:
        client = StarletteSessionClient(Deaf())  # type: ignore[arg-type]
        await asyncio.sleep(0)
        message, sent = ForwardMsg(), 0
        message.delta.new_element.markdown.body = "x" * 2**20
        while not client._closed.is_set() and sent < 100:
            with suppress(SessionClientDisconnectedError):
                client.write_forward_msg(message)
                sent += 1
            await asyncio.sleep(0)
        left = client._send_queue.qsize()
        await client.aclose()
        return sent, left

    sent, left = apart(write())
    assert MOST / 2**20 - 1 <= sent <= MOST / 2**20 + 1 and left == 0
