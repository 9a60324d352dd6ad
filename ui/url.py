"""The URL is the state: every widget of a page that matters has a parameter, in plain words that
are the same in every language.

Streamlit's own binding writes a widget's label into the URL, which would change with the reader's
language, so the values are carried over here. What a page opens with:

- an address that says something is taken at its word: what it does not say is at its default. Only
  the reader's own text and model (`CARRIED`) come along where the address names no other;
- an address that says nothing, as in the menu, opens the page as the reader left it, with the text
  and the model of now;
- one that he went back or forward to says everything, by what it leaves out too.

A value that would make the address longer than `LONGEST` stays in the session alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.i18n import PARAMETER as LANGUAGE

CARRIED = ("text", "model")  # what goes with the reader from page to page
# Bytes of what stands behind the "?", where every letter of Chinese takes nine. The server itself
# takes 64 KiB for a request's head; deploy/nginx.conf has room for this and the page's name.
LONGEST = 16_000

WISHED = "{} wished"  # what the reader wished of a parameter, and what there was instead

_OWNER = "url owner"  # the names of the page that the session was last on
_SEEN = "url seen"  # the addresses that this session last wrote, the latest at the end
_LEFT = "url left"  # for each page the address that it was left with
_OWN = "url own"  # of CARRIED, what is the reader's own choice
_UNSAID = "url unsaid"  # for each of the last addresses, which were too short, what they leave out
_ASKED = "url asked"  # what the next page is to open with, whatever its address says yet
_LONG_ONES = 4  # addresses that leave something out: that is then long
_LATELY = 16  # addresses: more quick changes than a reader makes before the browser hears of one

Said = Mapping[str, str]


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
    """Bring the session in step with the URL, before any widget is drawn. Returns the parameters
    of the URL, as name=value, that mean nothing and were left at their default.

    A page without parameters calls it too: so that the next one counts as another page."""
    state = st.session_state
    page = tuple(parameter.name for parameter in parameters)
    another = state.get(_OWNER) != page
    state[_OWNER] = page
    asked = _asked(page)
    back = _went_back()
    if another and not asked and not back:
        _take(parameters, state.get(_LEFT, {}).get(page, {}), state.get(_OWN, {}))
        return []
    if another or (_arrived(asked, parameters) and (asked or back)):
        return _take(parameters, asked, _unsaid(asked) if back else state.get(_OWN, {}))
    keep(parameters)
    return []


def keep(parameters: Sequence[Parameter]) -> None:
    """See that the session has a value for each parameter; call it before any widget is drawn.

    What it has stays untouched: written anew, it would go to the browser, where the reader may
    have moved on. A control that has just come into the page says None until the browser has heard
    what it is set to; one whose options have just changed may say the name of one that is gone."""
    for parameter in parameters:
        value = meant = st.session_state.get(parameter.name)
        if value is None:
            meant = parameter.default
        elif isinstance(value, str):
            try:
                meant = parameter.read(value)
            except ValueError:
                meant = parameter.default
        if meant != value:
            st.session_state[parameter.name] = meant


def head_for(asked: Said) -> None:
    """Let the page that comes next open with these values, as if its address said them."""
    st.session_state[_ASKED] = dict(asked)


def publish(parameters: Sequence[Parameter]) -> None:
    """Write the session's values into the URL; defaults leave it, unless they stand in an address
    that says the same."""
    state = st.session_state
    own, left_out = _say(parameters)
    now = st.query_params.to_dict()
    names = {parameter.name for parameter in parameters}
    current = _of_page() | {name: value for name, value in now.items() if name in names}
    same = _means(parameters, current) == own
    target = current if same else _of_page(but=names) | own
    language = {LANGUAGE: now[LANGUAGE]} if LANGUAGE in now else {}
    seen = state.get(_SEEN, ())
    # the browser may yet have to hear of the last address, which is then to be taken back
    if now != language | target or (seen and seen[-1] != target):
        st.query_params.from_dict(language | target)
    if not seen or seen[-1] != target:
        state[_SEEN] = (*seen, target)[-_LATELY:]
    _remember(parameters, target, own, left_out)


def unsaid(parameters: Sequence[Parameter]) -> list[str]:
    """The names of those whose values are too long for an address."""
    return list(_say(parameters)[1])


def written(value: Any) -> str:
    """A value as the URL says it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def _asked(page: Sequence[str]) -> dict[str, str]:
    """What the address, or who sent the reader here, says to this page."""
    sent = st.session_state.pop(_ASKED, None)
    said = st.query_params.to_dict() if sent is None else sent
    return {name: value for name, value in said.items() if name in page}


