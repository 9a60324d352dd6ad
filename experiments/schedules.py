"""What a learning-rate schedule amounts to over a whole training."""

from dataclasses import dataclass

import numpy as np

from model.training import Schedule

POINTS = 600  # of a drawn curve


@dataclass(frozen=True)
class Course:
    """A schedule from first step to last: the steps and rates to draw, its highest rate and the
    first step that has it, the last rate, the sum of the rates of all steps, and the share of
    that sum that falls to the warm-up."""

    steps: list[int]
    rates: list[float]
    peak: float
    peak_at: int
    last: float
    area: float
    in_warmup: float


def course(schedule: Schedule) -> Course:
    """Every step is looked at; only the drawing is thinned."""
    rates = np.array([schedule.rate(step) for step in range(1, schedule.steps + 1)])
    top, area = int(rates.argmax()), float(rates.sum())
    drawn = _drawn(schedule)
    return Course(
        steps=drawn,
        rates=rates[np.array(drawn) - 1].tolist(),
        peak=float(rates[top]),
        peak_at=top + 1,
        last=float(rates[-1]),
        area=area,
        in_warmup=float(rates[: schedule.warmup].sum()) / area if area else 0.0,
    )


def _drawn(schedule: Schedule) -> list[int]:
    """About `POINTS` steps, and those before and after every kink and jump."""
    last = schedule.steps
    steps = {round(place) for place in np.linspace(1, last, min(last, POINTS))}
    edges = [1, schedule.warmup, last]
    if schedule.kind == "step":
        edges += list(range(schedule.warmup, last, max(schedule.every, last // POINTS)))
    steps |= {step for edge in edges for step in (edge, edge + 1) if 1 <= step <= last}
    return sorted(steps)
