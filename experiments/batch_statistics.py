"""What BatchNorm does with its batches: the statistics it takes, and those it remembers.

Ioffe & Szegedy 2015 (arXiv 1502.03167), §3 and §3.1, on `torch.nn.BatchNorm1d`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

STEPS = 200
SHIFT_AT = STEPS // 2  # from this step on the data have moved
FEATURES = 32
MEAN, STD = 2.0, 3.0  # of every feature before the shift


@dataclass(frozen=True)
class Feed:
    """A stream of training batches: independent normal numbers of mean 2 and standard deviation
    3 (before the shift; afterwards of mean 2 + shift), `batch` samples of 32 features at each of
    200 steps."""

    batch: int
    shift: float
    seed: int

    def mean(self, step: int) -> float:
        """The true mean at a step."""
        return MEAN + (self.shift if step >= SHIFT_AT else 0.0)

    def batches(self) -> list[Tensor]:
        """STEPS of (batch, FEATURES)."""
        dice = torch.Generator().manual_seed(self.seed)
        return [
            self.mean(step) + STD * torch.randn(self.batch, FEATURES, generator=dice)
            for step in range(STEPS)
        ]


def training(feed: Feed, momentum: float) -> pd.DataFrame:
    """One row per step of `torch.nn.BatchNorm1d` in training mode, of feature 0: step; true mean;
    batch_mean and batch_var of this batch (variance unbiased); running_mean and running_var after
    it; expected_mean, what the running mean is on average; and what becomes of this batch, over
    all features: train_mean and train_std in training mode; eval_mean and eval_std in evaluation
    mode, with what was remembered before it.

    Raises ValueError for a batch of one: PyTorch refuses it.
    """
    norm = nn.BatchNorm1d(FEATURES, momentum=momentum)
    rows, expected = [], 0.0  # running statistics start at mean 0, variance 1
    with torch.no_grad():
        for step, x in enumerate(feed.batches()):
            evaluated = norm.eval()(x)
            train = norm.train()(x)
            expected += momentum * (feed.mean(step) - expected)
            rows.append(
                {
                    "step": step,
                    "true_mean": feed.mean(step),
                    "batch_mean": float(x[:, 0].mean()),
                    "batch_var": float(x[:, 0].var()),
                    "running_mean": float(_known(norm.running_mean)[0]),
                    "running_var": float(_known(norm.running_var)[0]),
                    "expected_mean": expected,
                    "train_mean": float(train.mean()),
                    "train_std": float(train.std(correction=0)),
                    "eval_mean": float(evaluated.mean()),
                    "eval_std": float(evaluated.std(correction=0)),
                }
            )
    return pd.DataFrame(rows)


def _known(statistics: Tensor | None) -> Tensor:
    assert statistics is not None  # tracked by default
    return statistics


def standard_errors(sizes: Sequence[int], repeats: int, seed: int) -> pd.DataFrame:
    """One row per batch size B: batch; error, the standard deviation of the mean of B normal
    numbers of standard deviation 3, over this many batches; closed, σ/√B."""
    rows = []
    for size in sizes:
        dice = torch.Generator().manual_seed(seed)
        means = STD * torch.randn(repeats, size, generator=dice).mean(1)  # (repeats,)
        rows.append(
            {
                "batch": size,
                "error": float(means.std()),
                "closed": STD / math.sqrt(size),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Single:
    """What a batch of one does. refused: PyTorch's own words in training mode. formula: the
    largest |output| of the bare formula (x − mean) / √(variance + ε) on it. evaluated: the
    standard deviation of what evaluation mode makes of it, which uses what was remembered."""

    refused: str
    formula: float
    evaluated: float


def single(feed: Feed, momentum: float) -> Single:
    """One sample after training on `feed` (on batches of 2 where its batches hold one)."""
    norm = nn.BatchNorm1d(FEATURES, momentum=momentum)
    trained = Feed(max(2, feed.batch), feed.shift, feed.seed)
    batches = trained.batches()
    with torch.no_grad():
        for x in batches:
            norm.train()(x)
        one = batches[-1][:1]  # (1, FEATURES)
        try:
            norm.train()(one)
            refused = ""
        except ValueError as error:
            refused = str(error)
        centred = one - one.mean(0)
        formula = centred / (one.var(0, correction=0) + norm.eps).sqrt()
        evaluated = norm.eval()(one)
    return Single(refused, float(formula.abs().max()), float(evaluated.std(correction=0)))
