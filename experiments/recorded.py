"""The ready comparisons of two trainings, recorded: a training is the same whenever it is run, so a
page shows these without making anybody wait for them.

    python -m experiments.recorded [NAME ...] [--anew]

trains what is not recorded yet, about five seconds each, and writes to experiments/recordings. It
may be stopped and run again. One training goes by one thread, whose sums come in one order.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from experiments.live_training import Look, Moment, Pair, Plan, Setting, marks, moments
from model.training import Progress

FOLDER = Path(__file__).parent / "recordings"

_QUICK = Setting(place="pre", peak=0.01)
READY: Mapping[str, Pair] = MappingProxyType(
    {
        "warmup": (Setting(), Setting(warmup=0)),
        "place": (Setting(place="pre", warmup=0), Setting(warmup=0)),
        "peak": (_QUICK, replace(_QUICK, peak=5e-4)),
        "dropout": (_QUICK, replace(_QUICK, dropout=0.3)),
        "positions": (_QUICK, replace(_QUICK, positions="none")),
        "scaled": (Setting(peak=0.01), Setting(peak=0.01, scaled=False)),
    }
)

Recording = tuple[Moment, ...]


def recording(plan: Plan, pair: Pair, folder: Path = FOLDER) -> Recording | None:
    """All moments of this training, shared and read only; None where it is not recorded."""
    name = next((name for name, ready in READY.items() if ready == pair), None)
    file = folder / f"{name}.npz"
    return _read(file, plan, pair) if name is not None and file.exists() else None


def record(name: str, folder: Path) -> None:
    """Train the ready comparison `name` under the plan that a page begins with, and write it."""
    plan, pair = Plan(), READY[name]
    unfinished = folder / f"{name}.part.npz"
    np.savez_compressed(unfinished, **_arrays(plan, pair, list(moments(plan, pair))))
    unfinished.replace(folder / f"{name}.npz")


def _arrays(plan: Plan, pair: Pair, seen: Sequence[Moment]) -> dict[str, Any]:
    """Per step and side the progress; per examined step and side the look, of a task whose right
    keys are known."""
    progress = [moment.progress for moment in seen if moment.progress]
    looks = [moment.looks for moment in seen if moment.looks]
    taken = [[(p.loss, p.rate, p.gradient_norm) for p in sides] for sides in progress]
    return {
        "of": np.array(_name(plan, pair)),
        "taken": np.array(taken),  # (steps, sides, 3)
        "examined": np.array([[(look.loss, look.accuracy) for look in sides] for sides in looks]),
        "attention": _stack([[look.attention for look in sides] for sides in looks]),
        "right": _stack([[look.right for look in sides] for sides in looks]),
        "answers": np.array([[look.answers for look in sides] for sides in looks]),
    }


@lru_cache(maxsize=2 * len(READY))
def _read(file: Path, plan: Plan, pair: Pair) -> Recording | None:
    with np.load(file, allow_pickle=False) as written:
        if str(written["of"]) != _name(plan, pair):
            return None
        arrays = {name: written[name] for name in written.files}
    sides = range(len(pair))
    looks = {
        step: tuple(
            Look(
                loss=float(arrays["examined"][place, side, 0]),
                accuracy=float(arrays["examined"][place, side, 1]),
                attention=torch.from_numpy(arrays["attention"][place, side]),
                right=torch.from_numpy(arrays["right"][place, side]),
                answers=tuple(map(str, arrays["answers"][place, side])),
            )
            for side in sides
        )
        for place, step in enumerate(marks(plan.steps))
    }
    seen = [Moment(0, None, _two(looks[0]))]
    for step, taken in enumerate(arrays["taken"].tolist(), start=1):
        progress = _two([Progress(step, *taken[side]) for side in sides])
        seen.append(Moment(step, progress, _two(looks[step]) if step in looks else None))
    return tuple(seen)


def _name(plan: Plan, pair: Pair) -> str:
    """What decides the training, to tell a recording of other settings from this one's."""
    return json.dumps([asdict(plan), *(asdict(setting) for setting in pair)])


def _stack(tensors: list[list[Tensor | None]]) -> Any:
    return np.stack(
        [[tensor.numpy() for tensor in sides if tensor is not None] for sides in tensors]
    )


def _two(sides: Sequence[Any]) -> tuple[Any, Any]:
    one, other = sides
    return one, other


def main(words: Sequence[str] | None = None, folder: Path = FOLDER) -> None:
    """The command line."""
    parser = argparse.ArgumentParser("python -m experiments.recorded", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(READY)}")
    parser.add_argument("--anew", action="store_true", help="train what is recorded too")
    asked = parser.parse_args(words)
    unknown = set(asked.names) - set(READY)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(READY)}")
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    for name in asked.names or READY:
        if asked.anew or recording(Plan(), READY[name], folder) is None:
            record(name, folder)
            sys.stdout.write(f"{name}: {(folder / name).with_suffix('.npz')}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
