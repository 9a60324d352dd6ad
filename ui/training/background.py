"""Trainings behind the page: a few a server, one a session, each in a thread of its own."""

import ctypes
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Literal

import streamlit as st
import torch
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from experiments.live_training import Moment, Pair, Plan, moments
from ui.environment import trainings

PATIENCE = 300  # seconds for which a training goes on while nobody looks

State = Literal["running", "paused", "stopped", "done", "failed"]


class Live:
    """One session's training of a pair. It has a thread, and one of the server's places, only
    while it runs; without them it is a list of moments and a generator that can go on.

    The thread alone advances the generator and appends to `seen`; the moments never change, so a
    page may read them at any time.
    """

    def __init__(
        self,
        plan: Plan,
        pair: Pair,
        places: BoundedSemaphore,
        anybody: Callable[[], bool] = lambda: True,
    ) -> None:
        self.plan, self.pair = plan, pair
        self.seen: list[Moment] = []
        self._moments: Iterator[Moment] = moments(plan, pair)
        self._places, self._anybody = places, anybody
        self._wanted = Event()
        self._work: Future[None] | None = None
        self._ended: Literal["stopped", "done"] | None = None
        self._last_look = time.monotonic()

    @property
    def state(self) -> State:
        if self._work is not None and not self._work.done():
            return "running"
        if self.error is not None:
            return "failed"
        return self._ended or "paused"

    @property
    def error(self) -> BaseException | None:
        """What ended it, if it failed."""
        if self._work is None or not self._work.done():
            return None
        return self._work.exception()

    def go_on(self) -> bool:
        """Start it, or go on; False where the server has no place left."""
        if self.state != "paused":
            return True
        if not self._places.acquire(blocking=False):
            return False
        self.look()
        self._wanted.set()
        thread = ThreadPoolExecutor(1, thread_name_prefix="training")
        self._work = thread.submit(self._advance)
        thread.shutdown(wait=False)
        return True

    def pause(self) -> None:
        """Wait for the step under way, then rest; all that was seen stays."""
        self._wanted.clear()
        if self._work is not None:
            wait([self._work])

    def stop(self) -> None:
        """Pause for good, and let the models go."""
        self.pause()
        if self.state == "paused":
            self._moments, self._ended = iter(()), "stopped"

    def look(self) -> None:
        """Tell it that a reader is there."""
        self._last_look = time.monotonic()

    def _advance(self) -> None:
        try:
            use_one_thread()
            while self._wanted.is_set() and self._watched():
                moment = next(self._moments, None)
                if moment is None:
                    self._ended = "done"
                    return
                self.seen.append(moment)
        finally:
            self._places.release()

    def _watched(self) -> bool:
        return time.monotonic() - self._last_look < PATIENCE and self._anybody()


@st.cache_resource(show_spinner=False)
def places() -> BoundedSemaphore:
    """The server's places for trainings that run: two, or what the environment says."""
    return BoundedSemaphore(trainings())


def session_open() -> Callable[[], bool]:
    """A function that tells any thread whether the session that called this is still open."""
    context = get_script_run_ctx()
    session = context.session_id if context is not None else ""
    return lambda: not Runtime.exists() or Runtime.instance().is_active_session(session)


def use_one_thread() -> None:
    """Have this thread compute on one core: several would spend more time on meeting than on
    matrices as small as these, and take the cores from the pages.

    `torch.set_num_threads` is remembered for every thread that starts afterwards; OpenMP itself
    keeps the number per thread. Without its library in its usual place nothing changes.
    """
    torch.get_num_threads()  # torch sets a new thread's number at its first call, not after ours
    for library in (Path(torch.__file__).parent / "lib").glob("libgomp*"):
        ctypes.CDLL(str(library)).omp_set_num_threads(1)
