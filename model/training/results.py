"""What the families' runs gave, as two small tables in `results/`."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model.training.families import FAMILIES
from model.training.study import Point

FOLDER = Path(__file__).parent / "results"
CURVES, OUTCOMES = "curves.csv", "outcomes.csv"

_RUN = ("family", "variant", "seed")

Row = tuple[str | float, ...]


@dataclass(frozen=True)
class Run:
    """One run of a family, as `model.training.study` measures it; curve: the training, outcomes:
    (measure, at) → value."""

    family: str
    variant: str
    seed: int
    curve: tuple[Point, ...]
    outcomes: dict[tuple[str, float], float]


def read(folder: Path = FOLDER) -> list[Run]:
    """Every run in the tables, in their order."""
    curves: dict[tuple[str, str, int], list[Point]] = {}
    for run, row in _rows(folder / CURVES):
        point = Point(int(row["step"]), float(row["loss"]), float(row["gradient_norm"]))
        curves.setdefault(run, []).append(point)
    outcomes: dict[tuple[str, str, int], dict[tuple[str, float], float]] = {}
    for run, row in _rows(folder / OUTCOMES):
        outcomes.setdefault(run, {})[row["measure"], float(row["at"])] = float(row["value"])
    return [Run(*run, tuple(curve), outcomes[run]) for run, curve in curves.items()]


def write(runs: Iterable[Run], folder: Path = FOLDER) -> None:
    """Write the tables anew, sorted as `FAMILIES` is, then by seed.

    Numbers have 5 significant digits, integers all of theirs.
    """
    places = _places()
    ordered = sorted(runs, key=lambda run: (places[run.family, run.variant], run.seed))
    folder.mkdir(parents=True, exist_ok=True)
    _table(
        folder / CURVES,
        ("step", "loss", "gradient_norm"),
        ordered,
        lambda run: ((point.step, point.loss, point.gradient_norm) for point in run.curve),
    )
    _table(
        folder / OUTCOMES,
        ("measure", "at", "value"),
        ordered,
        lambda run: ((measure, at, value) for (measure, at), value in run.outcomes.items()),
    )


def update(fresh: Iterable[Run], folder: Path = FOLDER) -> None:
    """Put these runs into the tables, in place of older ones of the same family, variant and
    seed; runs of variants that no longer exist leave them."""
    old = read(folder) if (folder / CURVES).exists() else []
    kept = [run for run in old if (run.family, run.variant) in _places()]
    runs = {(run.family, run.variant, run.seed): run for run in (*kept, *fresh)}
    write(runs.values(), folder)


def _places() -> dict[tuple[str, str], int]:
    """The place of every (family, variant) in `FAMILIES`."""
    pairs = ((name, one) for name, family in FAMILIES.items() for one in family.variants)
    return {pair: place for place, pair in enumerate(pairs)}


def _rows(path: Path) -> Iterator[tuple[tuple[str, str, int], dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield (row["family"], row["variant"], int(row["seed"])), row


def _table(
    path: Path,
    columns: tuple[str, ...],
    runs: Iterable[Run],
    rows: Callable[[Run], Iterable[Row]],
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*_RUN, *columns))
        for run in runs:
            for row in rows(run):
                written = (_digits(x) if isinstance(x, float) else x for x in row)
                writer.writerow((run.family, run.variant, run.seed, *written))


def _digits(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:.5g}"
