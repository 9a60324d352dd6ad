"""What systems offer under other names or not at all: each with a way out, so that the app runs on
Linux, macOS and Windows."""

import ctypes
import os
from typing import Any

MANY = 65_536  # descriptors to ask for where the system names no bound
FEW = 10_240  # what macOS grants where it names none


def cores() -> int:
    """Cores that this process may use; where the system does not say (macOS, Windows), all that the
    machine has."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def of_c(name: str) -> Any:
    """A function of the C library, None where there is none of this name."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows has no library without a name
        return None


def raise_limit() -> int | None:
    """Have as many file descriptors as the system lets this process have; how many that are, None
    where the system does not count them (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for bound in (hard,) if hard != resource.RLIM_INFINITY else (MANY, FEW):
        if soft == resource.RLIM_INFINITY or soft >= bound:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
        except (ValueError, OSError):
            continue
        break
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
