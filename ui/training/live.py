"""The live training: start, pause, stop, and what a newcomer is to compare."""

import streamlit as st

from experiments.live_training import Moment, Pair, Plan, moments, recipe
from ui.anatomy import badge
from ui.environment import trainings
from ui.fragment import fragment
from ui.i18n import _
from ui.training import settings, watching
from ui.training.background import Live, places, session_open
from ui.training.settings import COMPARISONS, PARAMETERS

__all__ = ["PARAMETERS", "show"]

_LIVE = "live training"  # the session's, whichever page it is on
_ASKED = "live training asked for"
_SAID = "live training said"


def show() -> None:
    """The comparison, the settings, the buttons; then the pictures of what has been seen."""
    badge("trained")
    _comparisons()
    with st.expander(_("Settings of A and B"), icon=":material/tune:"):
        settings.controls()
    plan, pair = settings.chosen()
    for setting in pair:
        recipe(plan, setting)  # ModelError where there is no such training
    live = _live()
    if live is None or st.session_state.pop(_ASKED, False):
        live = _start(plan, pair)
    ticking = live.state == "running"
    _buttons(live, changed=(live.plan, live.pair) != (plan, pair))
    fragment(_watch, run_every=watching.PAUSE if ticking else None)(live, ticking)
    if not ticking:
        watching.after(live.plan, live.pair, live.seen)


def _live() -> Live | None:
    return st.session_state.get(_LIVE)


def _watch(live: Live, ticking: bool) -> None:
    live.look()
    seen = list(live.seen) or [_untrained(live.plan, live.pair)]
    watching.draw(live.plan, live.pair, seen, live.state)
    if ticking != (live.state == "running"):
        st.rerun()  # the clock of a fragment starts and stops only with the whole page


def _comparisons() -> None:
    """Draw the ready comparisons; the one that is set is lit."""
    state = st.session_state
    pair = settings.chosen()[1]
    state["comparison"] = next(
        (name for name, (_title, ready) in COMPARISONS.items() if ready == pair), None
    )

    def compare() -> None:
        if state["comparison"] is not None:
            settings.take(COMPARISONS[state["comparison"]][1])
            _ask()

    st.pills(
        _("Compare"),
        list(COMPARISONS),
        format_func=lambda name: _(COMPARISONS[name][0]),
        key="comparison",
        on_change=compare,
    )


def _ask() -> None:
    """A new training is wanted (a callback); one that runs is left alone."""
    live = _live()
    if live is not None and live.state == "running":
        st.session_state[_SAID] = _(
            "One training at a time: this one goes on. Stop it, then start the new one; your "
            "settings are kept."
        )
    else:
        st.session_state[_ASKED] = True


def _start(plan: Plan, pair: Pair) -> Live:
    before = _live()
    if before is not None:
        before.stop()
    live = st.session_state[_LIVE] = Live(plan, pair, places(), session_open())
    _go_on(live)
    return live


def _go_on(live: Live) -> None:
    if not live.go_on():
        st.session_state[_SAID] = _(
            "All {count} places for trainings on this server are taken. Nothing is lost: try "
            "again in a moment."
        ).format(count=trainings())


def _buttons(live: Live, changed: bool) -> None:
    """Draw what can be done with the training as it is now."""
    state = live.state
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Train anew"),
            icon=":material/model_training:",
            type="primary" if state != "running" else "secondary",
            key="train",
            on_click=_ask,
        )
        if state == "running":
            st.button(_("Pause"), icon=":material/pause:", key="train_pause", on_click=live.pause)
        elif state == "paused" and live.seen:
            st.button(
                _("Go on"),
                icon=":material/play_arrow:",
                key="train_go_on",
                on_click=_go_on,
                args=(live,),
            )
        if state == "running" or (state == "paused" and live.seen):
            st.button(_("Stop"), icon=":material/stop:", key="train_stop", on_click=live.stop)
    said = st.session_state.pop(_SAID, None)
    if said:
        st.warning(said, icon=":material/hourglass_top:")
    if changed:
        st.info(
            _("The pictures belong to other settings than those above: press “Train anew”."),
            icon=":material/info:",
        )
    if live.error is not None:
        st.error(_("The training broke off: {why}").format(why=live.error), icon=":material/error:")


@st.cache_resource(max_entries=8, show_spinner=False)
def _untrained(plan: Plan, pair: Pair) -> Moment:
    """Both sides before the first step."""
    return next(moments(plan, pair))
