"""A long campaign: `python -m tests.fuzz --cases 100000`, shared among all readers, or
`--reader NAME` for one of them, from case `--first` on.

Cases run in a process of their own with a bound on its memory. One that ends the process, or does
not come back, is a defect like any other: it is named, and the campaign goes on behind it. The
number of a case makes it again: `--reader NAME --first NUMBER --cases 1`.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
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
PATIENCE = 6 * guard.SECONDS  # for a case that does not even notice its time limit


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


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz")
    asked.add_argument("--cases", type=int, default=100_000)
    asked.add_argument("--reader", choices=sorted(READERS))
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--codes", action="store_true", help="list what cases were refused for")
    options = asked.parse_args()
    names = [options.reader] if options.reader else list(READERS)
    failed = False
    total, start = 0, time.monotonic()
    print("reader                cases  accepted  refused  defects  cases/s  slowest     largest")
    for name in names:
        began = time.monotonic()
        tally = campaign(name, options.first, -(-options.cases // len(names)))
        pace = tally.cases / (time.monotonic() - began)
        total += tally.cases
        print(
            f"{name:19} {tally.cases:6} {tally.ends['value']:9} {tally.ends['refused']:8} "
            f"{tally.ends['defect']:8} {pace:8.0f}  {tally.slowest[0]:.2f} s ({tally.slowest[1]})"
            f"  {tally.largest[0]:.0f} MB ({tally.largest[1]})",
            flush=True,
        )
        if options.codes:
            print("   ", ", ".join(f"{code} {n}" for code, n in tally.codes.most_common()))
        for what, numbers in tally.defects.items():
            failed = True
            print(f"    {len(numbers)} ×, first {numbers[0]}: {what}", flush=True)
    print(f"{total} cases in {time.monotonic() - start:.0f} s")
    sys.exit(failed)


if __name__ == "__main__":
    main()
