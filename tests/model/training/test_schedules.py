"""Learning-rate schedules: against torch.optim.lr_scheduler and the paper's own numbers."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    StepLR,
)

from model import ModelError
from model.training import Schedule
from model.training.schedules import KINDS, Kind, noam_peak

STEPS, WARMUP, PEAK, FLOOR = 40, 8, 3e-3, 0.1


def course(schedule: Schedule) -> list[float]:
    return [schedule.rate(step) for step in range(1, schedule.steps + 1)]


def reference(make: Callable[[torch.optim.Optimizer], LRScheduler], count: int) -> list[float]:
    """The rates of torch's scheduler at its epochs 0, 1, …"""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = make(optimizer)
    rates = []
    for _ in range(count):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


def rising() -> list[float]:
    """Torch's straight line up to the peak, which its epoch WARMUP - 1 reaches."""
    return reference(lambda o: LinearLR(o, 1 / WARMUP, 1.0, WARMUP - 1), WARMUP)


def falling(kind: Kind, length: int) -> list[float]:
    """Torch's rates of the `length` steps after the peak."""
    makers: dict[Kind, Callable[[torch.optim.Optimizer], LRScheduler]] = {
        "constant": lambda o: ConstantLR(o, 1.0, length),
        "linear": lambda o: LinearLR(o, 1.0, FLOOR, length),
        "cosine": lambda o: CosineAnnealingLR(o, length, FLOOR * PEAK),
        "step": lambda o: StepLR(o, 10, 0.5),
    }
    rates = reference(makers[kind], length + 1)
    # torch counts a step decay from its first epoch, the curves from the peak that is its epoch 0
    return rates[:-1] if kind == "step" else rates[1:]


@pytest.mark.parametrize("warmup", [0, WARMUP])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "noam"])
def test_every_kind_equals_torchs_schedulers(kind: Kind, warmup: int) -> None:
    schedule = Schedule(kind, PEAK, warmup, STEPS, FLOOR, factor=0.5, every=10)
    expected = (rising() if warmup else []) + falling(kind, STEPS - warmup)
    assert course(schedule) == pytest.approx(expected, rel=1e-9)


def test_noam_is_the_papers_equation_3() -> None:
    schedule = Schedule("noam", noam_peak(512, 4000), warmup=4000, steps=100_000)
    for step in (1, 17, 2000, 3999, 4000, 4001, 50_000, 100_000):
        equation = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)
        assert schedule.rate(step) == pytest.approx(equation, rel=1e-12)


def test_the_papers_peak_worked_by_hand() -> None:
    # 512 · 4000 = 2,048,000, whose root is 1431.08…
    assert noam_peak(512, 4000) == pytest.approx(6.98771e-4, rel=1e-5)
    schedule = Schedule("noam", noam_peak(512, 4000), warmup=4000, steps=100_000)
    assert schedule.rate(16_000) == pytest.approx(noam_peak(512, 4000) / 2)  # 4 times as late


def test_values_worked_by_hand() -> None:
    cosine = Schedule("cosine", peak=8.0, warmup=4, steps=8, floor=0.5)
    assert course(cosine) == pytest.approx(
        [2, 4, 6, 8, 4 + 2 * (1 + 0.5**0.5), 6, 4 + 2 * (1 - 0.5**0.5), 4]
    )
    linear = Schedule("linear", peak=8.0, warmup=0, steps=4)
    assert course(linear) == pytest.approx([6, 4, 2, 0])
    steps = Schedule("step", peak=8.0, warmup=1, steps=6, factor=0.5, every=2)
    assert course(steps) == pytest.approx([8, 8, 8, 4, 4, 2])


schedules = st.builds(
    lambda kind, peak, warmup, more, floor, factor, every: Schedule(
        kind, peak, max(warmup, kind == "noam"), warmup + more, floor, factor, every
    ),
    kind=st.sampled_from(KINDS),
    peak=st.floats(1e-6, 1e3),
    warmup=st.integers(0, 50),
    more=st.integers(1, 100),
    floor=st.floats(0, 1),
    factor=st.floats(0.01, 1),
    every=st.integers(1, 60),
)


@given(schedules)
def test_rates_rise_to_the_peak_and_never_rise_again(schedule: Schedule) -> None:
    rates = course(schedule)
    rise, fall = rates[: schedule.warmup], rates[max(0, schedule.warmup - 1) :]
    assert rise == sorted(rise)
    assert all(a >= b * (1 - 1e-9) for a, b in pairwise(fall))
    assert max(rates) <= schedule.peak * (1 + 1e-9)
    assert min(rates) >= 0
    if schedule.warmup:
        assert schedule.rate(schedule.warmup) == pytest.approx(schedule.peak)
    if schedule.kind in ("linear", "cosine") and schedule.warmup < schedule.steps:
        assert rates[-1] == pytest.approx(schedule.floor * schedule.peak)


@given(schedules, st.floats(0.01, 0.9))
def test_the_curve_scales_with_its_peak(schedule: Schedule, share: float) -> None:
    lower = replace(schedule, peak=schedule.peak * share)
    assert course(lower) == pytest.approx([share * rate for rate in course(schedule)])


@given(schedules, st.integers(-5, 500))
def test_beyond_either_end_the_rate_stays(schedule: Schedule, step: int) -> None:
    inside = min(max(step, 1), schedule.steps)
    assert schedule.rate(step) == schedule.rate(inside)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"kind": "triangle"}, "bad-schedule"),
        ({"peak": 0.0}, "bad-schedule"),
        ({"peak": math.nan}, "bad-schedule"),
        ({"warmup": 11}, "bad-schedule"),
        ({"warmup": -1}, "bad-schedule"),
        ({"steps": 0}, "bad-schedule"),
        ({"floor": 1.1}, "bad-schedule"),
        ({"factor": 0.0}, "bad-schedule"),
        ({"every": 0}, "bad-schedule"),
        ({"kind": "noam"}, "noam-warmup"),
    ],
)
def test_settings_that_make_no_schedule_are_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as raised:
        Schedule(**{"kind": "cosine", "steps": 10} | settings)
    assert raised.value.code == code
