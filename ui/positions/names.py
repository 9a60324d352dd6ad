"""How the page about positions calls the schemes."""

from collections.abc import Callable, Mapping

import streamlit as st

from experiments.equivariance import permitted
from experiments.positions import DRAWN
from model import Bench
from model.shape import Positions
from ui.i18n import N_, _
from ui.switches import NAMES

_SHAW = N_("Shaw")


def scheme_names(*, drawn: bool = False) -> dict[str, str]:
    """Every scheme by its key. drawn: say which stand on a table that is drawn here."""
    names = {key: _(NAMES[key]) for key in NAMES}
    names |= {"shaw": _(_SHAW), "none": _("no positions")}
    if not drawn:
        return names
    note = _("{scheme}, table drawn")
    return {k: note.format(scheme=name) if k in DRAWN else name for k, name in names.items()}


def views(name: str, titles: Mapping[str, str], shows: Mapping[str, Callable[[], None]]) -> None:
    """An inner choice of views, of which only the one chosen is drawn; `name` is its parameter."""
    st.segmented_control(
        _("View"),
        list(titles),
        format_func=titles.__getitem__,
        key=name,
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    shows[st.session_state[name]]()


def pick_scheme(bench: Bench, label: str) -> Positions:
    """Draw the choice of a scheme that this model's weights permit but were not trained with
    (parameter `scheme`)."""
    options = permitted(bench)[1:]
    if st.session_state["scheme"] not in options:
        st.session_state["scheme"] = options[0]
    return st.selectbox(
        label,
        options,
        format_func=scheme_names().__getitem__,
        key="scheme",
        persist_state="session",
    )
