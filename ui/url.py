"""The URL is the state: every widget of a page that matters has a parameter, in plain words that
are the same in every language.

Streamlit's own binding writes a widget's label into the URL, which would change with the reader's
language, so the values are carried over here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

_OWNER = "url owner"  # the names of the page that the session was last on
_SEEN = "url seen"  # the parameters that this session last read or wrote


@dataclass(frozen=True)
class Parameter:
    """One value of a page's state: its name in the URL and in the session, its default, and the
    function that reads it from text, raising ValueError for nonsense."""

    name: str
    default: Any
    read: Callable[[str], Any] = str


def one_of(*options: str) -> Callable[[str], str]:
    """Reads one of these words."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return read


def among(*options: float) -> Callable[[str], float]:
    """Reads one of these numbers."""

    def read(text: str) -> float:
        return options[options.index(float(text))]

    return read


def number(low: float, high: float, kind: type = int) -> Callable[[str], Any]:
    """Reads a number from `low` to `high`."""

    def read(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def several(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Reads a list of values with blanks between them."""
    return lambda text: [kind(word) for word in text.split()]


def flag(text: str) -> bool:
    """Reads true or false."""
    return ("false", "true").index(text) == 1


def restore(parameters: Sequence[Parameter]) -> list[str]:
    """Bring the session in step with the URL, before any widget is drawn: what the reader opened,
    or came back to, wins; otherwise the session's own values stay. Returns the parameters of the
    URL, as name=value, that mean nothing and were left at their default."""
    asked = st.query_params.to_dict()
    ignored = []
    names = tuple(parameter.name for parameter in parameters)
    another = st.session_state.get(_OWNER) != names
    st.session_state[_OWNER] = names
    seen = st.session_state.get(_SEEN)
    arrived = asked != seen and (another or seen is None or not _moved(parameters, seen))
    ours = any(p.name in asked for p in parameters)
    for parameter in parameters:
        if arrived and ours:
            value = parameter.default
            if parameter.name in asked:
                try:
                    value = parameter.read(asked[parameter.name])
                except ValueError:
                    ignored.append(f"{parameter.name}={asked[parameter.name]}")
            st.session_state[parameter.name] = value
        else:
            st.session_state[parameter.name] = _kept(parameter, another)
    return ignored


def _moved(parameters: Sequence[Parameter], seen: dict[str, str]) -> bool:
    """Whether the reader has just changed one of the values that `seen` says. The address that
    came along is then the browser's from before it heard of the last change: of two quick changes
    it would undo the first."""
    return any(
        written(st.session_state[p.name]) != seen.get(p.name, written(p.default))
        for p in parameters
        if p.name in st.session_state
    )


def _kept(parameter: Parameter, another_page: bool) -> Any:
    """The session's own value. Where another page left it under the same name, it stays only if
    it means something here too."""
    if parameter.name not in st.session_state:
        return parameter.default
    value = st.session_state[parameter.name]
    if not another_page:
        return value
    try:
        return parameter.read(written(value))
    except ValueError:
        return parameter.default


def publish(parameters: Sequence[Parameter]) -> None:
    """Write the session's values into the URL; defaults leave it."""
    shown = {p.name: written(st.session_state[p.name]) for p in parameters}
    wanted = {p.name: shown[p.name] for p in parameters if shown[p.name] != written(p.default)}
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in shown}
    target = others | wanted
    if st.query_params.to_dict() != target:
        st.query_params.from_dict(target)
    st.session_state[_SEEN] = target


def written(value: Any) -> str:
    """A value as the URL says it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
