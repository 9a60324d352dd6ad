"""Keep what lives long out of the garbage collector's way, and give back what is free."""

import ctypes
import gc


def freeze() -> None:
    """Take every object alive now out of later collections.

    Importing torch and loading a model create hundreds of thousands of objects that live as long as
    the process. Each full collection would walk them all again, in the middle of somebody's rerun.
    Call it after the imports and after a model was loaded; the objects are still freed when their
    last reference goes.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Hand freed memory back to the system, where the C library can (glibc): after a long text its
    allocator holds hundreds of megabytes in pieces that nothing smaller would fill. Milliseconds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
