"""What a stranger may ask of the server: everything that comes in from outside passes here first.

Open is what a page in a browser needs, for whoever comes under a name of the server's own. All the
rest of Streamlit's addresses, every other method and every body are refused, and each refusal is a
sentence in every language of the app.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.i18n import N_, everywhere
from ui.messages import Messages
from ui.policy import headers
from ui.sessions import Sessions

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SOCKET = "_stcore/stream"
# Files of Streamlit's page in the browser, files made for download, and what that page asks first.
FILES = re.compile(r"(static|media)/.+|favicon\.png|_stcore/(health|host-config)")
# A page's address is one word; a word that is no page's gets the app, which says so.
PAGE = re.compile(r"(?!component$|auth$|oauth2callback$|app$|media$|static$|_)[^/.]*")

FOREIGN_HOST = N_(
    "This server does not answer to the name in this address. If it should, whoever runs it starts "
    "it with the option --allowed-host and that name, without the port."
)
FOREIGN_ORIGIN = N_(
    "A page of another site asked for this. Only this server's own pages may; which sites may show "
    "them is said by the option --allow-embed."
)
CLOSED = N_("There is nothing at this address.")
READ_ONLY = N_("Addresses of this server can only be read: it takes no files and no forms.")
FULL = N_(
    "As many readers are here as this server can hold. Please try again in a minute: this page "
    "does so by itself."
)
AGAIN = 30  # seconds until a reader who found the server full is let try again


class Door:
    """ASGI middleware around the whole app.

    hosts: names, without a port, by which the server may be called, besides those of loopback.
    embedders: origins whose pages may show the app in a frame. base: the path that all addresses
    begin with, "" for none. sessions: counts who is here.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] = (),
        embedders: Iterable[str] = (),
        base: str = "",
        sessions: Sessions,
    ) -> None:
        self.app = app
        self.hosts = LOOPBACK | {host.lower() for host in hosts}
        self.embedders = tuple(embedders)
        self.base = base.strip("/")
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # no browser would show more
        elif refusal is not None:
            await refusal(scope, receive, send)
        elif scope["type"] == "websocket":
            with self.sessions.one_more():
                messages = Messages(receive, send)
                await self.app(scope, messages.receive, send)
        else:
            await self.app(scope, receive, self._signed(scope, send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        asked = Headers(scope=scope)
        host = asked.getlist("host")
        if len(host) != 1 or _name(host[0]) not in self.hosts:
            return _sentence(400, FOREIGN_HOST)
        if any(_place(origin) != host[0].lower() for origin in asked.getlist("origin")):
            return _sentence(403, FOREIGN_ORIGIN)
        path = self._path(scope)
        if scope["type"] == "websocket":
            if path != SOCKET:
                return _sentence(404, CLOSED)
            return None if self.sessions.room_for_a_tab() else _sentence(503, FULL)
        is_page = path is not None and PAGE.fullmatch(path)
        if path is None or not (is_page or FILES.fullmatch(path)):
            return _sentence(404, CLOSED)
        if scope["method"] not in ("GET", "HEAD"):
            return _sentence(405, READ_ONLY, Allow="GET, HEAD")
        if asked.get("content-length", "0") != "0" or "transfer-encoding" in asked:
            return _sentence(413, READ_ONLY, Connection="close")
        if is_page and not self.sessions.room_for_a_page():
            return _sentence(503, FULL, Refresh=str(AGAIN), **{"Retry-After": str(AGAIN)})
        return None

    def _path(self, scope: Scope) -> str | None:
        """The path below the base, without a slash at either end; None outside of it."""
        path = scope["path"].removeprefix("/").removesuffix("/")
        if not self.base:
            return path
        if path == self.base:
            return ""
        inside = path.removeprefix(f"{self.base}/")
        return None if inside == path else inside

    def _signed(self, scope: Scope, send: Send) -> Send:
        """Send every answer with the headers that tell a browser what it may do with it."""
        said = headers(Headers(scope=scope)["host"], self.embedders)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(said)
            await send(message)

        return with_headers


def _name(host: str) -> str | None:
    """The name in a Host header, without the port; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and parts.username is None else None


def _place(origin: str) -> str | None:
    """Host and port of an origin; None where it is none, as "null"."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _sentence(status: int, sentence: str, **more: str) -> PlainTextResponse:
    said = {**headers(), "Cache-Control": "no-store", **more}
    return PlainTextResponse(everywhere(sentence), status_code=status, headers=said)
