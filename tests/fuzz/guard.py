"""One case under limits: of time, of memory, and of how it may end."""

import re
import resource
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.outcome import End, Outcome
from tests.fuzz.readers import Reader, read_case

SECONDS = 10.0  # of computing that a case may take
PATIENCE = 60.0  # seconds by the clock: others may have the machine, but nothing waits for ever
MEGABYTES = 64.0  # that a case may take beyond what was there
ADDRESS_SPACE = 2 << 30  # bytes that a process may ask for beyond what it has


class TooSlow(BaseException):
    """Not an Exception, so that no reader takes it for an error of its own."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raises TooSlow where the block takes longer; in a process's main thread only."""
    limits = (
        (signal.ITIMER_PROF, signal.SIGPROF, SECONDS),
        (signal.ITIMER_REAL, signal.SIGALRM, PATIENCE),
    )

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = [signal.signal(sent, ring) for _, sent, _ in limits]
    for timer, _, seconds in limits:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (timer, sent, _), old in zip(limits, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(sent, old)


def limit_memory() -> None:
    """Let this process fail, rather than the machine, where something asks for too much."""
    now = int(re.findall(r"VmSize:\s+(\d+)", _status())[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (now + ADDRESS_SPACE, resource.RLIM_INFINITY))


def case(reader: Reader, number: int) -> dict[str, bytes]:
    """The files of a case: every fourth is a valid one cut at some byte, the others are broken."""
    rng = Random(f"{reader.name} {number}")
    if number % 4:
        return dict(reader.make(rng))
    files = dict(rng.choice(reader.whole()))
    name = rng.choice(sorted(files))
    return {**files, name: files[name][: rng.randrange(len(files[name]) + 1)]}


def run(reader: Reader, files: dict[str, bytes], folder: Path) -> Outcome:
    """Read a case; nothing is raised, whatever happens."""
    before = _reset_peak()
    start = time.process_time()
    end: End = "value"
    what = ""
    try:
        with time_limit():
            error = read_case(reader, files, folder)
        if error is not None:
            end, what = "refused", str(getattr(error, "code", type(error).__name__))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        end, what = "defect", _described(error)
    seconds = time.process_time() - start
    megabytes = max(0.0, _peak() - before)
    if megabytes > MEGABYTES and end != "defect":
        end, what = "defect", f"takes {megabytes:.0f} MB"
    return Outcome(end, what, seconds, megabytes)


def _described(error: BaseException) -> str:
    """What was raised, and where in the project."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    places = [f"{Path(f.filename).name}:{f.lineno}" for f in own[-2:]]
    return f"{type(error).__name__} at {' > '.join(places)}: {str(error)[:120]}"


def _status() -> str:
    return Path("/proc/self/status").read_text()


def _reset_peak() -> float:
    """Forget the peak of resident memory; returns what there is now, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    return int(re.findall(r"VmHWM:\s+(\d+)", _status())[0]) / 1024
