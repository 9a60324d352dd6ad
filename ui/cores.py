"""How the sessions share the machine's cores."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from ui.turns import Turns

SWITCH = 0.0005  # seconds that a thread may keep Python to itself while others want it
SHORT = 2 * 10**9  # floating-point operations of a pass that takes no longer than a page

TURNS = Turns(patience=0.25)  # of drawing a page

_SHORT = ThreadPoolExecutor(1, thread_name_prefix="short pass")
# More passes at once than cores would only make each other slower: the others wait.
_LONG = ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="long pass")

Result = TypeVar("Result")


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


def passing(flops: float, work: Callable[[], Result]) -> Result:
    """The result of a pass of so many floating-point operations: a short one is run within the
    turn, a long one aside, as soon as a core is free.

    In threads that stay: oneDNN finds its compiled kernels by thread, and Streamlit starts a new
    one for every run, in which a pass takes half as long again.
    """
    if flops <= SHORT:
        return _SHORT.submit(work).result()
    with TURNS.given():
        return _LONG.submit(work).result()
