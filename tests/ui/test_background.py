"""Trainings behind the page: they pause, go on, end, and give their place back."""

import time
from dataclasses import replace
from threading import Event

import pytest

from experiments.live_training import Moment, Plan, Setting, moments
from ui.desk import Desk
from ui.training import background
from ui.training.background import Live

pytestmark = pytest.mark.usefixtures("one_core")

PLAN = Plan(layers=1, width=16, steps=30, batch=4)
PAIR = (Setting(warmup=5), Setting(warmup=0))


LONG = replace(PLAN, steps=2000)


def live(places: Desk | None = None, plan: Plan = PLAN, who: str = "somebody") -> Live:
    return Live(plan, PAIR, places or Desk(1, "test"), who)


def free(places: Desk) -> bool:
    """Whether a seat is free at once."""
    return places.ask("test", lambda: None, 0.0).wait(5)


def until_it_rests(training: Live) -> None:
    deadline = time.monotonic() + 60
    while training.state in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def losses(seen: list[Moment]) -> list[tuple[float, ...]]:
    return [tuple(p.loss for p in moment.progress) for moment in seen if moment.progress]


def test_it_runs_to_its_end_and_gives_its_place_back() -> None:
    places = Desk(1, "test")
    training = live(places)
    assert training.state == "paused" and not training.seen
    training.go_on()
    until_it_rests(training)
    assert training.state == "done" and training.error is None
    assert [moment.step for moment in training.seen] == list(range(31))
    assert free(places)


def test_paused_and_gone_on_it_is_the_same_training() -> None:
    training = live(plan=replace(PLAN, steps=60))
    training.go_on()
    while len(training.seen) < 5:
        time.sleep(0.01)
    training.pause()
    rested = len(training.seen)
    assert training.state == "paused" and rested < 61
    time.sleep(0.1)
    assert len(training.seen) == rested
    training.go_on()
    until_it_rests(training)
    assert losses(training.seen) == losses(list(moments(training.plan, PAIR)))


def test_on_a_full_server_it_waits_and_starts_by_itself() -> None:
    places = Desk(1, "test")
    first, second, third = live(places, LONG, "a"), live(places, who="b"), live(places, who="c")
    for training in (first, second, third):
        training.go_on()
    assert [one.state for one in (first, second, third)] == ["running", "waiting", "waiting"]
    assert [one.ahead for one in (first, second, third)] == [0, 0, 1]
    assert not second.seen and not third.seen
    first.pause()
    until_it_rests(second)
    until_it_rests(third)
    assert second.state == third.state == "done"
    first.go_on()  # nothing was lost
    assert first.state == "running"
    first.stop()
    first.go_on()
    assert first.state == "stopped" and free(places)


def test_who_leaves_the_queue_is_not_trained() -> None:
    places = Desk(1, "test")
    first, second, third = live(places, LONG, "a"), live(places, who="b"), live(places, who="c")
    for training in (first, second, third):
        training.go_on()
    second.pause()
    assert second.state == "paused" and third.ahead == 0
    began = time.monotonic()
    third.left(began - 1)  # the session has drawn the training's page
    assert third.state == "waiting"
    third.left(began + 1)  # and now another
    assert third.state == "paused"
    first.left(began + 1)  # what runs goes on
    assert first.state == "running"
    first.stop()
    assert not second.seen and not third.seen


def test_a_session_that_is_gone_leaves_the_queue() -> None:
    places, there = Desk(1, "test"), [True]
    first = live(places, LONG, "a")
    gone = Live(PLAN, PAIR, places, "b", lambda: there[0])
    last = live(places, who="c")
    for training in (first, gone, last):
        training.go_on()
    assert last.ahead == 1
    there[0] = False
    assert last.ahead == 0
    first.stop()
    until_it_rests(last)
    assert last.state == "done" and gone.state == "paused" and not gone.seen


def test_it_rests_when_its_session_is_gone() -> None:
    places, there = Desk(1, "test"), [True]
    training = Live(LONG, PAIR, places, "somebody", lambda: there[0])
    training.go_on()
    there[0] = False
    until_it_rests(training)
    assert training.state == "paused"
    assert free(places)


def test_it_rests_when_nobody_has_looked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    training = live(plan=LONG)
    training.go_on()
    until_it_rests(training)
    assert training.state == "paused" and len(training.seen) < 2001
    training.stop()


def test_one_that_fails_says_so_and_gives_its_place_back() -> None:
    places = Desk(1, "test")
    training = live(places, replace(PLAN, batch=10**7))
    training.go_on()
    until_it_rests(training)
    assert training.state == "failed"
    assert "MB" in str(training.error)
    training.go_on()
    assert training.state == "failed" and free(places)


def test_a_pause_does_not_wait_for_a_busy_desk() -> None:
    """Its next step may be far behind in the queue."""
    desk, busy = Desk(1, "test"), Event()
    training = Live(LONG, PAIR, Desk(1, "test"), "a", desk=desk)
    training.go_on()
    while len(training.seen) < 3:
        time.sleep(0.01)
    other = desk.ask("b", lambda: busy.wait(30), 0.0)
    while other.ahead is not None:
        time.sleep(0.001)
    training.pause()
    assert training.state == "paused"
    busy.set()