def _take(parameters: Sequence[Parameter], said: Said, carried: Said) -> list[str]:
    """Set the session to what is said, else to what is carried, else to the defaults; returns what
    is said and means nothing."""
    ignored = []
    for parameter in parameters:
        name, value = parameter.name, parameter.default
        try:
            if name in said:
                value = parameter.read(said[name])
            elif name in carried:
                value = parameter.read(carried[name])
        except ValueError:
            if name in said:
                ignored.append(f"{name}={said[name]}")
        st.session_state[name] = value
        st.session_state.pop(WISHED.format(name), None)
    return ignored


def _of_page(but: Collection[str] = ()) -> dict[str, str]:
    """What the address says to this page, whose questions each have a part of its parameters."""
    page = st.session_state.get(_OWNER, ())
    now = st.query_params.to_dict()
    return {name: value for name, value in now.items() if name in page and name not in but}


def _say(parameters: Sequence[Parameter]) -> tuple[dict[str, str], dict[str, str]]:
    """What the address is to say, and what would be too long for it: the longest first."""
    others = _of_page(but=[parameter.name for parameter in parameters])
    shown = {p.name: written(st.session_state.get(p.name, p.default)) for p in parameters}
    said = {p.name: shown[p.name] for p in parameters if shown[p.name] != written(p.default)}
    left_out = {}
    sizes = {name: _size(name, value) for name, value in (others | said).items()}
    while sum(sizes.values()) > LONGEST and said:
        longest = max(said, key=lambda name: sizes[name])
        left_out[longest] = said.pop(longest)
        sizes.pop(longest)
    return said, left_out


def _size(name: str, value: str) -> int:
    """Bytes that a parameter takes in an address, or as many as are too many."""
    return len(value) if len(value) > LONGEST else len(urlencode({name: value})) + 1


def _means(parameters: Sequence[Parameter], said: Said) -> Said | None:
    """What an address says, without its defaults; None where a part of it means nothing."""
    kinds = {parameter.name: parameter for parameter in parameters}
    meant = {}
    for name, value in said.items():
        if name not in kinds:
            continue
        try:
            value = written(kinds[name].read(value))
        except ValueError:
            return None
        if value != written(kinds[name].default):
            meant[name] = value
    return meant


def _remember(parameters: Sequence[Parameter], target: Said, own: Said, left_out: Said) -> None:
    """Keep what the address was, for when the reader comes back to the page, and what it cannot
    say; and which text and model are the reader's own."""
    state = st.session_state
    page = state.get(_OWNER, ())
    names = {parameter.name for parameter in parameters}
    left = state.get(_LEFT, {})
    before = {name: value for name, value in left.get(page, {}).items() if name not in names}
    chosen = {**own, **left_out}
    stays = {name: value for name, value in chosen.items() if name not in CARRIED}
    state[_LEFT] = {**left, page: before | stays}
    carried = {name: value for name, value in chosen.items() if name in CARRIED}
    others = {name: value for name, value in state.get(_OWN, {}).items() if name not in names}
    state[_OWN] = others | carried
    if left_out:
        older = [entry for entry in state.get(_UNSAID, ()) if entry[0] != target]
        state[_UNSAID] = (*older, (target, left_out))[-_LONG_ONES:]


def _unsaid(said: Said) -> Said:
    """What this address leaves out because it would be too long."""
    found = st.session_state.get(_UNSAID, ())
    return next((left_out for address, left_out in found if address == said), {})


def _arrived(asked: Said, parameters: Sequence[Parameter]) -> bool:
    """Whether the address that came along is one that the reader went to. While the reader makes
    quick changes, the browser sends the address from before it heard of the last ones: to go there
    would undo them."""
    seen: Sequence[Said] = st.session_state.get(_SEEN, ())
    if not seen or _went_back():
        return not seen or asked != seen[-1]
    return asked not in seen and not _moved(parameters, seen[-1])


def _went_back() -> bool:
    """Whether the reader has pressed the browser's button for back or forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _moved(parameters: Sequence[Parameter], seen: Said) -> bool:
    """Whether the reader has just changed one of the values that `seen` says."""
    said = dict(_unsaid(seen)) | dict(seen)
    return any(
        written(st.session_state[p.name]) != said.get(p.name, written(p.default))
        for p in parameters
        if p.name in st.session_state
    )
