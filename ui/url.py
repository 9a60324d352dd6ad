"""The URL is the state: every widget of a page that matters has a parameter, in plain words that
are the same in every language.

Streamlit's own binding writes a widget's label into the URL, which would change with the reader's
language, so the values are carried over here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_OWNER = "url owner"  # the names of the page that the session was last on
_SEEN = "url seen"  # the addresses that this session last wrote, the latest at the end
_LATELY = 16  # of them: more quick changes than a reader makes before the browser hears of one


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
    back = _went_back() and not another  # to an address that may say nothing: all at its default
    if _arrived(asked, parameters, another) and (back or any(name in asked for name in names)):
        for parameter in parameters:
            value = parameter.default
            if parameter.name in asked:
                try:
                    value = parameter.read(asked[parameter.name])
                except ValueError:
                    ignored.append(f"{parameter.name}={asked[parameter.name]}")
            st.session_state[parameter.name] = value
    else:
        keep(parameters, another)
    return ignored


def keep(parameters: Sequence[Parameter], another_page: bool = False) -> None:
    """See that the session has a value for each parameter; call it before any widget is drawn.

    What it has stays untouched: written anew, it would go to the browser, where the reader may
    have moved on. A control that has just come into the page says None until the browser has heard
    what it is set to; one whose options have just changed may say the name of one that is gone.
    Where another page left a value under the same name, it stays only if it means something here
    too."""
    for parameter in parameters:
        value = meant = st.session_state.get(parameter.name)
        if value is None:
            meant = parameter.default
        elif another_page or isinstance(value, str):
            try:
                meant = parameter.read(written(value))
            except ValueError:
                meant = parameter.default
        if another_page or meant != value:
            st.session_state[parameter.name] = meant


def _arrived(asked: Mapping[str, str], parameters: Sequence[Parameter], another_page: bool) -> bool:
    """Whether the address that came along is one that the reader went to. While the reader makes
    quick changes, the browser sends the address from before it heard of the last ones: to go there
    would undo them."""
    seen: Sequence[Mapping[str, str]] = st.session_state.get(_SEEN, ())
    if not seen or another_page or _went_back():
        return not seen or asked != seen[-1]
    return asked not in seen and not _moved(parameters, seen[-1])


def _went_back() -> bool:
    """Whether the reader has pressed the browser's button for back or forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _moved(parameters: Sequence[Parameter], seen: Mapping[str, str]) -> bool:
    """Whether the reader has just changed one of the values that `seen` says."""
    return any(
        written(st.session_state[p.name]) != seen.get(p.name, written(p.default))
        for p in parameters
        if p.name in st.session_state
    )


def publish(parameters: Sequence[Parameter]) -> None:
    """Write the session's values into the URL; defaults leave it."""
    shown = {p.name: written(st.session_state[p.name]) for p in parameters}
    wanted = {p.name: shown[p.name] for p in parameters if shown[p.name] != written(p.default)}
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in shown}
    target = others | wanted
    seen = st.session_state.get(_SEEN, ())
    # the browser may yet have to hear of the last address, which is then to be taken back
    if st.query_params.to_dict() != target or (seen and seen[-1] != target):
        st.query_params.from_dict(target)
    if not seen or seen[-1] != target:
        st.session_state[_SEEN] = (*seen, target)[-_LATELY:]


def written(value: Any) -> str:
    """A value as the URL says it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
