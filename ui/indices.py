"""What the address asks for and this page has not: it is left out, and said. Most of it are numbers
of layers, heads, tokens and cells."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.i18n import _
from ui.quoted import code
from ui.url import WISHED, written

MEAN = "mean"  # of all heads, in place of a head's number


def index(text: str) -> int:
    """Reads a number that counts from 0: none is below."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def index_or_mean(text: str) -> int | str:
    """Reads the number of a head, or that it is the mean of all."""
    return text if text == MEAN else index(text)


def pair(text: str) -> str:
    """Reads two such numbers, as 3.11."""
    one, other = map(index, text.split("."))
    return f"{one}.{other}"


def left_out(parameters: Sequence[str]) -> None:
    """Tell the reader which parameters of the URL mean nothing here."""
    shown = ", ".join(code(text[:60]) for text in parameters)
    st.warning(_("Left out, since it means nothing here: {parameters}").format(parameters=shown))


def bring_back(name: str, last: int) -> None:
    """See that the parameter `name`, if it is a number, is at most `last`. If the address asked for
    more, say that it is left out; another model or text may just have fewer than the one before:
    then what the reader wished comes back with one that has it, unless he has moved on."""
    state = st.session_state
    wished, given = state.pop(WISHED.format(name), (0, None))
    value = wished if state[name] == given else state[name]
    if _beyond(value, last):
        if _beyond(state[name], last) and st.query_params.get(name) == written(state[name]):
            left_out([f"{name}={written(state[name])}"])
        state[WISHED.format(name)] = value, last
        value = last
    if state[name] != value:
        state[name] = value


def _beyond(value: Any, last: int) -> bool:
    return value != MEAN and value > last
