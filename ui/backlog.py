"""What waits for a browser that does not read."""

import asyncio
from typing import Any

from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient

MOST = 16 * 2**20  # bytes that wait for one browser, beside the message that is on its way


class Backlog(asyncio.Queue[bytes]):
    """Messages on their way to one browser, bounded in bytes as in number. One message that alone
    is larger is let through; where others wait, the browser counts as gone and all are dropped."""

    def __init__(self, messages: int, most: int = MOST) -> None:
        super().__init__(messages)
        self.most = most
        self.bytes = 0  # of those that wait

    def put_nowait(self, item: bytes) -> None:
        """Raises asyncio.QueueFull, upon which Streamlit disconnects the session."""
        if self.full() or (not self.empty() and self.bytes + len(item) > self.most):
            while not self.empty():
                self.get_nowait()
            raise asyncio.QueueFull
        super().put_nowait(item)

    def _put(self, item: bytes) -> None:
        self.bytes += len(item)
        super()._put(item)

    def _get(self) -> bytes:
        item = super()._get()
        self.bytes -= len(item)
        return item


def bound() -> None:
    """Bound what waits for each browser; call it once, before they come.

    Streamlit lets 500 messages wait, of any size: ten clients that read nothing held half a
    gigabyte.
    """
    begin = StarletteSessionClient.__init__

    def bounded(self: StarletteSessionClient, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        # the task that sends begins after this, and asks for the queue each time
        self._send_queue = Backlog(self._send_queue.maxsize)

    StarletteSessionClient.__init__ = bounded
