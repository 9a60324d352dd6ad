"""Runs Hugging Face's own code in a process of its own, and compares."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from model import Bench, Run
from model.weights.blocks import read_tensor
from model.weights.checkpoint import read_safetensors

SCRIPTS = Path(__file__).parent.parent / "reference"


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


def script(name: str, argument: Path) -> None:
    """Run a script of tests/reference, isolated: there `tokenizers` is Hugging Face's."""
    subprocess.run(
        [sys.executable, "-I", str(SCRIPTS / name), str(argument)],
        check=True,
        capture_output=True,
        timeout=300,
        env={"OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
    )


def answer(jobs: Sequence[Job], folder: Path) -> None:
    """Let transformers do the jobs; each answer lies in its file."""
    file = folder / "jobs.json"
    file.write_text(json.dumps([job.as_json() for job in jobs]))
    script("models_reference.py", file)


def run(bench: Bench, job: Job) -> Run:
    return bench.run_encoded(bench.batch(job.rows, job.types))


def compare(run: Run, job: Job) -> dict[str, tuple[float, float]]:
    """For hidden states, attention weights and logits: the largest difference anywhere, and the
    largest magnitude of the reference. Padding, whose numbers mean nothing, is left out."""
    expected = {name: read_tensor(at) for name, at in read_safetensors(job.answer).items()}
    ours: dict[str, Tensor] = {}
    for layer in range(run.shape.n_layers):
        ours[f"weights.{layer}"] = run.attention(layer).weights
    for layer in range(run.shape.n_layers + 1):
        ours[f"hidden.{layer}"] = run.hidden(layer)
    if run.logits is not None:
        ours["logits"] = run.logits
    else:
        expected.pop("logits", None)  # of a head for another task
    assert ours.keys() == expected.keys()
    worst: dict[str, tuple[float, float]] = {}
    for name, tensor in ours.items():
        assert tensor.shape == expected[name].shape
        positions = -2  # queries, or tokens
        difference = (tensor - expected[name]).abs().movedim(positions, 1)
        magnitude = expected[name].abs().movedim(positions, 1)
        assert run.source.real.shape == difference.shape[:2]
        kind = name.split(".")[0]
        found = (
            difference[run.source.real].max().item(),
            magnitude[run.source.real].max().item(),
        )
        before = worst.get(kind, (0.0, 0.0))
        worst[kind] = (max(found[0], before[0]), max(found[1], before[1]))
    assert all(torch.isfinite(tensor[run.source.real]).all() for tensor in (run.hidden(0),))
    return worst
