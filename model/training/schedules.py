"""Learning-rate schedules: the rate at each step, as a pure function."""

import math
from dataclasses import dataclass
from typing import Literal

from model.errors import ModelError

Kind = Literal["constant", "linear", "cosine", "noam", "step"]
KINDS: tuple[Kind, ...] = ("constant", "linear", "cosine", "noam", "step")


@dataclass(frozen=True)
class Schedule:
    """The learning rate over a training of `steps` steps, which count from 1.

    peak: the highest rate. warmup: steps in which it rises in a straight line to the peak; 0:
    none. After it, by `kind`:

    constant: stays. linear: falls in a straight line to `floor` × peak at the last step.
    cosine: falls along half a cosine to `floor` × peak (Loshchilov & Hutter 2017,
        arXiv 1608.03983, §3, without restarts).
    noam: falls with 1/√step (Vaswani et al. 2017, §5.3, equation 3); needs a warm-up.
    step: is multiplied by `factor` after every `every` steps.
    """

    kind: Kind = "cosine"
    peak: float = 1e-3
    warmup: int = 0
    steps: int = 1000
    floor: float = 0.0
    factor: float = 0.5
    every: int = 200

    def __post_init__(self) -> None:
        sound = (
            self.kind in KINDS
            and 0 < self.peak <= 1e3
            and self.steps >= 1
            and 0 <= self.warmup <= self.steps
            and 0 <= self.floor <= 1
            and 0 < self.factor <= 1
            and self.every >= 1
        )
        if not sound:
            raise ModelError("bad-schedule", "no schedule has these settings: {what}", what=self)
        if self.kind == "noam" and not self.warmup:
            raise ModelError("noam-warmup", "this schedule starts with a warm-up of 1 step or more")

    def rate(self, step: int) -> float:
        """The learning rate of step 1, 2, …; beyond the last step it stays as it was there."""
        step = min(max(step, 1), self.steps)
        if step <= self.warmup:
            return self.peak * step / self.warmup
        if self.kind == "noam":
            return self.peak * math.sqrt(self.warmup / step)
        after = step - self.warmup
        if self.kind == "step":
            return self.peak * self.factor ** ((after - 1) // self.every)
        if self.kind == "constant":
            return self.peak
        done = after / (self.steps - self.warmup)  # 0 to 1
        left = 1 - done if self.kind == "linear" else (1 + math.cos(math.pi * done)) / 2
        return self.peak * (self.floor + (1 - self.floor) * left)


def noam_peak(d_model: int, warmup: int) -> float:
    """The peak that Vaswani et al. 2017, §5.3, arrive at: d_model^-½ · warmup^-½."""
    return (d_model * warmup) ** -0.5
