"""Question 19: schedules, a training to watch, and dropout; one of them at a time."""

import streamlit as st

from ui.i18n import _
from ui.trained.panel import show as show_panel
from ui.training import dropout, live, schedule
from ui.url import Parameter, one_of

_PARTS = {"live": live.show, "schedule": schedule.show, "dropout": dropout.show}

PARAMETERS = (
    Parameter("part", "live", one_of(*_PARTS)),
    *live.PARAMETERS,
    *schedule.PARAMETERS,
    *dropout.PARAMETERS,
)


def show() -> None:
    """One of three parts; nothing else is computed."""
    names = {
        "live": _("Watch two trainings"),
        "schedule": _("Schedules"),
        "dropout": _("Dropout"),
    }
    st.segmented_control(
        _("Look at"),
        list(names),
        format_func=names.__getitem__,
        key="part",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    _PARTS[st.session_state["part"]]()


def trained() -> None:
    """The families that were trained with what the chosen part is about."""
    show_panel("dropout" if st.session_state["part"] == "dropout" else "warmup")
