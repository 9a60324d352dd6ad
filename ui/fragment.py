"""Parts of a page that are drawn again without the rest of it."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.cores import TURNS
from ui.i18n import speak

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def fragment(
    draw: Callable[Arguments, Result], run_every: float | None = None, key: str | None = None
) -> Callable[Arguments, Result]:
    """`st.fragment`, in turns with what other sessions draw. run_every: seconds after which it is
    drawn again by itself. key: what `redraw` calls it."""

    @wraps(draw)
    def in_turn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with TURNS.taken():
            speak()
            return draw(*args, **kwargs)

    return st.fragment(in_turn, run_every=run_every, key=key)


def redraw(*keys: str) -> None:
    """From the callback of a widget in a fragment: draw the fragments of these keys instead of the
    widget's own. Does nothing where the whole page is drawn anyway."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.fragment_ids_this_run:
        st.rerun(keys)
