"""Work in steps: shared by sessions, stopped by one of them, begun anew, and by two runs of one
session at once, since a reader's next change starts a new run while the old one is in a step."""

import gc
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import torch
from streamlit.testing.v1 import AppTest

from model import ModelError
from ui import gradual
from ui.bounded import Bounded
from ui.cores import DESK, SHORT, passing
from ui.gradual import again, begin, so_far, working
from ui.weight import weight

STEPS = 5


class Sessions(threading.local):
    """`st.session_state` of each thread, which is a session of its own."""

    def __init__(self) -> None:
        self.state: dict[str, object] = {}


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    sessions = Sessions()

    class State:
        def __getattr__(self, name: str) -> object:
            return getattr(sessions.state, name)

        def __setitem__(self, name: str, value: object) -> None:
            sessions.state[name] = value

    monkeypatch.setattr(gradual.st, "session_state", State())
    return sessions


class Work:
    """A generator that counts how often it was started and stepped, never two steps at once."""

    def __init__(self, name: str, step: Callable[[int], object] = lambda step: step) -> None:
        self.name, self.step = name, step
        self.started = self.steps = 0
        self.inside = False

    def start(self) -> Iterator[object]:
        self.started += 1
        for step in range(STEPS):
            assert not self.inside
            self.inside = True
            time.sleep(0.01)
            self.steps += 1
            self.inside = False
            yield self.step(step)

    def begin(self, within: float = math.inf) -> list[object]:
        begin(self.name, "settings", self.start, within)
        return so_far(self.name, "settings")


def test_a_new_run_joins_in_what_the_old_one_is_in_the_middle_of(sessions: Sessions) -> None:
    work, state = Work("two runs"), sessions.state

    def run() -> list[object]:
        sessions.state = state
        return work.begin()

    with ThreadPoolExecutor(2) as runs:
        for done in [runs.submit(run) for _ in range(2)]:
            assert done.result() == list(range(STEPS))
    assert not working(work.name, STEPS) and (work.started, work.steps) == (1, STEPS)


def test_a_class_measures_once(sessions: Sessions) -> None:
    work = Work("class")
    with ThreadPoolExecutor(8) as readers:
        for done in [readers.submit(work.begin) for _ in range(8)]:
            assert done.result() == list(range(STEPS))
    assert (work.started, work.steps) == (1, STEPS)
    sessions.state = {}
    assert work.begin() == list(range(STEPS))  # who comes later
    assert (work.started, work.steps) == (1, STEPS)


def test_measured_again_is_measured_anew_for_all(sessions: Sessions) -> None:
    work = Work("again")
    work.begin()
    again(work.name)
    assert so_far(work.name, "settings") == []
    work.begin()
    sessions.state = {}
    work.begin()
    assert work.started == 2


def test_other_settings_are_other_work(sessions: Sessions) -> None:
    work = Work("settings")
    work.begin()
    begin(work.name, "others", work.start, math.inf)
    assert work.started == 2 and so_far(work.name, "settings") == []


def test_what_fails_is_said_to_all_and_tried_anew(sessions: Sessions) -> None:
    def fail(step: int) -> int:
        if step == 2:
            raise ModelError("no", "it does not")
        return step

    work = Work("fails", fail)
    for tries in (1, 2):
        with pytest.raises(ModelError, match="it does not"):
            work.begin()
        assert work.started == tries and so_far(work.name, "settings") == []


def test_what_fails_otherwise_is_not_taken_for_the_whole(sessions: Sessions) -> None:
    def fail(step: int) -> float:
        return 1 / (2 - step)

    work = Work("breaks", fail)
    for tries in (1, 2):
        with pytest.raises(ZeroDivisionError):
            work.begin()
        assert work.started == tries


def test_what_nobody_waits_for_rests_and_goes_on(sessions: Sessions) -> None:
    work = Work("rests")
    some = work.begin(within=0.015)
    time.sleep(0.1)
    assert len(so_far(work.name, "settings")) <= len(some) + 1 < STEPS
    assert working(work.name, STEPS)


def test_a_reader_whose_run_is_ended_keeps_no_seat_and_no_place(sessions: Sessions) -> None:
    """Streamlit ends a run by raising in the middle of whatever it draws."""
    busy, begun = Event(), Event()

    def hold() -> None:
        begun.set()
        busy.wait(30)

    held = [DESK.ask("others", hold, 0.0) for _ in range(DESK.seats)]
    assert begun.wait(30)
    survey = gradual._survey(("ended", 1), Work("ended").start, keep=True)

    def end_run(_place: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gradual._advance(survey, math.inf, end_run)
    assert not DESK._waiting
    busy.set()
    assert all(place.wait(30) for place in held)


def test_what_is_done_lets_go_of_what_it_held(sessions: Sessions) -> None:
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)

    def start(held: Held = held) -> Iterator[int]:
        yield id(held)

    begin("held", 1, start, math.inf)
    del held, start
    sessions.state = {}
    DESK.ask("test", lambda: None, 0.0).result()  # the seat's thread forgets what it did before
    gc.collect()
    assert gone() is None


def test_a_seat_never_waits_for_who_waits_for_a_seat(sessions: Sessions) -> None:
    """A page makes a shared value and waits for a seat to do it; the work that has the seat wants
    that very value."""
    values: Bounded[int] = Bounded(10**6, weight)
    asked = Event()

    def make() -> int:
        asked.set()
        return passing(2 * SHORT, lambda: 7)

    def steps() -> Iterator[int]:
        assert asked.wait(30)
        while not DESK._waiting and not DESK.seats > 1:
            time.sleep(0.001)
        yield values.get("shared", make)

    with ThreadPoolExecutor(2) as readers:
        survey = readers.submit(begin, "seat", 1, steps, 30.0)
        page = readers.submit(values.get, "shared", make)
        assert page.result(30) == 7
        survey.result(30)


def test_a_pass_of_work_at_the_desk_takes_no_other_seat(sessions: Sessions) -> None:
    work = Work("nested", lambda step: passing(2 * SHORT, lambda: passing(SHORT, lambda: step)))
    assert work.begin(within=30) == list(range(STEPS))


def test_a_long_work_has_a_bar_and_a_place_in_the_queue() -> None:
    """Who waits behind others reads how many, and others' work goes on meanwhile."""

    def page() -> None:
        from ui.gradual import gradually

        gradually("queue", "settings", lambda: iter(range(3)), 3, "Counting", within=0.4)

    busy = Event()
    held = [DESK.ask(number, lambda: busy.wait(60), 0.0) for number in range(DESK.seats)]
    before = [DESK.ask("before", lambda: None, 0.0) for _ in range(2)]
    app = AppTest.from_function(page, default_timeout=60).run()
    assert "You are number 3 in the queue." in app.get("progress")[0].proto.text
    busy.set()
    assert all(place.wait(60) for place in (*held, *before))
    assert not app.run().get("progress") and not app.exception


def test_the_weight_of_results() -> None:
    tensor = torch.zeros(1000)
    assert 4000 <= weight([tensor, tensor[:10], (tensor,)]) < 5000
    assert weight({"a": [torch.zeros(10)] * 1000}) < 12_000
