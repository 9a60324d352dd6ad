"""One reader with a short text on the lab beside nine who have long work done:

    python -m benchmarks.load.heavy [--seconds 60]

The small reader throws switches on MiniLM, alone and then beside the others, who begin anew as soon
as they have what they asked for. Told is how much longer his answers take: a ratio of one run.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

import uvloop

from benchmarks.load.lab import Lab, text_of
from benchmarks.load.reader import Answer, Reader
from tests.server import server

ALONE = 20  # seconds
THOUGHT = 0.3  # seconds between an answer and the next throw
STAYS = 120  # seconds that a heavy reader watches one piece of work
WORDS = ("river", "stone", "market", "paper", "signal", "garden", "winter", "engine", "letter")
LATE = 600  # seconds that a heavy reader waits for an answer

Heavy = Callable[[str, random.Random], Awaitable[list[Answer]]]


def prose(dice: random.Random, words: int) -> str:
    """A text that nobody had before."""
    return f"{dice.getrandbits(60)} " + " ".join(dice.choices(WORDS, k=words))


async def look(url: str, page: str, **parameters: str) -> list[Answer]:
    """Open a page and stay until its work is done."""
    async with Reader(url, page, parameters, patience=LATE) as reader:
        return [await reader.throw(), *await reader.watch(STAYS)]


async def long_text(url: str, dice: random.Random) -> list[Answer]:
    """1,900 tokens on the lab."""
    return await look(
        url, "lab", model="smollm2", text=prose(dice, 1840), scaled=dice.choice(("true", "false"))
    )


async def ablation(url: str, dice: random.Random) -> list[Answer]:
    """Every head of SmolLM2 switched off alone."""
    return await look(url, "heads", model="smollm2", text=prose(dice, 40))


async def influence(url: str, dice: random.Random) -> list[Answer]:
    """Every token exchanged in turn."""
    return await look(url, "masks", q="16", text=prose(dice, 20))


async def training(url: str, dice: random.Random) -> list[Answer]:
    """Two models of four layers."""
    parameters = {"train_layers": "4", "train_width": "64", "train_steps": "2000"}
    parameters["train_seed"] = str(dice.randrange(10_000))
    async with Reader(url, "schedules", parameters, patience=LATE) as reader:
        opened = await reader.throw()
        return [opened, await reader.throw(train=True), *await reader.watch(STAYS)]


async def cost(url: str, dice: random.Random) -> list[Answer]:
    """The cost of score functions, measured again."""
    longest = dice.choice(("512", "1024"))
    async with Reader(url, "scores", {"q": "3", "longest": longest}, patience=LATE) as reader:
        return [await reader.throw(), *[await reader.throw(cost_again=True) for _ in range(2)]]


async def alignment(url: str, dice: random.Random) -> list[Answer]:
    """1,000 words spelled under every setting."""
    word = "".join(dice.choices("aeioubdfgklmnprst", k=7))
    return await look(url, "alignment", tested="1000", word=word)


async def tokenizer(url: str, dice: random.Random) -> list[Answer]:
    """A text of 1 MB that a vocabulary is learnt from."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(20_000)]
    text = " ".join(dice.choices(words, k=200_000))[:999_000]
    async with Reader(url, "tokenizers", {"corpus": "own"}, patience=LATE) as reader:
        await reader.throw()
        return [await reader.throw(corpus_text=text)]


HEAVY: tuple[Heavy, ...] = (
    *(long_text, ablation, influence, training, training),
    *(cost, alignment, tokenizer, long_text),
)


async def small(url: str, seconds: float, number: int) -> list[float]:
    """The seconds of each answer to a reader of a short text."""
    until, dice, took = time.monotonic() + seconds, random.Random(number), []
    lab = Lab(text_of(number, dice))
    async with Reader(url, "lab", {"text": lab.text, "scaled": "true"}) as reader:
        await reader.throw()
        while time.monotonic() < until:
            await asyncio.sleep(THOUGHT)
            lab, widget = lab.throw(dice)
            answer = await reader.throw(**widget)
            if answer.complaints:
                raise RuntimeError(f"{answer.complaints} for {lab}")
            took.append(answer.seconds)
    return took[2:]


async def keep_on(url: str, work: Heavy, number: int, done: dict[str, int]) -> None:
    """One heavy reader, again and again."""
    dice = random.Random(number)
    while True:
        for answer in await work(url, dice):
            if answer.complaints:
                raise RuntimeError(f"{work.__name__}: {answer.complaints}")
        done[work.__name__] = done.get(work.__name__, 0) + 1


async def measured(url: str, seconds: float) -> tuple[list[float], list[float], dict[str, int]]:
    """The small reader's answers alone and beside the others, and what those got done."""
    await look(url, "lab", model="smollm2")  # loaded once, as on a server that has been up
    await look(url, "alignment")
    alone, done = await small(url, ALONE, 0), {}
    others = [
        asyncio.create_task(keep_on(url, work, number, done)) for number, work in enumerate(HEAVY)
    ]
    await asyncio.sleep(5)
    beside = await small(url, seconds, 1)
    for other in others:
        if other.done():
            other.result()  # raises what it complained of
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return alone, beside, done


def main() -> None:
    """Start the app, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load.heavy")
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    with server("ui.serve") as app:
        alone, beside, done = uvloop.run(measured(app.url, asked.seconds))
    print("| a small reader's answer | p50 | p95 | throws |")
    print("|---|---|---|---|")
    figures = []
    for name, took in (("alone", alone), (f"beside {len(HEAVY)} heavy ones", beside)):
        p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        figures.append((p50, p95))
        print(f"| {name} | {1e3 * p50:.0f} ms | {1e3 * p95:.0f} ms | {len(took)} |")
    (usual, slow), (p50, p95) = figures
    print(f"\nto p50 alone: p50 {p50 / usual:.1f} ×, p95 {p95 / usual:.1f} ×")
    print(f"p95 to p95 alone: {p95 / slow:.1f} ×")
    print("done meanwhile: " + ", ".join(f"{name} {count}" for name, count in done.items()))


if __name__ == "__main__":
    main()
