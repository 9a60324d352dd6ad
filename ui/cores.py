"""How the sessions share the machine's cores."""

import os
import sys
from threading import BoundedSemaphore

import torch

# More passes at once than cores would only make each other slower: the others wait for their turn.
PASSES = BoundedSemaphore(len(os.sched_getaffinity(0)))

SWITCH = 0.0005  # seconds that a thread may keep Python to itself while others want it


def share() -> None:
    """Set up the process for many sessions at once; call it once, at the start.

    One core a pass, unless OMP_NUM_THREADS says otherwise. By default PyTorch gives each operation
    all cores, and every session's thread has a team of its own whose members wait for each other
    by spinning: with more sessions than cores most of the machine's time goes there. Passes on
    short texts gain nothing from a second core.

    Short turns. A pass gives Python's lock away at each of its hundreds of operations, and behind
    a session that draws its page it waits a whole turn, 5 ms by default, to get it back: beside
    three busy threads a pass took 910 ms instead of 30, with turns this short 410 ms.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
    sys.setswitchinterval(SWITCH)
