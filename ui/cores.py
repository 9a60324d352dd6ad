"""How the sessions share the machine's cores."""

import ctypes
import os
import sys
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import streamlit as st
import torch
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.desk import Desk
from ui.system import cores
from ui.turns import Turns

SWITCH = 0.0005  # seconds that a thread may keep Python to itself while others want it
SHORT = 2 * 10**9  # floating-point operations of a pass that takes no longer than a page
SPEED = 3 * 10**10  # of them in a second, about, on one core

TURNS = Turns(patience=0.25)  # of drawing a page


def use_one_thread() -> None:
    """Have this thread compute on one core, unless OMP_NUM_THREADS says otherwise: on matrices as
    small as those of the trainings several would spend more time on meeting than on computing.

    `torch.set_num_threads` is remembered for every thread that starts afterwards; OpenMP itself
    keeps the number per thread. Without its library in its usual place nothing changes.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return
    torch.get_num_threads()  # torch sets a new thread's number at its first call, not after ours
    for library in (Path(torch.__file__).parent / "lib").glob("libgomp*"):
        ctypes.CDLL(str(library)).omp_set_num_threads(1)


# Long work leaves a core to the pages: with as many long passes as cores, each operation of a short
# one waits for a core, and for Python's lock with each of them.
DESK = Desk(max(1, cores() - 1), "long work", use_one_thread)

_SHORT = ThreadPoolExecutor(1, thread_name_prefix="short pass")

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


def session() -> tuple[Hashable, Callable[[], bool]]:
    """Whose script run this thread is in, and a function that tells any thread whether that
    session's browser is still there."""
    context = get_script_run_ctx(suppress_warning=True)
    who = context.session_id if context is not None else ""
    return who, lambda: not Runtime.exists() or Runtime.instance().is_active_session(who)


def passing(flops: float, work: Callable[[], Result]) -> Result:
    """The result of a pass of so many floating-point operations: a short one is run within the
    turn, a long one at the desk.

    In threads that stay: oneDNN finds its compiled kernels by thread, and Streamlit starts a new
    one for every run, in which a pass takes half as long again.
    """
    if DESK.seated:
        return work()
    if flops <= SHORT:
        return _SHORT.submit(work).result()
    return at_the_desk(flops / SPEED, work)


def at_the_desk(seconds: float, work: Callable[[], Result]) -> Result:
    """The result of work that takes about so many seconds, as soon as there is a seat for it; other
    pages are drawn meanwhile."""
    if DESK.seated:
        return work()
    who, there = session()
    with TURNS.given():
        place = DESK.ask(who, work, seconds, there=there)
        try:
            place.wait()
        finally:
            place.leave()
    if place.left:
        st.stop()  # nobody is there who would see it
    return place.result()
