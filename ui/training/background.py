"""Trainings behind the page: a few a server, one a session, the others in a queue."""

import time
from collections.abc import Callable, Hashable, Iterator
from typing import Literal

import streamlit as st

from experiments.live_training import Moment, Pair, Plan, moments
from ui.cores import DESK
from ui.desk import Desk, Place
from ui.environment import trainings

PATIENCE = 300  # seconds for which a training goes on while nobody looks
SPELL = 0.1  # seconds of steps that are done in one go

LIVE = "live training"  # the session's, whichever page it is on

State = Literal["waiting", "running", "paused", "stopped", "done", "failed"]


class Live:
    """One session's training of a pair. It waits for one of the server's places, begins when it
    gets one, and has it only while it runs; without it, it is a list of moments and a generator
    that can go on. Its steps are done at the desk, where long work of all kinds takes turns.

    One thread at a time advances the generator and appends to `seen`; the moments never change, so
    a page may read them at any time.
    """

    def __init__(
        self,
        plan: Plan,
        pair: Pair,
        places: Desk,
        who: Hashable = None,
        anybody: Callable[[], bool] = lambda: True,
        desk: Desk = DESK,
    ) -> None:
        self.plan, self.pair = plan, pair
        self.seen: list[Moment] = []
        self._moments: Iterator[Moment] = moments(plan, pair)
        self._places, self._who, self._anybody, self._desk = places, who, anybody, desk
        self._wanted = False
        self._place: Place[None] | None = None
        self._spell: Place[None] | None = None
        self._ended: Literal["stopped", "done"] | None = None
        self._last_look = time.monotonic()

    @property
    def state(self) -> State:
        if self._place is not None and not self._place.wait(0):
            return "running" if self._place.ahead is None else "waiting"
        return "failed" if self.error is not None else self._ended or "paused"

    @property
    def error(self) -> BaseException | None:
        """What ended it, if it failed."""
        return self._place.error if self._place is not None else None

    @property
    def ahead(self) -> int:
        """How many trainings begin before this one, which waits."""
        return (self._place and self._place.ahead) or 0

    def go_on(self) -> None:
        """Start it, or go on, as soon as there is a place."""
        if self.state == "paused":
            self.look()
            self._wanted = True
            self._place = self._places.ask(self._who, self._run, 0.0, there=self._watched)

    def pause(self) -> None:
        """Leave the queue, or wait for the step under way; then rest. All that was seen stays."""
        self._wanted = False
        if self._spell is not None:
            self._spell.leave()
        if self._place is not None and not self._place.leave():
            self._place.wait()

    def stop(self) -> None:
        """Pause for good, and let the models go."""
        self.pause()
        if self.state == "paused":
            self._moments, self._ended = iter(()), "stopped"

    def look(self) -> None:
        """Tell it that a reader is there."""
        self._last_look = time.monotonic()

    def left(self, began: float) -> None:
        """The session has drawn a page since then: who waits and was not looked at is no longer
        on the page, and leaves the queue."""
        if self._last_look < began and self._place is not None:
            self._place.leave()

    def _run(self) -> None:
        while self._wanted and self._watched() and self._ended is None:
            self._spell = self._desk.ask(self._who, self._advance, SPELL)
            self._spell.wait()
            if not self._spell.left:
                self._spell.result()  # raises what ended it

    def _advance(self) -> None:
        until = time.monotonic() + SPELL
        for moment in self._moments:
            self.seen.append(moment)
            if not self._wanted or time.monotonic() > until:
                return
        self._ended = "done"

    def _watched(self) -> bool:
        return time.monotonic() - self._last_look < PATIENCE and self._anybody()


@st.cache_resource(show_spinner=False)
def places() -> Desk:
    """The server's places for trainings that run: two, or what the environment says."""
    return Desk(trainings(), "training")


def leave_the_queue(began: float) -> None:
    """The session has drawn a page since then, maybe another than that of its training."""
    live: Live | None = st.session_state.get(LIVE)
    if live is not None:
        live.left(began)
