"""What the address asks for and this page has not: it is left out, and said. Most of it are numbers
of layers, heads, tokens and cells."""

from collections.abc import Sequence

import streamlit as st

from ui.i18n import _
from ui.quoted import code
from ui.url import written


def index(text: str) -> int:
    """Reads a number that counts from 0: none is below."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def pair(text: str) -> str:
    """Reads two such numbers, as 3.11."""
    one, other = map(index, text.split("."))
    return f"{one}.{other}"


def left_out(parameters: Sequence[str]) -> None:
    """Tell the reader which parameters of the URL mean nothing here."""
    shown = ", ".join(code(text[:60]) for text in parameters)
    st.warning(_("Left out, since it means nothing here: {parameters}").format(parameters=shown))


def bring_back(name: str, last: int) -> None:
    """See that the parameter `name` is at most `last`. If the address asked for more, say that it
    is left out; another model or text may just have fewer than the one before."""
    state = st.session_state
    if state[name] > last:
        if st.query_params.get(name) == written(state[name]):
            left_out([f"{name}={written(state[name])}"])
        state[name] = last
