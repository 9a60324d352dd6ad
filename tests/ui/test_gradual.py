"""Work in steps, by two runs of one session at once: a reader's next change starts a new run while
the old one is still in the middle of a step."""

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ui import gradual
from ui.gradual import begin, so_far, working

STEPS = 5
WORK = "work", "settings"


def slowly() -> Iterator[int]:
    """A generator that is asked for a step while it is in one raises ValueError."""
    for step in range(STEPS):
        time.sleep(0.02)
        yield step


def test_a_new_run_waits_until_the_old_one_has_ended_its_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gradual.st, "session_state", {})
    gradual._work_of(*WORK, slowly)  # the one that both find
    with ThreadPoolExecutor(2) as runs:
        both = [runs.submit(begin, *WORK, slowly, math.inf) for _ in range(2)]
        for run in both:
            run.result()
    assert so_far(*WORK) == list(range(STEPS))
    assert not working("work", STEPS)
