"""Work that takes longer than a second: step by step, with a progress bar and a way to stop it.

What is measured under some settings is the same for everybody. It is measured once a server: who
comes while it is under way joins in, who comes later finds it done.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.bounded import Bounded
from ui.cores import DESK, TURNS, session
from ui.desk import Place
from ui.i18n import _
from ui.weight import weight

T = TypeVar("T")

RESULTS = 64 * 2**20  # bytes of results that are kept for those who come later
FIRST_STEP = 0.5  # seconds that a step is thought to take before one has been done
POLL = 0.25  # seconds between two looks at the queue


class Survey:
    """The steps of some work, advanced one at a time at the desk for all who want them."""

    def __init__(self, name: Hashable, steps: Iterator[Any], keep: bool) -> None:
        self.name, self.keep = name, keep
        self.done: list[Any] = []
        self.ended = False  # nothing is left, whatever the count says
        self.most = math.inf  # steps, where somebody knows
        self._steps: Iterator[Any] = steps
        self._took = FIRST_STEP
        self._lock = Lock()
        self._place: Place[None] | None = None  # of the step that somebody waits for
        self._wanting = 0  # how many wait for it
        self._since: float | None = None  # when a step that nobody waits for any more was due

    @property
    def error(self) -> BaseException | None:
        """What a step raised: the work has ended with it."""
        return self._place.error if self._place is not None else None

    def ask(self) -> Place[None]:
        """Have the next step done, unless somebody has asked already; `leave` is to follow."""
        who, _there = session()
        with self._lock:
            self._wanting += 1
            if self._place is None or self._place.wait(0):
                self._place = DESK.ask(who, self._advance, self._took, self._since)
                self._since = None
            return self._place

    def leave(self, place: Place[None]) -> None:
        """Wait for this step no longer; the last one who does takes it out of the queue, and its
        place is kept for whoever asks next."""
        with self._lock:
            self._wanting -= 1
            if not self._wanting and not place.wait(0) and place.leave():
                self._since = place.due

    def _advance(self) -> None:
        began = time.monotonic()
        try:
            for result in self._steps:
                self.done.append(result)
                self.ended = len(self.done) >= self.most
                break
            else:
                self.ended = True
        except BaseException:
            self.ended = True
            raise
        self._took = time.monotonic() - began
        if self.ended:
            self._steps = iter(())  # what it held can go
            if self.keep:
                _results().put(self.name, self.done)


@dataclass
class _View:
    """One session's part in a survey."""

    settings: Hashable
    survey: Survey
    begun: bool = False  # it had its first seconds
    stopped: bool = False


def gradually(
    key: str,
    settings: Hashable,
    start: Callable[[], Iterator[T]],
    count: int,
    doing: str,
    within: float = math.inf,
    keep: bool = True,
) -> list[T]:
    """The results of `start()`, which yields up to `count` of them, one a step.

    They belong to `key` and `settings`, which together say all that they depend on: no two pages
    share a key, and results hold nothing of one reader, not even the language. While it works, a
    bar under `doing` shows how far it is, or which place it has in the queue, and a button stops
    it; what is done by then is returned, and another button goes on. After `within` seconds it
    returns with what is done, for a fragment that draws it and comes back (see `working`). keep:
    for those who come later. The steps are done by another thread, which has no session.
    """
    view = _view_of(key, settings, start, keep)
    view.survey.most = count
    if len(view.survey.done) < count and not view.survey.ended:
        with st.container():
            _go_on(view, key, count, doing, within)
    _complain(view, key)
    return view.survey.done[:count]


def begin(key: str, settings: Hashable, start: Callable[[], Iterator[T]], within: float) -> None:
    """Begin what `gradually` is to go on with, for `within` seconds and without a bar, so that
    what is done by then needs none; does nothing where the session has begun."""
    view = _view_of(key, settings, start, keep=True)
    if not view.begun and not view.stopped:
        _advance(view.survey, time.monotonic() + within, lambda _place: None)
        view.begun = True
    _complain(view, key)


def so_far(key: str, settings: Hashable) -> list[Any]:
    """The session's results under `key`, if they belong to these settings; nothing is done."""
    view = _seen(key)
    return list(view.survey.done) if view is not None and view.settings == settings else []


