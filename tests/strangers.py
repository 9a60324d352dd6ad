"""Asking a server what a browser would not ask: any host, origin, method, body and message."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.server import START_UP, apart

STREAM = "/_stcore/stream"


def ask(
    url: str,
    path: str = "/",
    *,
    method: str = "GET",
    host: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> tuple[int, dict[str, str], str]:
    """Status, headers (names in small letters) and text of an answer; `host` is sent as it is."""
    place = urlsplit(url)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {place.netloc if host is None else host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    sent = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body
    assert place.hostname is not None and place.port is not None
    with socket.create_connection((place.hostname, place.port), timeout=START_UP) as wire:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            wire.sendall(sent)
        answer = b""
        with suppress(ConnectionResetError):
            while more := wire.recv(65536):
                answer += more
    head, _, text = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    said = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
    return int(first.split()[1]), said, text.decode()


async def tab(
    url: str, *, host: str | None = None, origin: str | None = None, session: str = ""
) -> ClientConnection:
    """A web socket as a tab opens it, which may name the session that it had."""
    place = urlsplit(url)
    known = [Subprotocol("none"), Subprotocol(session)] if session else []
    return await connect(
        f"ws://{host or place.netloc}{STREAM}",
        host=place.hostname,
        port=place.port,
        subprotocols=[Subprotocol("streamlit"), *known],
        origin=None if origin is None else Origin(origin),
        compression=None,
        max_size=None,
        close_timeout=1,
    )


def knock(url: str, *, host: str | None = None, origin: str | None = None) -> int:
    """The status with which a web socket is answered: 101 where it opens."""

    async def try_once() -> int:
        try:
            async with await tab(url, host=host, origin=origin):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    return apart(try_once())


@contextmanager
def keeping_tabs(*urls: str) -> Iterator[None]:
    """Hold a tab open at each of these servers as long as the context lasts."""
    with ThreadPoolExecutor(1) as thread:  # of its own, see `apart`
        runner = asyncio.Runner()
        tabs = [thread.submit(runner.run, tab(url)).result() for url in urls]
        yield
        for one in tabs:
            thread.submit(runner.run, one.close()).result()
        thread.submit(runner.close).result()


def opening(page: str = "") -> BackMsg:
    """What a browser says when it opens a page."""
    message = BackMsg()
    message.rerun_script.page_name = page
    return message


async def answered(socket: ClientConnection) -> list[ForwardMsg]:
    """What comes until a run of the script has ended."""
    came: list[ForwardMsg] = []
    async with asyncio.timeout(60):
        while not came or came[-1].WhichOneof("type") != "script_finished":
            data = await socket.recv()
            assert isinstance(data, bytes)
            came.append(ForwardMsg.FromString(data))
    return came


async def session_of(socket: ClientConnection) -> str:
    """Open the page of a tab; its session."""
    await socket.send(opening().SerializeToString())
    (identity,) = {
        message.new_session.initialize.session_id
        for message in await answered(socket)
        if message.WhichOneof("type") == "new_session"
    }
    return identity


def forge(url: str, said: bytes | str, quiet: float = 1.0) -> int | None:
    """Say something over a web socket; the code with which it is closed, None where it stays open
    for so many seconds."""

    async def say() -> int | None:
        async with await tab(url) as socket:
            try:
                await socket.send(said)
                async with asyncio.timeout(quiet):
                    while True:
                        await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd is not None else 1006
            except TimeoutError:
                return None

    return apart(say())
