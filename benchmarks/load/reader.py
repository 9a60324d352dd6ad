"""One reader: a session of Streamlit's own protocol over a web socket, as a browser holds it.

The browser tells the server the page, its query string and the values of all widgets that stand on
it (BackMsg); the server answers with one message per element, and one that says that the script
has ended (ForwardMsg). Large messages that the browser still has are sent as a hash only.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE = 60  # seconds that an answer may take
LARGEST_AGE = 2  # runs for which a browser keeps a large message it has not met again

ENDS_WELL = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
)

# How each kind of widget says its value.
VALUES = {
    "checkbox": "bool_value",
    "selectbox": "string_value",
    "text_area": "string_value",
    "slider": "double_array_value",
    "button_group": "string_array_value",
    "multiselect": "string_array_value",
    "button": "trigger_value",
}


@dataclass
class Answer:
    """What the server made of one message.

    seconds: from sending it to the end of the script. size: bytes received. pictures: the payload
    of each canvas viewer by its key. charts: how many of Plotly's. numbers: the figures in large
    type, as they are written. said: the boxes that are no error, and the bars. complaints:
    exceptions and error boxes.
    """

    seconds: float = 0.0
    size: int = 0
    pictures: dict[str, bytes] = field(default_factory=dict)
    charts: int = 0
    numbers: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Reader:
    """A session on one page of the app. Use it as a context: it connects and leaves. patience:
    seconds that an answer may take."""

    def __init__(
        self, url: str, page: str, parameters: Mapping[str, str], patience: float = PATIENCE
    ) -> None:
        self._url, self._page, self._patience = url, page, patience
        self._query = urlencode(parameters)
        self._ids: dict[str, tuple[str, str]] = {}  # key → its id and the field of its value
        self._fragments: dict[str, str] = {}  # key → the fragment that the widget stands in, or ""
        self._states: dict[str, WidgetState] = {}  # of what the reader has touched, by key
        self._ticks: dict[str, float] = {}  # fragments drawn again by themselves, every so many s
        self._cached: dict[str, tuple[Element, int]] = {}  # hash → a large element, its age
        self._socket: ClientConnection

    async def __aenter__(self) -> "Reader":
        self._socket = await connect(
            self._url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(self._url),
            compression=None,
            max_size=None,
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._socket.close()

    async def throw(self, **widgets: Any) -> Answer:
        """Give widgets, by key, new values (none at all: open the page) and wait for the answer.

        Raises TimeoutError when there is none, KeyError for a widget that the page has not shown.
        """
        for key, value in widgets.items():
            self._states[key] = self._state(key, value)
        answer = await self._run(self._fragment_of(list(widgets)))
        for key in widgets:
            if self._ids[key][1] == "trigger_value":  # a button is pressed for one run
                del self._states[key]
        return answer

    async def watch(self, seconds: float) -> list[Answer]:
        """Stay for so long, or until nothing on the page is drawn again by itself."""
        until, answers = time.monotonic() + seconds, []
        while self._ticks and time.monotonic() < until:
            fragment, pause = next(iter(self._ticks.items()))
            await asyncio.sleep(pause)
            answers.append(await self._run(fragment, by_itself=True))
        return answers

    async def _run(self, fragment: str, by_itself: bool = False) -> Answer:
        """Have a fragment, or the whole page (""), drawn, and wait for it."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self._query
        asked.page_name = self._page
        asked.fragment_id = fragment
        asked.is_auto_rerun = by_itself
        asked.widget_states.widgets.extend(self._states.values())
        asked.cached_message_hashes.extend(self._cached)
        asked.context_info.locale = "en-US"
        asked.context_info.timezone = "UTC"
        asked.context_info.url = f"{self._url}/{self._page}"
        answer = Answer()
        sent = message.SerializeToString()
        began = time.perf_counter()
        await self._socket.send(sent)
        async with asyncio.timeout(self._patience):
            while not self._receive(await self._socket.recv(), answer):
                pass
        answer.seconds = time.perf_counter() - began
        self._cached = {
            key: (element, age + 1)
            for key, (element, age) in self._cached.items()
            if age < LARGEST_AGE
        }
        return answer

    def _fragment_of(self, keys: Sequence[str]) -> str:
        """What is to be drawn again: one fragment, or the whole page ("")."""
        fragments = {self._fragments[key] for key in keys}
        return fragments.pop() if len(fragments) == 1 else ""

    def _state(self, key: str, value: Any) -> WidgetState:
        identity, kind = self._ids[key]
        state = WidgetState(id=identity)
        if kind.endswith("_array_value"):
            getattr(state, kind).data.extend(value)
            getattr(state, kind).SetInParent()  # an empty list is a value as well
        else:
            setattr(state, kind, value)
        return state

    def _receive(self, data: str | bytes, answer: Answer) -> bool:
        """Take in one message; whether it is the last of this answer."""
        assert isinstance(data, bytes)
        answer.size += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if message.metadata.cacheable:
                self._cached[message.hash] = (element, 0)
            self._see(element, message.delta.fragment_id, answer)
        elif kind == "ref_hash":
            element, _age = self._cached[message.ref_hash]
            self._cached[message.ref_hash] = (element, 0)
            self._see(element, "", answer)
        elif kind == "auto_rerun":
            self._ticks[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._ticks.pop(fragment, None)
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._ticks.clear()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return False  # a callback asked for another part of the page
            if message.script_finished not in ENDS_WELL:
                answer.complaints.append(f"the script ended as {message.script_finished}")
            return True
        return False

    def _see(self, element: Element, fragment: str, answer: Answer) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            component = element.bidi_component
            answer.pictures[_key(component.id)] = component.bytes
        elif kind == "metric":
            answer.numbers.append(element.metric.body)
        elif kind == "exception":
            answer.complaints.append(element.exception.message)
        elif kind == "alert":
            wrong = element.alert.format == element.alert.ERROR
            (answer.complaints if wrong else answer.said).append(element.alert.body)
        elif kind == "progress":
            answer.said.append(element.progress.text)
        elif kind == "plotly_chart":
            answer.charts += 1
        elif kind in VALUES:
            identity, says = getattr(element, kind).id, VALUES[kind]
            if kind == "slider" and element.slider.type == element.slider.SELECT_SLIDER:
                says = "string_array_value"
            self._ids[_key(identity)] = (identity, says)
            self._fragments[_key(identity)] = fragment


def _key(identity: str) -> str:
    """The key in a widget's id, which reads $$ID-<digest>-<key>."""
    return identity.split("-", 2)[2]
