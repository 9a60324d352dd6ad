"""Trainings behind the page: they pause, go on, end, and give their place back."""

import time
from dataclasses import replace
from threading import BoundedSemaphore, Thread

import pytest
import torch

from experiments.live_training import Moment, Plan, Setting, moments
from ui.training import background
from ui.training.background import Live, use_one_thread

pytestmark = pytest.mark.usefixtures("one_core")

PLAN = Plan(layers=1, width=16, steps=30, batch=4)
PAIR = (Setting(warmup=5), Setting(warmup=0))


def live(places: BoundedSemaphore | None = None, plan: Plan = PLAN) -> Live:
    return Live(plan, PAIR, places or BoundedSemaphore(1))


def until_it_rests(training: Live) -> None:
    deadline = time.monotonic() + 60
    while training.state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def losses(seen: list[Moment]) -> list[tuple[float, ...]]:
    return [tuple(p.loss for p in moment.progress) for moment in seen if moment.progress]


def test_it_runs_to_its_end_and_gives_its_place_back() -> None:
    places = BoundedSemaphore(1)
    training = live(places)
    assert training.state == "paused" and not training.seen
    assert training.go_on()
    until_it_rests(training)
    assert training.state == "done" and training.error is None
    assert [moment.step for moment in training.seen] == list(range(31))
    assert places.acquire(blocking=False)


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


def test_a_full_server_refuses_until_a_place_is_free() -> None:
    places = BoundedSemaphore(1)
    first, second = live(places, replace(PLAN, steps=2000)), live(places)
    assert first.go_on()
    assert not second.go_on()
    assert second.state == "paused" and second.error is None
    first.pause()
    assert second.go_on()
    until_it_rests(second)
    assert second.state == "done"
    assert first.go_on()  # nothing was lost
    first.stop()
    assert first.state == "stopped" and first.go_on() and first.state == "stopped"
    assert places.acquire(blocking=False)


def test_it_rests_when_its_session_is_gone() -> None:
    places, there = BoundedSemaphore(1), [True]
    training = Live(replace(PLAN, steps=2000), PAIR, places, lambda: there[0])
    training.go_on()
    there[0] = False
    until_it_rests(training)
    assert training.state == "paused"
    assert places.acquire(blocking=False)


def test_it_rests_when_nobody_has_looked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    training = live(plan=replace(PLAN, steps=2000))
    training.go_on()
    until_it_rests(training)
    assert training.state == "paused" and len(training.seen) < 2001
    training.stop()


def test_one_that_fails_says_so_and_gives_its_place_back() -> None:
    places = BoundedSemaphore(1)
    training = live(places, replace(PLAN, batch=10**7))
    training.go_on()
    until_it_rests(training)
    assert training.state == "failed"
    assert "MB" in str(training.error)
    assert places.acquire(blocking=False)


def test_one_thread_is_one_threads_own_business() -> None:
    torch.set_num_threads(2)
    seen: dict[str, int] = {}

    def alone() -> None:
        use_one_thread()
        seen["alone"] = torch.get_num_threads()

    def later() -> None:
        seen["later"] = torch.get_num_threads()

    before = torch.get_num_threads()
    for work in (alone, later):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert seen == {"alone": 1, "later": before}
    assert torch.get_num_threads() == before
