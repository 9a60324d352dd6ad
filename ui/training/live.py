"""The live training: ready comparisons as recordings, and trainings that a reader starts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from experiments.live_training import Moment, Pair, Plan, moments, recipe
from experiments.recorded import READY, Recording, recording
from ui.anatomy import badge
from ui.cores import session
from ui.fragment import fragment
from ui.gradual import queued
from ui.i18n import _
from ui.training import settings, watching
from ui.training.background import LIVE, Live, places
from ui.training.settings import COMPARISONS
from ui.training.watching import PAUSE
from ui.url import publish

PARAMETERS = (*settings.PARAMETERS, *watching.PARAMETERS)

PLAYED = 24  # seconds that a recording plays

_RECORDED = ("playing", "recorded")
_PLAYER = "recording that is seen"
_SAID = "live training said"


@dataclass
class Player:
    """A recording that one session sees: all of it, or as much as has been played."""

    plan: Plan
    pair: Pair
    recorded: Recording
    began: float | None = field(default=None)  # when it was last started

    @property
    def state(self) -> Literal["playing", "recorded"]:
        return "playing" if len(self.seen) < len(self.recorded) else "recorded"

    @property
    def seen(self) -> Recording:
        if self.began is None:
            return self.recorded
        share = (time.monotonic() - self.began) / PLAYED
        return self.recorded[: 1 + int(share * len(self.recorded))]

    def play(self) -> None:
        """From the start (a callback)."""
        self.began = time.monotonic()
        watching.look_at_the_last()

    def end(self) -> None:
        """See all of it (a callback)."""
        self.began = None


@dataclass(frozen=True)
class Untrained:
    """Settings that nobody has trained yet."""

    plan: Plan
    pair: Pair
    state = "untrained"

    @property
    def seen(self) -> list[Moment]:
        return [_untrained(self.plan, self.pair)]


Shown = Live | Player | Untrained


def show() -> None:
    """The comparison, the settings, the buttons; then the pictures of what has been seen."""
    badge("trained")
    _comparisons()
    with st.expander(_("Settings of A and B"), icon=":material/tune:"):
        settings.controls()
    plan, pair = settings.chosen()
    for setting in pair:
        recipe(plan, setting)  # ModelError where there is no such training
    shown = _shown(plan, pair)
    state = shown.state
    _buttons(shown, changed=(shown.plan, shown.pair) != (plan, pair))
    ticking = state in ("waiting", "running", "playing")
    fragment(_watch, run_every=PAUSE if ticking else None)(shown, state)
    if not ticking:
        watching.after(shown.plan, shown.pair, shown.seen)


def _shown(plan: Plan, pair: Pair) -> Shown:
    """What these settings show: the session's own training while it lasts and where it is theirs;
    else their recording; else the models before their first step. Nothing is trained for it."""
    live, player = _live(), st.session_state.get(_PLAYER)
    if live is not None and (live.state in ("waiting", "running") or _of(live, plan, pair)):
        return live
    if player is None or not _of(player, plan, pair):
        recorded = recording(plan, pair)
        player = Player(plan, pair, recorded) if recorded is not None else None
        st.session_state[_PLAYER] = player
    return player or live or Untrained(plan, pair)


def _of(shown: Shown, plan: Plan, pair: Pair) -> bool:
    return (shown.plan, shown.pair) == (plan, pair)


def _live() -> Live | None:
    return st.session_state.get(LIVE)


def _watch(shown: Shown, state: str) -> None:
    if isinstance(shown, Live):
        shown.look()
        if shown.state == "waiting":
            st.info(
                _("{place} The training starts by itself when it is your turn.").format(
                    place=queued(shown.ahead)
                ),
                icon=":material/hourglass_top:",
            )
    seen: Sequence[Moment] = list(shown.seen) or [_untrained(shown.plan, shown.pair)]
    watching.draw(shown.plan, shown.pair, seen, shown.state)
    publish(watching.PARAMETERS)
    if state != shown.state:
        st.rerun()  # the clock of a fragment starts and stops only with the whole page


def _comparisons() -> None:
    """Draw the ready comparisons; the one that is set is lit."""
    state = st.session_state
    pair = settings.chosen()[1]
    state["comparison"] = next((name for name, ready in READY.items() if ready == pair), None)

    def compare() -> None:
        if state["comparison"] is not None:
            settings.take(READY[state["comparison"]])

    st.pills(
        _("Compare"),
        list(COMPARISONS),
        format_func=lambda name: _(COMPARISONS[name]),
        key="comparison",
        on_change=compare,
    )


def _train() -> None:
    """Start a new training of the settings (a callback); one that is under way is left alone."""
    live = _live()
    if live is not None and live.state in ("waiting", "running"):
        st.session_state[_SAID] = _(
            "One training at a time: this one goes on. Stop it, then start the new one; your "
            "settings are kept."
        )
        return
    if live is not None:
        live.stop()
    live = st.session_state[LIVE] = Live(*settings.chosen(), places(), *session())
    watching.look_at_the_last()
    live.go_on()


def _buttons(shown: Shown, changed: bool) -> None:
    """Draw what can be done with what is shown, as it is now."""
    state = shown.state
    with st.container(horizontal=True, vertical_alignment="center"):
        if isinstance(shown, Player):
            if state == "playing":
                st.button(
                    _("See all of it"),
                    icon=":material/skip_next:",
                    key="train_end",
                    on_click=shown.end,
                )
            else:
                st.button(
                    _("Play"),
                    icon=":material/play_arrow:",
                    type="primary",
                    key="train_play",
                    on_click=shown.play,
                )
        st.button(
            _("Train anew") if isinstance(shown, Live) else _("Train it here"),
            icon=":material/model_training:",
            type="secondary" if state in ("waiting", "running", *_RECORDED) else "primary",
            key="train",
            on_click=_train,
        )
        if isinstance(shown, Live):
            _own_buttons(shown)
    said = st.session_state.pop(_SAID, None)
    if said:
        st.warning(said, icon=":material/hourglass_top:")
    if changed:
        st.info(
            _("The pictures belong to other settings than those above: press “Train anew”."),
            icon=":material/info:",
        )
    if isinstance(shown, Live) and shown.error is not None:
        st.error(
            _("The training broke off: {why}").format(why=shown.error), icon=":material/error:"
        )
    if isinstance(shown, Player):
        st.caption(
            _(
                "A recording of this training, made with `python -m experiments.recorded`. “Train "
                "it here” runs it on this server, now: the same but for rounding, which another "
                "processor may do differently."
            )
        )


def _own_buttons(live: Live) -> None:
    state = live.state
    if state == "waiting":
        st.button(
            _("Leave the queue"), icon=":material/close:", key="train_leave", on_click=live.pause
        )
    elif state == "running":
        st.button(_("Pause"), icon=":material/pause:", key="train_pause", on_click=live.pause)
    elif state == "paused":
        st.button(_("Go on"), icon=":material/play_arrow:", key="train_go_on", on_click=live.go_on)
    if state in ("running", "paused"):
        st.button(_("Stop"), icon=":material/stop:", key="train_stop", on_click=live.stop)


@st.cache_resource(max_entries=8, show_spinner=False)
def _untrained(plan: Plan, pair: Pair) -> Moment:
    """Both sides before the first step."""
    return next(moments(plan, pair))
