"""What sessions cost in memory: `python -m benchmarks.load.memory [--sessions 40] [--runs 2000]`.

Resident memory of the app's process: for each session that has drawn the lab and waits, for each
that throws switches on a text of its own, and from the end of a warm-up to the end of many runs
with ever new texts.
"""

import argparse
import asyncio
import random
from contextlib import AsyncExitStack

import uvloop

from benchmarks.load.lab import Lab, text_of
from benchmarks.load.process import resident
from benchmarks.load.reader import Reader
from tests.server import Server, server

AT_ONCE = 4  # readers that share the many runs
WARM_UP = 0.25  # of the runs: until the caches are full
SAME_TEXT = 5  # throws on one text
THROWS = 5  # of each active session


async def throw(reader: Reader, lab: Lab, dice: random.Random, times: int) -> None:
    for _ in range(times):
        lab, widget = lab.throw(dice)
        answer = await reader.throw(**widget)
        if answer.complaints:
            raise RuntimeError(f"{answer.complaints} for {lab}")


async def sessions(app: Server, count: int) -> tuple[float, float]:
    """Bytes of one further idle, and of one active session, at most while they are active."""
    dice = random.Random(0)
    lab = Lab(text_of(0, dice))
    async with AsyncExitStack() as stack:

        async def enter(lab: Lab) -> Reader:
            reader = Reader(app.url, "lab", {"text": lab.text, "scaled": "true"})
            await stack.enter_async_context(reader)
            await reader.throw()
            return reader

        for _ in range(AT_ONCE):
            await throw(await enter(lab), lab, dice, THROWS)
        before = resident(app.process.pid)
        readers = [await enter(lab) for _ in range(count)]
        idle = resident(app.process.pid)

        labs = [Lab(text_of(number, dice)) for number in range(count)]
        most = idle
        work = asyncio.gather(
            *(
                _write_and_throw(reader, own, random.Random(n))
                for n, (reader, own) in enumerate(zip(readers, labs, strict=True))
            )
        )
        while not work.done():
            most = max(most, resident(app.process.pid))
            await asyncio.sleep(0.1)
        await work
    return (idle - before) / count, (most - before) / count


async def _write_and_throw(reader: Reader, lab: Lab, dice: random.Random) -> None:
    await reader.throw(text=lab.text)
    await throw(reader, lab, dice, THROWS)


async def many_runs(app: Server, runs: int) -> tuple[int, int]:
    """Resident bytes after the warm-up and after all runs."""

    async def read_on(number: int, runs: int) -> None:
        dice = random.Random(f"{number} {runs}")
        lab = Lab(text_of(number, dice))
        async with Reader(app.url, "lab", {"text": lab.text, "scaled": "true"}) as reader:
            await reader.throw()
            for _ in range(runs // (SAME_TEXT + 1)):
                lab = Lab(text_of(number, dice))
                await reader.throw(text=lab.text)
                await throw(reader, lab, dice, SAME_TEXT)

    async def all_read(runs: int) -> int:
        await asyncio.gather(*(read_on(number, runs // AT_ONCE) for number in range(AT_ONCE)))
        return resident(app.process.pid)

    return await all_read(round(runs * WARM_UP)), await all_read(runs)


def main() -> None:
    """Start the app, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load.memory")
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--runs", type=int, default=2000)
    asked = parser.parse_args()
    with server("ui.serve") as app:
        idle, active = uvloop.run(sessions(app, asked.sessions))
        print("| resident memory | |")
        print("|---|---|")
        print(f"| a further idle session | {idle / 1e6:.2f} MB |")
        print(f"| a further active session, with what it has cached | {active / 1e6:.1f} MB |")
        warm, done = uvloop.run(many_runs(app, asked.runs))
        grown = done / warm - 1
        print(f"| after {asked.runs} runs, each text new | {done / 1e6:.0f} MB, {grown:+.1%} |")


if __name__ == "__main__":
    main()
