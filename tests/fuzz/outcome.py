"""How cases end. Imports nothing of the project: a process that needs only this is quick."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

End = Literal["value", "refused", "defect"]


@dataclass(frozen=True)
class Outcome:
    """How a case ended: `what` is the error's code, or what is wrong, and where."""

    end: End
    what: str
    seconds: float
    megabytes: float


@dataclass
class Tally:
    """What became of one reader's cases."""

    cases: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    defects: dict[str, list[int]] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[float, int] = (0.0, -1)

    def add(self, number: int, outcome: Outcome) -> None:
        self.cases += 1
        self.ends[outcome.end] += 1
        self.slowest = max(self.slowest, (outcome.seconds, number))
        self.largest = max(self.largest, (outcome.megabytes, number))
        if outcome.end == "refused":
            self.codes[outcome.what] += 1
        if outcome.end == "defect":
            self.defects.setdefault(outcome.what, []).append(number)
