"""The queue in front of the seats: what is short first, nobody for ever, no session all of it."""

import gc
import random
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.desk import Desk, Place

PATIENCE = 30


class Busy:
    """A desk whose only seat is taken until `free` is set."""

    def __init__(self) -> None:
        self.desk, self.free, self.order = Desk(1, "test"), Event(), []
        self.first = self.desk.ask("somebody", lambda: self.free.wait(PATIENCE), 0.0)

    def ask(self, who: str, seconds: float, **more: object) -> Place[None]:
        name = f"{who} {seconds:g}"
        return self.desk.ask(who, lambda: self.order.append(name), seconds, **more)  # type: ignore[arg-type]

    def served(self, *places: Place[None]) -> list[str]:
        self.free.set()
        assert all(place.wait(PATIENCE) for place in places)
        return self.order


def test_a_free_seat_is_taken_at_once() -> None:
    desk = Desk(2, "test")
    assert desk.ask("a", lambda: 5, 1.0).result() == 5
    with pytest.raises(KeyError):
        desk.ask("a", lambda: {}["no"], 1.0).result()
    assert desk.ask("a", lambda: 6, 1.0).result() == 6  # the seat was given back


def test_what_is_short_comes_first() -> None:
    busy = Busy()
    places = [busy.ask(who, seconds) for who, seconds in (("a", 9), ("b", 1), ("c", 5))]
    assert [place.ahead for place in places] == [2, 0, 1]
    assert busy.first.ahead is None
    assert busy.served(*places) == ["b 1", "c 5", "a 9"]


def test_alike_they_come_in_the_order_of_coming() -> None:
    busy = Busy()
    places = [busy.ask(who, 1) for who in "abcdef"]
    assert busy.served(*places) == [f"{who} 1" for who in "abcdef"]


def test_one_session_does_not_fill_the_queue() -> None:
    busy = Busy()
    greedy = [busy.ask("greedy", 2) for _ in range(20)]
    modest = busy.ask("modest", 3)
    assert modest.ahead == 1
    assert busy.served(modest, *greedy)[1] == "modest 3"


def test_what_came_long_ago_comes_before_what_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("ui.desk.time.monotonic", lambda: now[0])
    busy = Busy()
    long = busy.ask("a", 10)
    now[0] = 11
    short = busy.ask("b", 0.1)
    assert (long.ahead, short.ahead) == (0, 1)
    busy.served(long, short)


def test_who_leaves_is_not_served_and_keeps_nobody_waiting() -> None:
    busy = Busy()
    first, second = busy.ask("a", 1), busy.ask("b", 2)
    assert first.leave() and first.left and first.wait(0)
    assert second.ahead == 0
    with pytest.raises(CancelledError):
        first.result()
    assert busy.served(second) == ["b 2"]
    assert not second.leave() and not second.left


def test_who_comes_back_has_the_place_kept() -> None:
    busy = Busy()
    first, others = busy.ask("a", 1), [busy.ask(who, 2) for who in "bcd"]
    first.leave()
    back = busy.ask("a", 50, since=first.due)
    assert back.ahead == 0
    assert busy.served(back, *others)[0] == "a 50"


def test_who_is_gone_is_struck_out() -> None:
    busy, there = Busy(), [True]
    gone = busy.ask("a", 1, there=lambda: there[0])
    other = busy.ask("b", 2)
    assert other.ahead == 1
    there[0] = False
    assert other.ahead == 0 and gone.left
    assert busy.served(gone, other) == ["b 2"]


def test_work_that_has_begun_ends_though_nobody_waits() -> None:
    desk, begun, go = Desk(1, "test"), Event(), Event()
    done = []

    def work() -> None:
        begun.set()
        go.wait(PATIENCE)
        done.append(1)

    place = desk.ask("a", work, 1)
    assert begun.wait(PATIENCE)
    assert not place.leave() and not place.left
    go.set()
    assert place.wait(PATIENCE) and done == [1]


def test_work_knows_that_it_has_a_seat() -> None:
    desk = Desk(1, "test")
    assert desk.ask("a", lambda: desk.seated, 1).result() and not desk.seated


def test_what_work_held_can_go() -> None:
    class Held:
        pass

    desk, held = Desk(1, "test"), Held()
    gone = weakref.ref(held)
    place = desk.ask("a", lambda held=held: None, 1)  # type: ignore[misc]
    place.result()
    del held
    gc.disable()
    try:
        desk.ask("b", lambda: None, 1).result()  # the seat's thread has forgotten the work before
        assert gone() is None
    finally:
        gc.enable()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.floats(0, 30), st.booleans(), st.booleans()),
        max_size=24,
    ),
    st.integers(1, 3),
)
def test_everybody_is_served_once_or_has_left(
    asked: list[tuple[str, float, bool, bool]], seats: int
) -> None:
    """Whatever is asked, by whomever, however it ends; never more at once than seats."""
    desk, lock = Desk(seats, "test"), threading.Lock()
    inside, most, served = [0], [0], []

    def work(number: int, fails: bool) -> Callable[[], int]:
        def run() -> int:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                served.append(number)
            with lock:
                inside[0] -= 1
            if fails:
                raise SystemExit(number)
            return number

        return run

    places = []
    for number, (who, seconds, fails, leaves) in enumerate(asked):
        place = desk.ask(who, work(number, fails), seconds)
        places.append((number, place, fails, leaves and place.leave()))
    for number, place, fails, left in places:
        assert place.wait(PATIENCE)
        assert place.left == left and place.ahead is None
        if left:
            assert number not in served
        elif fails:
            with pytest.raises(SystemExit):
                place.result()
        else:
            assert place.result() == number
    assert sorted(served) == [number for number, _place, _fails, left in places if not left]
    assert most[0] <= seats


def test_many_threads_ask_and_leave_and_none_waits_for_ever() -> None:
    desk, count = Desk(2, "test"), [0]

    def reader(number: int) -> int:
        dice, served = random.Random(number), 0
        for _ in range(100):
            place = desk.ask(number, lambda: time.sleep(0.0001), dice.uniform(0, 0.01))
            if dice.random() < 0.3:
                served += not place.leave()
            else:
                served += place.wait(PATIENCE)
            assert place.wait(PATIENCE)
        count[0] += 1
        return served

    with ThreadPoolExecutor(16) as pool:
        assert min(pool.map(reader, range(16))) >= 50
    assert count == [16]
    assert desk.ask("after", lambda: "all", 0).result() == "all"
