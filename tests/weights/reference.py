"""Runs Hugging Face's own code in a process of its own, and compares."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from model import Bench, Run
from model.weights.blocks import read_tensor
from model.weights.checkpoint import read_safetensors

SCRIPTS = Path(__file__).parent.parent / "reference"


@dataclass(frozen=True)
class Difference:
    """The largest difference anywhere: as it is, and as a share of the largest magnitude at the
    same position."""

    absolute: float
    relative: float


@dataclass(frozen=True)
class Job:
    """One model and the batch that it shall read; rows of token ids, padded with 0."""

    model: Path
    rows: Sequence[Sequence[int]]
    types: Sequence[Sequence[int]]
    answer: Path

    def as_json(self) -> dict[str, object]:
        longest = max(map(len, self.rows))
        return {
            "model": str(self.model),
            "ids": [[*row, *[0] * (longest - len(row))] for row in self.rows],
            "types": [[*row, *[0] * (longest - len(row))] for row in self.types],
            "lengths": [len(row) for row in self.rows],
            "answer": str(self.answer),
        }


def script(name: str, argument: Path) -> str:
    """What a script of tests/reference prints, run isolated: there `tokenizers` is Hugging
    Face's."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPTS / name), str(argument)],
        check=True,
        capture_output=True,
        timeout=600,
        env={"OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
        text=True,
    )
    return done.stdout


def answer(jobs: Sequence[Job], folder: Path) -> None:
    """Let transformers do the jobs; each answer lies in its file."""
    file = folder / "jobs.json"
    file.write_text(json.dumps([job.as_json() for job in jobs]))
    script("models_reference.py", file)


def run(bench: Bench, job: Job) -> Run:
    return bench.run_encoded(bench.batch(job.rows, job.types))


def differences(run: Run, job: Job) -> dict[str, Difference]:
    """How far a run's hidden states, attention weights and logits are from the answer's, by the
    answer's names. Padding, whose numbers mean nothing, is left out."""
    expected = {name: read_tensor(entry) for name, entry in read_safetensors(job.answer).items()}
    ours = {f"hidden.{i}": run.hidden(i) for i in range(run.shape.n_layers + 1)}
    # (batch, heads, queries, keys) → (batch, queries, heads, keys): positions second everywhere
    for i in range(run.shape.n_layers):
        ours[f"weights.{i}"] = run.attention(i).weights.transpose(1, 2)
        expected[f"weights.{i}"] = expected[f"weights.{i}"].transpose(1, 2)
    if run.logits is None:
        expected.pop("logits", None)  # of a head for another task
    else:
        ours["logits"] = run.logits
    assert ours.keys() == expected.keys()
    return {
        name: _difference(tensor[run.source.real], expected[name][run.source.real])
        for name, tensor in ours.items()
    }


def _difference(ours: Tensor, expected: Tensor) -> Difference:
    """Of two tensors whose first axis is the position."""
    assert ours.shape == expected.shape
    apart = (ours - expected).abs().flatten(1).amax(1)
    scale = expected.abs().flatten(1).amax(1)
    return Difference(apart.max().item(), (apart / scale).max().item())
