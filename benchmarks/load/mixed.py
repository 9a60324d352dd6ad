"""What a server holds after hundreds of sessions over all pages:

    python -m benchmarks.load.mixed [--sessions 500]

A few readers at once open page after page with texts, models and settings that nobody had before,
each in a session of its own. Told is the process's resident memory on the way, and at the end
beside what the README says that it may come to.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator

import uvloop

from benchmarks.load.process import resident
from benchmarks.load.reader import Reader
from tests.server import Server, server
from ui.gradual import RESULTS
from ui.models import HEADS, LAYERS, READINGS

AT_ONCE = 3
STAYS = 2.0  # seconds of work that goes on by itself
REST = 45.0  # seconds after the last session, in which what is free is given back
ROWS = 5  # of the table on the way
WORDS = ("river", "stone", "market", "paper", "signal", "garden", "winter", "engine", "letter")

# What the README says that one process may come to, in MB: what it is with MiniLM on the lab, the
# weights of SmolLM2, and what is kept for all sessions.
SUM = {
    "the process with MiniLM on the lab": 480,
    "SmolLM2's weights": 540,
    "oneDNN's kernels": 300,
    "readings, layers, heads": (READINGS + LAYERS + HEADS) / 1e6,
    "results of long work": RESULTS / 1e6,
    "Streamlit's cache": 128 * 2**20 / 1e6,  # maxCacheDataSize
}
MUCH = 1.1  # of the sum: more is a leak

# Pages and parameters; {text} is new each time.
VISITS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {}),
    ("lab", {"text": "{text}", "scaled": "false"}),
    ("lab", {"text": "{text}", "model": "smollm2", "tied": "true"}),
    ("lab", {"text": "{text} {text} {text} {text}"}),
    ("heads", {"text": "{text}"}),
    ("heads", {"q": "6"}),
    ("masks", {}),
    ("masks", {"q": "16", "text": "{text}"}),
    ("masks", {"q": "20"}),
    ("positions", {"q": "8"}),
    ("positions", {"q": "9"}),
    ("positions", {"q": "10"}),
    ("scores", {"q": "2", "text": "{text}"}),
    ("scores", {"q": "3"}),
    ("scores", {"q": "4", "text": "{text}", "model": "smollm2"}),
    ("tokenizers", {}),
    ("tokenizers", {"view": "compare"}),
    ("encoder", {"text": "{text}"}),
    ("residual", {"text": "{text}"}),
    ("normalization", {"q": "12"}),
    ("normalization", {"q": "13"}),
    ("feed_forward", {"text": "{text}"}),
    ("alignment", {}),
    ("decoding", {}),
    ("schedules", {}),
    ("schedules", {"part": "dropout", "text": "{text}"}),
)


def visits(count: int, dice: random.Random) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page about as often as every other."""
    for number in range(count):
        page, parameters = VISITS[number % len(VISITS)]
        text = f"{dice.getrandbits(20)} " + " ".join(dice.choices(WORDS, k=dice.randint(5, 14)))
        yield page, {name: value.format(text=text) for name, value in parameters.items()}


async def read_all(app: Server, count: int) -> None:
    """The sessions, a few at once; prints what the process holds."""
    left = visits(count, random.Random(0))
    done, began = 0, time.monotonic()

    async def read_on() -> None:
        nonlocal done
        for page, parameters in left:
            async with Reader(app.url, page, parameters, patience=300) as reader:
                answer = await reader.throw()
                if answer.complaints:
                    raise RuntimeError(f"{page} {parameters}: {answer.complaints}")
                await reader.watch(STAYS)
            done += 1
            if done % -(-count // ROWS) == 0:
                took = time.monotonic() - began
                print(f"| {done} sessions, {took:.0f} s | {megabytes(app):.0f} MB |", flush=True)

    await asyncio.gather(*(read_on() for _ in range(AT_ONCE)))


def megabytes(app: Server) -> float:
    return resident(app.process.pid) / 1e6


def main() -> None:
    """Start the app, let the readers read, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load.mixed")
    parser.add_argument("--sessions", type=int, default=500)
    asked = parser.parse_args()
    with server("ui.serve") as app:
        print("| after | resident |\n|---|---|", flush=True)
        uvloop.run(read_all(app, asked.sessions))
        time.sleep(REST)
        held, most = megabytes(app), sum(SUM.values())
    print(f"| {REST:.0f} s later | {held:.0f} MB, {held / most:.0%} of the sum of {most:.0f} |")
    if held > MUCH * most:
        sys.exit("more than what is kept adds up to")


if __name__ == "__main__":
    main()
