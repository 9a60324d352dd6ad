"""Keep what lives long out of the garbage collector's way, and give back what is free."""

import gc
import time
from threading import Thread

from ui.system import of_c

ARENAS = 2  # of malloc: beyond the first, what a thread freed serves that arena's threads alone
EVERY = 30  # seconds between two times that free memory is given back

_M_ARENA_MAX = -8  # of glibc's malloc.h


def freeze() -> None:
    """Take every object alive now out of later collections.

    Importing torch and loading a model create hundreds of thousands of objects that live as long as
    the process. Each full collection would walk them all again, in the middle of somebody's rerun.
    Call it after the imports and after a model was loaded; the objects are still freed when their
    last reference goes.
    """
    gc.collect()
    gc.freeze()


def bound() -> None:
    """Keep the process as small as what it holds, where the C library can (glibc); call it once, at
    the start.

    Streamlit draws each run in a new thread, and glibc gives threads arenas of their own, up to
    eight a core: what one run frees can lie scattered in its arena, where no other uses it.
    """
    mallopt = of_c("mallopt")
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
    Thread(target=_give_back_for_ever, name="give back", daemon=True).start()


def give_back() -> None:
    """Hand freed memory back to the system, where the C library can (glibc): after a long text its
    allocator holds hundreds of megabytes in pieces that nothing smaller would fill. Milliseconds.
    """
    trim = of_c("malloc_trim")
    if trim is not None:
        trim(0)


def _give_back_for_ever() -> None:
    while True:
        time.sleep(EVERY)
        give_back()
