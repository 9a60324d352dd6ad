"""Several things timed in turns: what else the machine does falls on all of them alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median

Take = Callable[[], float]  # does the thing once and gives the seconds that it took


def medians(takes: Mapping[str, Take], rounds: int) -> dict[str, float]:
    """The median seconds of each thing over so many rounds, after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in takes}
    for number in range(rounds + 1):
        for name, take in takes.items():
            took = take()
            if number:
                seconds[name].append(took)
    return {name: median(taken) for name, taken in seconds.items()}


def timed(work: Callable[[], object]) -> Take:
    """Work as something to take the time of."""

    def take() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return take
