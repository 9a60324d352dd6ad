"""The recipes of the models that ship with the project, by the name that `load` knows."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from model.shape import Shape
from model.training.recipe import Recipe
from model.training.schedules import Schedule
from model.training.tasks import Characters, Phonemes, Sequences, Task


def _shape(task: Task, d_model: int, n_heads: int, *, encoder: int = 0, decoder: int) -> Shape:
    """Pre-norm, sinusoids, GELU: what a small model learns with quickly."""
    return Shape(
        vocab_size=task.tokenizer.size,
        d_model=d_model,
        n_heads=n_heads,
        d_ff=4 * d_model,
        positions="sinusoidal",
        embedding_multiplier=math.sqrt(d_model),
        norm_place="pre",
        final_norm=True,
        head="lm",
        encoder_layers=encoder,
        decoder_layers=decoder,
    )


def _recipe(
    task: Task, shape: Shape, steps: int, batch: int, peak: float, dropout: float = 0.0
) -> Recipe:
    schedule = Schedule("cosine", peak, warmup=steps // 20, steps=steps, floor=0.01)
    return Recipe(task, shape, schedule, batch, std=shape.d_model**-0.5, dropout=dropout)


_G2P, _CHARACTERS, _REVERSE = Phonemes(), Characters(128), Sequences("reverse", length=8)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "g2p": _recipe(
            _G2P,
            _shape(_G2P, 128, 4, encoder=3, decoder=3),
            steps=8_400,
            batch=256,
            peak=2e-3,
            dropout=0.1,
        ),
        "characters": _recipe(
            _CHARACTERS,
            # rotary positions learn this text twice as fast as sinusoids
            replace(_shape(_CHARACTERS, 128, 4, decoder=4), positions="rope"),
            steps=600,
            batch=32,
            peak=4e-3,
            dropout=0.1,
        ),
        "reverse": _recipe(
            _REVERSE, _shape(_REVERSE, 32, 2, decoder=2), steps=500, batch=64, peak=4e-3
        ),
    }
)
