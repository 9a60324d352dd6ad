"""The 80/10/10 rule against its own arithmetic."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.corruption import Fate, candidates_of, corrupt, rolls, selected_of, tally
from model import Bench, ModelError

PASSAGE = "The ship left the harbour before dawn and nobody waved. " * 12


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.integers(0, 10**6))
def test_every_roll_selects_the_same_number(candidates: int, seed: int) -> None:
    fates = rolls(candidates, 3, seed)
    assert fates.shape == (3, candidates)
    assert ((fates != Fate.UNTOUCHED).sum(-1) == selected_of(candidates)).all()


@pytest.mark.parametrize(("candidates", "selected"), [(1, 1), (3, 1), (10, 2), (20, 3), (100, 15)])
def test_fifteen_percent_rounded_and_at_least_one(candidates: int, selected: int) -> None:
    assert selected_of(candidates) == selected


def test_a_seed_decides_and_its_first_roll_stays() -> None:
    assert torch.equal(rolls(50, 4, 7), rolls(50, 4, 7))
    assert torch.equal(rolls(50, 1, 7)[0], rolls(50, 9, 7)[0])
    assert not torch.equal(rolls(50, 1, 7), rolls(50, 1, 8))


def test_shares_are_those_of_the_paper_within_chance() -> None:
    table = tally(100, 2000, 3).set_index("fate")
    for fate, share in (("MASK", 0.8), ("RANDOM", 0.1), ("KEPT", 0.1)):
        row = table.loc[fate]
        spread = (15 * share * (1 - share)) ** 0.5  # binomial, of one roll
        assert row["expected"] == pytest.approx(15 * share)
        assert abs(row["mean"] - 15 * share) < 5 * spread / 2000**0.5
        assert row["std"] == pytest.approx(spread, rel=0.1)
    assert table["share"].sum() == pytest.approx(1)
    assert table["first"].sum() == 15


def test_every_position_is_as_likely() -> None:
    hits = (rolls(20, 3000, 1) != Fate.UNTOUCHED).double().mean(0)  # (20,)
    assert ((hits - 3 / 20).abs() < 5 * (0.15 * 0.85 / 3000) ** 0.5).all()


def test_each_token_meets_its_fate(bert_tiny: Bench) -> None:
    ids = bert_tiny.tokenizer.encode(PASSAGE)
    before = torch.tensor(ids)
    seen = set()
    for seed in range(10):
        corruption = corrupt(ids, bert_tiny.tokenizer, seed)
        fates, after = corruption.fates, corruption.ids
        assert (after[fates == Fate.MASK] == bert_tiny.tokenizer.special.mask).all()
        stays = (fates == Fate.UNTOUCHED) | (fates == Fate.KEPT)
        assert torch.equal(after[stays], before[stays])
        assert fates[0] == fates[-1] == Fate.UNTOUCHED  # [CLS] and [SEP]
        drawn = after[fates == Fate.RANDOM]
        assert ((drawn >= 0) & (drawn < bert_tiny.tokenizer.size)).all()
        assert not (drawn == before[fates == Fate.RANDOM]).any()  # 1 in 30,522 each
        seen |= set(fates.tolist())
    assert seen == set(Fate)
    assert before.tolist() == ids


def test_special_tokens_are_no_candidates(bert_tiny: Bench) -> None:
    ids = bert_tiny.tokenizer.encode("The [MASK] sailed")
    assert candidates_of(ids, bert_tiny.tokenizer) == [1, 3]
    with pytest.raises(ModelError) as caught:
        corrupt(bert_tiny.tokenizer.encode("[MASK]"), bert_tiny.tokenizer, 0)
    assert caught.value.code == "nothing-to-hide"
