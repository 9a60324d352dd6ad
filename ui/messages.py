"""What a browser may say over its web socket."""

from google.protobuf.message import DecodeError
from starlette.types import Message, Receive, Send
from streamlit.logger import get_logger
from streamlit.proto.BackMsg_pb2 import BackMsg

_LOG = get_logger(__name__)

# What Streamlit's page in the browser says to this app. It can say more, for all readers at once:
# clear every cache, shut down, hand out places for files, write into the app's folder.
HEARD = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})

UNSUPPORTED, NO_MESSAGE = 1003, 1002  # why a web socket is closed (RFC 6455, 7.4.1)


class Messages:
    """The messages of one web socket: what no page of this app says is left out, and who sends what
    is no message at all is cut off, at the price of one line in the log."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send

    async def receive(self) -> Message:
        """The next event for the app."""
        while True:
            event = await self._receive()
            if event["type"] != "websocket.receive":
                return event
            data = event.get("bytes")
            if data is None:
                return await self._cut_off(UNSUPPORTED, "a text")
            try:
                message = BackMsg.FromString(data)
            except DecodeError:
                return await self._cut_off(NO_MESSAGE, f"{len(data)} bytes that are no message")
            kind = message.WhichOneof("type")
            if kind is None:
                return await self._cut_off(NO_MESSAGE, "a message that says nothing")
            asked = message.backend_operation_request.WhichOneof("payload")
            if kind in HEARD or (kind == "backend_operation_request" and asked in OPERATIONS):
                return event

    async def _cut_off(self, code: int, what: str) -> Message:
        _LOG.warning("A web socket is closed: it sent %s.", what)
        await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}
