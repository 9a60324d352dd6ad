"""Models of the operator's own, small and untrained."""

from dataclasses import replace
from pathlib import Path

import torch

from model.fresh import initialised
from model.training.checkpoint import save_checkpoint
from model.training.recipes import RECIPES


def write_model(folder: Path) -> Path:
    """A model's folder that opens."""
    recipe = RECIPES["reverse"]
    save_checkpoint(folder, initialised(recipe.shape, seed=0), recipe, {"name": "own"})
    return folder


def write_cached(hub: Path, name: str, *revisions: str, main: str | None = None) -> Path:
    """A model as the Hugging Face cache holds it: links from its states into its blobs."""
    cached = hub / f"models--{name.replace('/', '--')}"
    (cached / "blobs").mkdir(parents=True)
    for revision in revisions:
        snapshot = cached / "snapshots" / revision
        snapshot.mkdir(parents=True)
        for file in list(write_model(hub / "made").iterdir()):
            file.rename(cached / "blobs" / f"{revision}-{file.name}")
            (snapshot / file.name).symlink_to(f"../../blobs/{revision}-{file.name}")
        (hub / "made").rmdir()
    if main is not None:
        (cached / "refs").mkdir()
        (cached / "refs" / "main").write_text(main)
    return cached


def write_padded(folder: Path) -> Path:
    """A causal model of one layer and one head with five more rows than its vocabulary has tokens,
    which it finds likeliest everywhere."""
    recipe = RECIPES["characters"]
    shape = replace(
        recipe.shape,
        vocab_size=recipe.shape.vocab_size + 5,
        n_heads=1,
        n_kv_heads=1,
        decoder_layers=1,
    )
    transformer = initialised(shape, seed=0)
    with torch.no_grad():
        rows = transformer.embedding.tokens.weight[-5:]
        rows *= 1000
    save_checkpoint(folder, transformer, recipe, {"name": "padded"})
    return folder
