"""The arithmetic of a cell adds up to the number in the picture."""

from dataclasses import replace

import pytest

from experiments.cell import arithmetic
from model import Bench

TEXT = "The letters that the lawyer wrote"


def adds_up(bench: Bench, layer: int, head: int, query: int, key: int, **changes) -> None:
    choices = replace(bench.native, **changes)
    view = bench.run(TEXT, choices).attention(layer)
    cell = arithmetic(view, choices.at(layer, bench.native), head, query, key)
    assert float(cell.terms.sum()) + cell.position_score == pytest.approx(cell.raw, abs=1e-4)
    assert cell.raw / cell.divisor + cell.bias == pytest.approx(cell.score, abs=1e-5)
    assert float(cell.row.scores[key]) == cell.score
    assert float(cell.row.exponentials.sum()) == pytest.approx(cell.total, rel=1e-5)
    assert cell.exponential / cell.total == pytest.approx(cell.weight, abs=1e-6)
    assert cell.weight == float(view.weights[0, head, query, key])
    assert (cell.row.weights[~cell.row.allowed] == 0).all()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scaled": False},
        {"temperature": 0.5},
        {"score": "cosine"},
        {"score": "additive"},
        {"tied": True},
        {"positions": "alibi"},
        {"positions": "rope"},
        {"mask": "causal"},
        {"layers": (1,), "scaled": False},
    ],
)
def test_every_step_leads_to_the_next(minilm: Bench, changes: dict) -> None:
    for query, key in ((5, 2), (2, 5), (0, 0)):
        adds_up(minilm, 3, 7, query, key, **changes)


def test_rotation_is_told_apart_from_content(smollm2: Bench) -> None:
    adds_up(smollm2, 4, 3, 4, 1)
    view = smollm2.run(TEXT).attention(4)
    there = arithmetic(view, smollm2.native, 3, 4, 1)
    itself = arithmetic(view, smollm2.native, 3, 4, 4)
    assert there.content is not None
    assert itself.content is not None
    assert there.content != pytest.approx(there.raw, abs=1e-3)
    # a token at distance 0 of itself: both vectors turn by the same angle, nothing is gained
    assert itself.content == pytest.approx(itself.raw, rel=1e-4)


def test_a_masked_cell_weighs_nothing(smollm2: Bench) -> None:
    view = smollm2.run(TEXT).attention(0)
    cell = arithmetic(view, smollm2.native, 0, 1, 3)
    assert not cell.allowed
    assert cell.weight == 0
    assert cell.exponential == 0
