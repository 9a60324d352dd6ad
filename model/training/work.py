"""A working folder with one file a run, so that training the families can be stopped anywhere and
gone on with, and what several families have in common is trained once."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from safetensors.torch import save_file

from model.training.families import FAMILIES, LENGTHS, SEEDS, seeded
from model.training.recipe import Recipe
from model.training.results import Run
from model.training.study import Point, study


@dataclass(frozen=True)
class Job:
    """One run to do: a variant under one seed, and the windows' lengths to measure it at."""

    family: str
    variant: str
    recipe: Recipe
    lengths: tuple[int, ...]

    @property
    def key(self) -> str:
        """The same for runs that give the same numbers, whatever their family."""
        facts = json.dumps(self.recipe.facts(), sort_keys=True, default=str)
        return hashlib.sha256((facts + str(self.lengths)).encode()).hexdigest()[:16]


def jobs(families: Iterable[str], seeds: Sequence[int]) -> Iterator[Job]:
    """Every run of these families: all with the first seed, then all with the next.

    The family about positions measures its runs at several lengths, so the recipe that it shares
    with other families is measured at them in those too, and need not be trained twice.
    """
    names = tuple(families)
    shared = FAMILIES["positions"].variants["sinusoidal"]
    for seed in seeds:
        for name in names:
            for variant, recipe in FAMILIES[name].variants.items():
                lengths = FAMILIES[name].lengths or (LENGTHS if recipe == shared else ())
                yield Job(name, variant, seeded(recipe, seed), lengths)


def finished(job: Job, folder: Path) -> tuple[Run, float] | None:
    """The run as it lies in the folder, and the seconds it took; None if it does not."""
    path = _path(job, folder)
    if not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    curve = tuple(Point(*point) for point in stored["curve"])
    outcomes = {(measure, at): value for measure, at, value in stored["outcomes"]}
    return Run(job.family, job.variant, job.recipe.seed, curve, outcomes), stored["seconds"]


def train(job: Job, folder: Path) -> tuple[Run, float]:
    """Do the run and put it into the folder, at once and whole; returns what `finished` would."""
    began = time.perf_counter()
    done = study(job.recipe, job.lengths)
    seconds = time.perf_counter() - began
    stored = {
        "family": job.family,
        "variant": job.variant,
        "seed": job.recipe.seed,
        "seconds": seconds,
        "curve": [astuple(point) for point in done.curve],
        "outcomes": [(measure, at, value) for (measure, at), value in done.outcomes.items()],
    }
    folder.mkdir(parents=True, exist_ok=True)
    if job.recipe.seed == SEEDS[0]:
        weights = {name: t.contiguous() for name, t in done.transformer.state_dict().items()}
        save_file(weights, weights_of(job, folder))
    path = _path(job, folder)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(stored), encoding="utf-8")
    unfinished.replace(path)
    run = Run(job.family, job.variant, job.recipe.seed, done.curve, done.outcomes)
    return run, seconds


def weights_of(job: Job, folder: Path) -> Path:
    """Where the weights of a first seed's run lie."""
    return folder / f"{job.key}.safetensors"


def _path(job: Job, folder: Path) -> Path:
    return folder / f"{job.key}.json"
