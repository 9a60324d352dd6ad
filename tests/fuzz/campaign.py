"""Many cases, in processes of their own whose memory is bounded: one that takes its process along,
or does not come back, is a defect like any other, and the campaign goes on behind it."""

import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from tests.fuzz import guard
from tests.fuzz.outcome import Outcome, Tally
from tests.fuzz.readers import READERS

Work = Callable[[Connection, str, int, int], None]
START_UP = 60.0  # seconds, for a process
PATIENCE = 2 * guard.PATIENCE  # for a case that does not even notice its time limit


def work(link: Connection, name: str, first: int, cases: int) -> None:
    """The cases of one reader, one after the other; each outcome goes down the link."""
    torch.set_num_threads(1)
    reader = READERS[name]
    with tempfile.TemporaryDirectory(dir=_memory_disk()) as folder:
        for files in reader.whole():  # loads what the reader needs, before anything is measured
            outcome = guard.run(reader, dict(files), Path(folder))
            if outcome.end != "value" and "takes" not in outcome.what:
                sys.exit(f"{name}: a valid file ends in {outcome}")
        guard.limit_memory()
        for number in range(first, first + cases):
            link.send((number, guard.run(reader, guard.case(reader, number), Path(folder))))


def campaign(
    name: str, first: int, cases: int, work: Work = work, patience: float = PATIENCE
) -> Tally:
    """Run a reader's cases, in as many processes as it takes."""
    tally, end = Tally(), first + cases
    while first < end:
        for number, outcome in _one_process(work, name, first, end - first, patience):
            tally.add(number, outcome)
            first = number + 1
    return tally


def _one_process(
    work: Work, name: str, first: int, cases: int, patience: float
) -> Iterator[tuple[int, Outcome]]:
    """Outcomes until all are there, or the process is gone: then the last says so."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(there, name, first, cases))
    process.start()
    there.close()
    number = first
    try:
        while number < first + cases:
            if not here.poll(patience + (START_UP if number == first else 0)):
                yield number, Outcome("defect", "hangs", patience, 0.0)
                return
            number, outcome = here.recv()
            yield number, outcome
            number += 1
    except EOFError:
        process.join(patience)
        yield number, Outcome("defect", f"the process ended with {process.exitcode}", 0.0, 0.0)
    finally:
        _end(process)


def _end(process: BaseProcess) -> None:
    process.join(1)
    if process.is_alive():
        process.kill()
        process.join()


def _memory_disk() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
