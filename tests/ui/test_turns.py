"""Threads that take turns."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from ui.turns import Turns


def in_order(turns: Turns, work: Callable[[int], None], threads: int) -> None:
    """Run `work` of each number in a turn of its own; number n comes when n - 1 already waits."""

    def run(number: int) -> None:
        with turns.taken():
            work(number)

    with ThreadPoolExecutor(threads) as pool:
        futures = []
        for number in range(threads):
            futures.append(pool.submit(run, number))
            time.sleep(0.01)
        for future in futures:
            future.result()


def test_one_after_the_other_in_the_order_of_coming() -> None:
    inside, order = [0], []

    def work(number: int) -> None:
        inside[0] += 1
        assert inside[0] == 1
        time.sleep(0.03)
        order.append(number)
        inside[0] -= 1

    in_order(Turns(patience=60), work, threads=8)
    assert order == list(range(8))


def test_one_that_takes_long_loses_its_turn_to_the_next() -> None:
    turns, slow, done = Turns(patience=0.05), Event(), []

    def work(number: int) -> None:
        if number == 0:
            assert slow.wait(60)  # until all others are through
        done.append(number)
        if len(done) == 3:
            slow.set()

    in_order(turns, work, threads=4)
    assert done == [1, 2, 3, 0]
    with turns.taken():  # what was lost is not given back twice
        done.append(4)


def test_what_takes_long_may_leave_its_turn_to_others() -> None:
    turns, left, served = Turns(patience=60), Event(), Event()

    def work(number: int) -> None:
        if number == 0:
            with turns.given():
                left.set()
                assert served.wait(60)
        else:
            assert left.wait(60)
            served.set()

    in_order(turns, work, threads=2)


def test_without_a_turn_there_is_none_to_give() -> None:
    turns = Turns(patience=60)
    with turns.given(), turns.taken():
        pass
    with turns.taken():
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns(patience=60)
    with pytest.raises(KeyError), turns.taken():
        raise KeyError("no")
    with turns.taken():
        pass


def test_many_threads_lose_no_turn() -> None:
    turns, together = Turns(patience=0.001), Barrier(12)
    count: list[int] = []

    def work(number: int) -> None:
        together.wait()
        for _ in range(50):
            with turns.taken():
                count.append(number)
                with turns.given():
                    pass

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert len(count) == 600
    with turns.taken():
        pass