def working(key: str, count: int) -> bool:
    """Whether some of the session's `count` steps under `key` are left and nobody stopped them."""
    view = _seen(key)
    if view is None or view.stopped or view.survey.ended:
        return False
    return len(view.survey.done) < count


def again(key: str) -> None:
    """Forget the results that the session sees under `key`, so that they are measured anew (a
    callback)."""
    view: _View | None = st.session_state.pop(f"{key} work", None)
    if view is not None:
        _forget(view.survey)


# Those under way. Nothing else holds them than the sessions that see them.
_OPEN: WeakValueDictionary[Hashable, Survey] = WeakValueDictionary()
_OPENING = Lock()


@st.cache_resource(show_spinner=False)
def _results() -> Bounded[list[Any]]:
    return Bounded(RESULTS, weight)


def _seen(key: str) -> _View | None:
    return st.session_state.get(f"{key} work")


def _view_of(key: str, settings: Hashable, start: Callable[[], Iterator[Any]], keep: bool) -> _View:
    """The session's view under `key`, new where the settings are new."""
    view = _seen(key)
    if view is None or view.settings != settings:
        survey = _survey((key, settings), start, keep)
        view = st.session_state[f"{key} work"] = _View(settings, survey)
    return view


def _survey(name: Hashable, start: Callable[[], Iterator[Any]], keep: bool) -> Survey:
    """The work of this name: done, under way, or new."""
    done = _results().find(name)
    if done is not None:
        survey = Survey(name, iter(()), keep)
        survey.done, survey.ended = done, True
        return survey
    with _OPENING:
        survey = _OPEN.get(name)
        if survey is None:
            survey = _OPEN[name] = Survey(name, start(), keep)
    return survey


def _forget(survey: Survey) -> None:
    _results().drop(survey.name)
    with _OPENING:
        if _OPEN.get(survey.name) is survey:
            del _OPEN[survey.name]


def _complain(view: _View, key: str) -> None:
    """Raise what a step raised; a generator that raised never goes on: the next try starts anew."""
    error = view.survey.error
    if error is not None:
        again(key)
        raise error


def _advance(survey: Survey, until: float, tell: Callable[[Place[None]], None]) -> None:
    """Take steps until then; `tell` hears now and then of the step's place at the desk, and may
    raise what ends the reader's run."""
    with TURNS.given():
        while not survey.ended:
            place = survey.ask()
            try:
                while not place.wait(max(0.0, min(POLL, until - time.monotonic()))):
                    if time.monotonic() > until:
                        return
                    tell(place)
            finally:
                survey.leave(place)
            tell(place)
            if time.monotonic() > until:
                return


def _go_on(view: _View, key: str, count: int, doing: str, within: float) -> None:
    survey, place = view.survey, st.empty()
    # The button comes first: behind the bar or the words it would move when one follows the other,
    # and a press on what moves is no click.
    with place.container(horizontal=True, vertical_alignment="center"):
        if view.stopped:
            st.button(
                _("Go on"),
                icon=":material/play_arrow:",
                key=f"{key}_go_on",
                on_click=setattr,
                args=(view, "stopped", False),
            )
            st.caption(
                _("Stopped after {done} of {count} steps.").format(
                    done=len(survey.done), count=count
                )
            )
            return
        st.button(
            _("Stop"),
            icon=":material/stop:",
            key=f"{key}_stop",
            on_click=setattr,
            args=(view, "stopped", True),
        )
        bar = st.progress(len(survey.done) / count, text=doing)

    def tell(step: Place[None]) -> None:
        _show(bar, min(1.0, len(survey.done) / count), doing, step.ahead)

    _advance(survey, time.monotonic() + within, tell)
    if survey.ended or len(survey.done) >= count:
        place.empty()


def _show(bar: DeltaGenerator, share: float, doing: str, ahead: int | None) -> None:
    """How far the work is, and behind how many others it waits."""
    if ahead is not None:
        doing = f"{doing} {queued(ahead)}"
    bar.progress(share, text=doing)


def queued(ahead: int) -> str:
    """The place of what waits behind so many others."""
    return _("You are number {place} in the queue.").format(place=ahead + 1)
