"""Models of the operator's own, small and untrained."""

from pathlib import Path

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
