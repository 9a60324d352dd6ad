"""Choices of one: a slider needs two ends, and a model may have one layer, a text one token."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.i18n import _


def single(
    label: str,
    options: Sequence[Any],
    key: str,
    within: DeltaGenerator | None = None,
    spoken: Callable[[Any], str] = str,
) -> bool:
    """Whether there is but one thing to choose: then it is chosen, and said where a slider for it
    would stand."""
    if len(options) > 1:
        return False
    st.session_state[key] = options[0]
    place = st if within is None else within
    only = _("{label}: {value}, the only one").format(label=label, value=spoken(options[0]))
    place.caption(only)
    return True
