"""Families: models trained alike but for one choice, several seeds each, for "trained this way".

Within a family every variant has the same data, batches, steps, schedule and, where the choice
allows, number of parameters.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from model.choices import native_choices
from model.shape import Shape
from model.training.recipe import Recipe
from model.training.schedules import Schedule
from model.training.tasks import Characters

SEEDS = (0, 1, 2)
STEPS, WARMUP, PEAK, BATCH = 300, 30, 4e-3, 32
D_MODEL = 64
TASK = Characters(64)
LENGTHS = (64, 96, 128, 192, 256)  # characters; trained on 64


@dataclass(frozen=True)
class Family:
    """variants: name → recipe with seed 0. lengths: of the windows on which the last characters
    are predicted after training, for families about positions."""

    variants: Mapping[str, Recipe]
    lengths: tuple[int, ...] = field(default=())


def seeded(recipe: Recipe, seed: int) -> Recipe:
    """The same recipe with other first weights and batches."""
    return replace(recipe, seed=seed)


def _shape(**fields: Any) -> Shape:
    """A pre-norm decoder of 2 layers and 4 heads, width 64, with sinusoids, unless `fields` say
    otherwise."""
    usual: dict[str, Any] = {
        "vocab_size": TASK.tokenizer.size,
        "d_model": D_MODEL,
        "n_heads": 4,
        "d_ff": 4 * D_MODEL,
        "decoder_layers": 2,
        "positions": "sinusoidal",
        "embedding_multiplier": math.sqrt(D_MODEL),
        "norm_place": "pre",
        "final_norm": True,
        "head": "lm",
    }
    return Shape(**usual | fields)


def _recipe(
    shape: Shape | None = None,
    *,
    warmup: int = WARMUP,
    std: float = D_MODEL**-0.5,
    dropout: float = 0.0,
    limit: int | None = None,
    **choices: Any,
) -> Recipe:
    """Fresh weights from a normal distribution of this std, and `choices` on top of the native."""
    shape = shape or _shape()
    return Recipe(
        replace(TASK, limit=limit),
        shape,
        Schedule("cosine", PEAK, warmup, STEPS, floor=0.05),
        BATCH,
        choices=replace(native_choices(shape), **choices) if choices else None,
        std=std,
        dropout=dropout,
    )


def _depths() -> dict[str, Recipe]:
    return {
        f"{depth} {residual}": _recipe(_shape(decoder_layers=depth), **choices)
        for depth in (1, 2, 4)
        for residual, choices in {"with": {}, "without": {"residual": "none"}}.items()
    }


_ONE_HEAD = _shape(n_heads=1)
_DEEP, _DEEP_POST = (
    _shape(decoder_layers=4, norm_place=place, final_norm=place == "pre")
    for place in ("pre", "post")
)
_SMALL = 20_000  # characters: few enough to be learnt by heart

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "scaling": Family(
            {
                "scaled": _recipe(_ONE_HEAD),
                "unscaled": _recipe(_ONE_HEAD, scaled=False),
                "temperature 8": _recipe(_ONE_HEAD, temperature=8.0),
            }
        ),
        "tied": Family({"untied": _recipe(), "tied": _recipe(tied=True)}),
        "score": Family({"dot": _recipe(), "additive": _recipe(_shape(additive_score=True))}),
        "heads": Family({str(n): _recipe(_shape(n_heads=n)) for n in (1, 2, 4, 8, 16)}),
        "positions": Family(
            {
                "none": _recipe(_shape(positions="none")),
                "learned": _recipe(_shape(positions="learned", context=TASK.length)),
                "sinusoidal": _recipe(),
                "relative": _recipe(_shape(positions="relative")),
                "rope": _recipe(_shape(positions="rope")),
                "alibi": _recipe(_shape(positions="alibi")),
            },
            lengths=LENGTHS,
        ),
        "norms": Family(
            {
                "pre": _recipe(),
                "post": _recipe(_shape(norm_place="post", final_norm=False)),
                "rms": _recipe(_shape(norm="rms")),
                "batch": _recipe(_shape(norm="batch")),
                "none": _recipe(_shape(norm="none")),
            }
        ),
        "residual": Family(_depths()),
        "activations": Family(
            {
                "gelu": _recipe(),
                "relu": _recipe(_shape(activation="relu")),
                # three matrices rather than two: two thirds of the width, as many parameters
                "swiglu": _recipe(_shape(activation="swiglu", d_ff=8 * D_MODEL // 3)),
            }
        ),
        "mask": Family({"causal": _recipe(), "missing": _recipe(mask="none")}),
        "multiplier": Family(
            {
                f"{name} ×{multiplier:g}": _recipe(_shape(embedding_multiplier=multiplier), std=std)
                for name, std in {"small": 0.02, "large": D_MODEL**-0.5}.items()
                for multiplier in (1.0, math.sqrt(D_MODEL))
            }
        ),
        "warmup": Family(
            {
                f"{place} {name}": _recipe(shape, warmup=warmup)
                for place, shape in {"pre": _DEEP, "post": _DEEP_POST}.items()
                for name, warmup in {"with": WARMUP, "without": 0}.items()
            }
        ),
        "dropout": Family(
            {f"{rate:g}": _recipe(dropout=rate, limit=_SMALL) for rate in (0.0, 0.1, 0.3, 0.5)}
        ),
    }
)
