"""Counts of n characters: against a dictionary of followers, and against values by hand."""

import math
from collections import Counter, defaultdict
from typing import Any

import pytest
import torch

from experiments.character_counts import count_loss
from model.training.tasks import Characters


def slowly(task: Characters, n: int) -> float:
    """The same by a dictionary of followers, one character after the other."""
    size, text = task.tokenizer.size, task.text().tolist()
    followers: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for place, following in enumerate(text):
        for length in range(min(n - 1, place) + 1):
            followers[tuple(text[place - length : place])][following] += 1
    losses = []
    for batch in task.held_out(64):
        for ids, labels in zip(batch.ids.tolist(), batch.labels.tolist(), strict=True):
            for place, following in enumerate(labels):
                chance = 1 / size
                for length in range(min(n - 1, place + 1) + 1):
                    context = followers.get(tuple(ids[place + 1 - length : place + 1]))
                    if context is None:
                        break
                    kinds = len(context)
                    chance = (context[following] + kinds * chance) / (context.total() + kinds)
                losses.append(-math.log(chance))
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("limit", [500, 20_000])
def test_counts_are_those_of_a_dictionary(n: int, limit: int) -> None:
    task = Characters(64, limit=limit)
    assert count_loss(task, n) == pytest.approx(slowly(task, n), rel=1e-9)


def test_a_window_shorter_than_the_context() -> None:
    task = Characters(2, limit=2000)
    assert count_loss(task, 4) == count_loss(task, 3) == pytest.approx(slowly(task, 4), rel=1e-9)


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text 0 1 0 1 1, window 1 0 of two symbols, n = 2. Alone: 0 twice, 1 three times, two kinds:
    P(0) = (2 + 2 · ½) / 7 = 3/7, P(1) = 4/7. After 1: 0 and 1 once each: P(0 | 1) = (1 + 2 · 3/7)
    / 4 = 13/28."""

    class Two(Characters):
        @property
        def tokenizer(self) -> Any:
            return type("Tokenizer", (), {"size": 2})

        def text(self) -> torch.Tensor:
            return torch.tensor([0, 1, 0, 1, 1])

        def held_out(self, size: int) -> Any:
            from model.training.tasks.task import Batch

            yield Batch(torch.tensor([[1]]), torch.tensor([[0]]))

    assert count_loss(Two(1), 1) == pytest.approx(-math.log(3 / 7))
    assert count_loss(Two(1), 2) == pytest.approx(-math.log(13 / 28))


def test_the_figures_of_the_panels() -> None:
    """Read as one text rather than in windows they are 1.677 and 1.318."""
    task = Characters(64)
    assert [round(count_loss(task, n), 3) for n in (3, 4)] == [1.686, 1.338]
    whole = Characters(37_798)  # the held-out text as one window
    assert [round(count_loss(whole, n), 3) for n in (3, 4)] == [1.677, 1.318]
