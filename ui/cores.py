"""How the sessions share the machine's cores."""

import os
from threading import BoundedSemaphore

import torch

# More passes at once than cores would only make each other slower: the others wait for their turn.
PASSES = BoundedSemaphore(len(os.sched_getaffinity(0)))


def one_core_a_pass() -> None:
    """Let every pass run on one core, unless OMP_NUM_THREADS says otherwise.

    By default PyTorch gives each operation all cores, and every session's thread has a team of its
    own, whose members wait for each other by spinning: with more sessions than cores most of the
    machine's time goes there. Passes on short texts gain nothing from a second core.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
