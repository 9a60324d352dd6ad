"""The cache that is bounded in bytes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ui.bounded import Bounded, memory


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40)), max_size=60))
def test_it_holds_the_latest_and_never_more_than_its_bound(asked: list[tuple[int, int]]) -> None:
    cache: Bounded[int] = Bounded(50, size=lambda value: value)
    for key, size in asked:
        cache.get(key, lambda size=size: size)
        assert cache.bytes <= 50
        assert cache.find(key) is not None


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    cache: Bounded[int] = Bounded(30, size=lambda value: value)
    for key in "abc":
        cache.put(key, 10)
    cache.find("a")
    cache.put("d", 10)
    assert [cache.find(key) for key in "abcd"] == [10, None, 10, 10]


def test_small_values_are_bounded_in_number() -> None:
    cache: Bounded[int] = Bounded(1000, size=lambda value: value, entries=2)
    for key in "abc":
        cache.put(key, 1)
    assert [cache.find(key) for key in "abc"] == [None, 1, 1]


def test_a_value_larger_than_the_bound_is_held_alone() -> None:
    cache: Bounded[int] = Bounded(30, size=lambda value: value)
    cache.put("small", 10)
    cache.put("large", 99)
    assert cache.find("large") == 99
    assert cache.find("small") is None


def test_two_who_ask_at_once_get_one_value() -> None:
    cache: Bounded[list] = Bounded(30, size=len)
    together = Barrier(8)

    def ask(_: int) -> list:
        together.wait()
        return cache.get("key", lambda: [0])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len({id(value) for value in found}) == 1


def test_what_fails_is_raised_and_made_again() -> None:
    cache: Bounded[int] = Bounded(30, size=lambda value: value)

    def fail() -> int:
        raise KeyError("no")

    with pytest.raises(KeyError):
        cache.get("key", fail)
    assert cache.get("key", lambda: 3) == 3


def test_a_slice_counts_as_what_it_was_cut_from_and_once() -> None:
    whole = torch.zeros(100, 10)
    assert memory([whole[:1], whole[5], torch.zeros(3)]) == 100 * 10 * 4 + 3 * 4
