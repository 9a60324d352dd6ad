"""How the sessions share the machine's cores."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import torch

from ui.turns import Turns

SWITCH = 0.0005  # seconds that a thread may keep Python to itself while others want it
SHORT = 2 * 10**9  # floating-point operations of a pass that takes no longer than a page

# More passes at once than cores would only make each other slower: the others wait.
_PASSES = BoundedSemaphore(len(os.sched_getaffinity(0)))
TURNS = Turns(patience=0.25)  # of drawing a page


def share() -> None:
    """Set up the process for many sessions at once; call it once, at the start.

    One core a pass, unless OMP_NUM_THREADS says otherwise. By default PyTorch gives each operation
    all cores, and every session's thread has a team of its own whose members wait for each other
    by spinning: with more sessions than cores most of the machine's time goes there. Passes on
    short texts gain nothing from a second core.

    Short turns at Python's lock. A pass gives it away at each of its hundreds of operations, and
    behind a thread that keeps it busy it would wait 5 ms, the default, to get it back each time.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
    sys.setswitchinterval(SWITCH)


@contextmanager
def passing(flops: float) -> Iterator[None]:
    """Run a pass of so many floating-point operations: a short one within the turn, a long one
    aside and when a core is free."""
    if flops <= SHORT:
        yield
        return
    with TURNS.given(), _PASSES:
        yield
