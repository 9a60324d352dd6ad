"""Fifty readers at once on the attention lab, each throwing switches on MiniLM with two seconds of
thought between them:

    python -m benchmarks.load [--readers 50] [--seconds 60] [--replicas 1]

Timed is the server's answer, from the message that throws a switch to the one that says that the
script has ended. Afterwards every answer is held against the library's own whole pass, and the same
passes are timed alone. The readers share one process with one event loop; its CPU is part of what
the machine has to do and is told.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import torch
import uvloop

from benchmarks.load.lab import Lab, compute, mistakes, text_of
from benchmarks.load.process import cpu_seconds, resident
from benchmarks.load.reader import Answer, Reader
from model import Bench, load
from tests.nginx import proxying
from tests.server import Server, server

THOUGHT = 2.0  # seconds between an answer and the next throw
WARM_UP = 2  # throws of each reader that do not count: the first look of 50 readers at once

ALONE = 200  # throws whose passes are timed alone


@dataclass(frozen=True)
class Exchange:
    """One throw and what came back."""

    lab: Lab
    answer: Answer
    counts: bool


async def read_on(url: str, number: int, seconds: float) -> list[Exchange]:
    """One reader's session, which ends with the first answer after so many seconds."""
    end = time.perf_counter() + seconds
    dice = random.Random(number)
    lab = Lab(text_of(number, dice))
    exchanges = []
    await asyncio.sleep(dice.uniform(0, 2 * THOUGHT))
    async with Reader(url, "lab", {"text": lab.text, "scaled": "true"}) as reader:
        exchanges.append(Exchange(lab, await reader.throw(), counts=False))
        if exchanges[0].answer.complaints:
            return exchanges  # nothing there to throw
        while time.perf_counter() < end:
            await asyncio.sleep(THOUGHT)
            lab, widget = lab.throw(dice)
            answer = await reader.throw(**widget)
            exchanges.append(Exchange(lab, answer, len(exchanges) > WARM_UP))
    return exchanges


async def all_read(url: str, readers: int, seconds: float) -> list[Exchange]:
    """All readers' sessions, at once."""
    done = await asyncio.gather(*(read_on(url, number, seconds) for number in range(readers)))
    return [exchange for exchanges in done for exchange in exchanges]


@contextmanager
def started(replicas: int) -> Iterator[tuple[str, Sequence[Server]]]:
    """The app's address and its servers: one, or two behind the nginx that ships."""
    with ExitStack() as stack:
        apps = [stack.enter_context(server("ui.serve")) for _ in range(replicas)]
        url = apps[0].url
        if replicas > 1:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            hosts = [urlparse(app.url).netloc for app in apps]
            url = stack.enter_context(proxying(hosts, folder))
        yield url, apps


def forward(bench: Bench, labs: list[Lab]) -> list[float]:
    """Seconds of what the model computes for each throw, one after the other."""
    seconds = []
    for lab in labs:
        began = time.perf_counter()
        compute(bench, lab)
        seconds.append(time.perf_counter() - began)
    return seconds


def percentile(values: list[float], share: int) -> float:
    """The value, in ms, that `share` percent do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] * 1e3


def row(name: str, seconds: list[float]) -> None:
    """Print one row of the table."""
    figures = " | ".join(f"{percentile(seconds, share):.0f} ms" for share in (50, 95, 99))
    print(f"| {name} | {figures} |", flush=True)


def main() -> None:
    """Start the app, let the readers read, check, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--replicas", type=int, choices=(1, 2), default=1)
    asked = parser.parse_args()

    with started(asked.replicas) as (url, apps):
        pids = [app.process.pid for app in apps]
        before, began = sum(map(cpu_seconds, pids)), time.perf_counter()
        own = time.process_time()
        exchanges = uvloop.run(all_read(url, asked.readers, asked.seconds))
        took, own = time.perf_counter() - began, time.process_time() - own
        served = sum(map(cpu_seconds, pids)) - before
        memory = sum(map(resident, pids))

    counted = [exchange for exchange in exchanges if exchange.counts]
    if len(counted) < 2:
        sys.exit(f"only {len(exchanges)} answers in {took:.0f} s: give it more seconds")
    print(f"| {asked.readers} readers, {len(counted)} throws | p50 | p95 | p99 |")
    print("|---|---|---|---|")
    row("the server's answer", [exchange.answer.seconds for exchange in counted])
    torch.set_num_threads(1)
    bench = load("minilm")
    compute(bench, counted[0].lab)
    row("the forward alone", forward(bench, [exchange.lab for exchange in counted[:ALONE]]))
    print(
        f"\n{took:.0f} s, in which the server took {served:.0f} s of CPU "
        f"({1e3 * served / len(exchanges):.0f} ms an answer) and the readers {own:.0f} s; "
        f"{memory / 1e6:.0f} MB resident at the end; "
        f"{statistics.median(e.answer.size for e in counted) / 1e3:.0f} kB an answer",
        flush=True,
    )
    wrong = [text for e in exchanges for text in mistakes(bench, e.lab, e.answer)]
    print(f"{len(exchanges)} answers checked, {len(wrong)} wrong")
    if wrong:
        sys.exit("\n".join(wrong[:20]))


if __name__ == "__main__":
    main()
