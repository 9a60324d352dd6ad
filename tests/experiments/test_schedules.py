"""What schedules amount to, against sums worked out by hand."""

import pytest

from experiments.schedules import POINTS, course
from model.training import Schedule


def test_a_course_worked_by_hand() -> None:
    found = course(Schedule("linear", peak=4.0, warmup=4, steps=8))
    assert found.steps == list(range(1, 9))
    assert found.rates == pytest.approx([1, 2, 3, 4, 3, 2, 1, 0])
    assert (found.peak, found.peak_at, found.last) == (4, 4, 0)
    assert found.area == pytest.approx(16)
    assert found.in_warmup == pytest.approx(10 / 16)


def test_a_long_course_is_thinned_but_keeps_its_corners() -> None:
    schedule = Schedule("step", peak=1.0, warmup=123, steps=50_000, factor=0.5, every=10_001)
    found = course(schedule)
    assert len(found.steps) < 2 * POINTS
    for step in (1, 123, 124, 10_124, 10_125, 50_000):
        assert step in found.steps
    assert found.rates == [schedule.rate(step) for step in found.steps]
    by_hand = 123 * 124 / 2 / 123 + 10_001 * (1 + 0.5 + 0.25 + 0.125)
    by_hand += (50_000 - 123 - 4 * 10_001) * 0.0625
    assert found.area == pytest.approx(by_hand)


def test_without_a_warm_up_nothing_falls_to_it() -> None:
    found = course(Schedule("constant", peak=2.0, steps=10))
    assert (found.peak_at, found.area, found.in_warmup) == (1, pytest.approx(20), 0)
