"""What a reader of the attention lab asks for, and what the answer has to be."""

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from benchmarks.load.reader import Answer
from charts.viewer.payload import unpack
from experiments.reading import Reading, look, read, reread
from model import Bench, Choices, Run, Tape
from ui.switches import NAMES, NATIVE, TEMPERATURES

LAYERS, HEADS = 6, [(layer, head) for layer in range(6) for head in range(12)]  # of MiniLM
WINDOW = 4  # what the page offers first
MASKS = (NATIVE, "none", "causal", "window")
WORDS = (
    *("river", "stone", "market", "paper", "signal", "garden", "winter", "engine", "letter"),
    *("shadow", "copper", "bridge", "silver", "planet", "forest", "hammer", "ticket", "mirror"),
)
CLOSE = 1e-6  # of weights: two orders of the same additions


@dataclass(frozen=True)
class Lab:
    """The state of one reader's lab: text, switches, layer."""

    text: str
    scaled: bool = True
    tied: bool = False
    temperature: float = 1.0
    mask: str = NATIVE
    ablated: tuple[tuple[int, int], ...] = ()
    layer: int = 2

    def choices(self, native: Choices) -> Choices:
        """The switches as the library's argument."""
        return replace(
            native,
            scaled=self.scaled,
            tied=self.tied,
            temperature=self.temperature,
            mask=self.mask,
            window=WINDOW if self.mask == "window" else native.window,
            ablated=self.ablated,
        )

    def throw(self, dice: random.Random) -> tuple["Lab", dict[str, Any]]:
        """Throw one switch; returns the lab after it, and the widget's value by its key."""
        name = dice.choice(("scaled", "tied", "temperature", "mask", "ablated", "layer"))
        if name in ("scaled", "tied"):
            value = not getattr(self, name)
            return replace(self, **{name: value}), {name: value}
        if name == "temperature":
            degree = dice.choice([t for t in TEMPERATURES if t != self.temperature])
            return replace(self, temperature=degree), {name: [str(degree)]}
        if name == "mask":
            mask = dice.choice([m for m in MASKS if m != self.mask])
            return replace(self, mask=mask), {name: NAMES[mask]}
        if name == "layer":
            layer = dice.choice([n for n in range(LAYERS) if n != self.layer])
            return replace(self, layer=layer), {name: [layer]}
        others = [head for head in HEADS if head not in self.ablated]
        heads = dice.sample(others, dice.randint(1, 3))
        return replace(self, ablated=tuple(heads)), {
            name: [f"{layer}.{head}" for layer, head in heads]
        }


def text_of(number: int, dice: random.Random) -> str:
    """A text that no other reader has: its tokens tell whose it is."""
    words = [dice.choice(WORDS) for _ in range(dice.randint(8, 20))]
    return f"Reader {number} writes about {' '.join(words)}."


def compute(bench: Bench, lab: Lab) -> tuple[Reading, Reading]:
    """What the app computes for one throw: the readings of native and variant, and a closer look
    at the layer of both."""
    native = read(bench, lab.text, bench.native)
    choices = lab.choices(bench.native)
    variant = native if choices == bench.native else reread(bench, native, choices)
    for reading in (native, variant):
        look(bench, reading, lab.layer)
    return native, variant


def mistakes(bench: Bench, lab: Lab, answer: Answer) -> list[str]:
    """What is wrong about an answer: complaints of the app, tokens that are not this reader's, and
    numbers other than those of the library's own whole pass."""
    if answer.complaints:
        return answer.complaints
    found: list[str] = []
    choices = lab.choices(bench.native)
    native, variant = (
        bench.run(lab.text, side, Tape(keep=("*.self_attention.weights", "*coder.output")))
        for side in (bench.native, choices)
    )
    header, arrays = unpack(answer.pictures["viewer"])
    if header["queries"] != native.tokens[0]:
        return [f"tokens {header['queries']} for {lab.text!r}"]
    changed = choices != bench.native
    if (header["variant"] is not None) != changed:
        return [f"variant shown: {not changed}, for {lab}"]
    for side, run in {"native": native, "variant": variant}.items():
        if header[side] is None:
            continue
        weights: npt.NDArray[np.float32] = run.attention(lab.layer).weights[0].numpy()
        shown = np.stack([arrays[header[side][str(head)]] for head in range(len(weights))])
        if not np.allclose(shown, weights, rtol=0, atol=CLOSE):
            worst = np.abs(shown - weights).max()
            found.append(f"{side} weights differ by {worst:.2g}, for {lab}")
    expected = _figures(native, variant) if changed else []
    if answer.numbers != expected:
        found.append(f"figures {answer.numbers}, not {expected}, for {lab}")
    return found


def _figures(native: Run, variant: Run) -> list[str]:
    """The effect as the page writes it: cosine of the last hidden states, mean and least over the
    tokens, and the mean entropy of all heads."""
    before, after = (run.hidden(LAYERS)[0] for run in (native, variant))  # (tokens, d_model)
    moved = F.cosine_similarity(before, after, dim=-1)  # (tokens,)
    weights = torch.stack([variant.attention(layer).weights for layer in range(LAYERS)])
    entropy = torch.special.entr(weights).sum(-1).mean()
    return [f"{moved.mean():.3f}", f"{moved.min():.3f}", f"{entropy:.2f} nats"]
