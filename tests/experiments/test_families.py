"""What families show: pairs under one seed, bands over seeds, one table."""

import math
from pathlib import Path

import pandas as pd
import pytest

from experiments.families import (
    Comparison,
    Entry,
    Tables,
    band,
    by_length,
    compare,
    still_falling,
    summary,
    tables,
    values,
)
from model.training import results
from model.training.results import Run
from model.training.study import Point

TIED, UNTIED = Entry("tied", "tied"), Entry("tied", "untied")


def run(variant: str, seed: int, loss: float) -> Run:
    curve = tuple(Point(10 * n, loss + 8.0 - n, 0.5) for n in range(1, 8))
    outcomes = {
        ("held out", 0.0): loss,
        ("training", 0.0): loss - 0.25,
        ("entropy", 0.0): 2.0,
        ("largest", 0.0): 0.5,
        ("parameters", 0.0): 1000,
        ("length", 64.0): loss + 1,
        ("length", 128.0): loss + 2,
    }
    return Run("tied", variant, seed, curve, outcomes)


@pytest.fixture
def stored(tmp_path: Path) -> Tables:
    results.write(
        [
            *(run("untied", seed, loss) for seed, loss in enumerate((1.5, 1.75, 1.0))),
            *(run("tied", seed, loss) for seed, loss in enumerate((1.75, 2.25, 1.125))),
        ],
        tmp_path,
    )
    return tables(tmp_path)


def test_pairs_are_those_of_one_seed(stored: Tables) -> None:
    found = compare(stored, TIED, UNTIED)
    assert found.values == (1.75, 2.25, 1.125)
    assert found.references == (1.5, 1.75, 1.0)
    assert found.differences == (0.25, 0.5, 0.125)
    assert found.verdict == "higher"
    assert compare(stored, UNTIED, TIED).verdict == "lower"


def test_only_seeds_that_both_have_are_paired(stored: Tables) -> None:
    outcomes = stored.outcomes
    gone = (outcomes["variant"] == "tied") & (outcomes["seed"] == 1)
    fewer = Tables(stored.curves, outcomes.loc[~gone])
    assert compare(fewer, TIED, UNTIED).differences == (0.25, 0.125)
    with pytest.raises(KeyError, match="no seed"):
        compare(stored, TIED, Entry("tied", "half"))


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ((0.1, 0.2, 0.3), "higher"),
        ((-0.1, -0.2, -0.001), "lower"),
        ((0.1, 0.2, -0.001), "mixed"),
        ((0.1, 0.0, 0.1), "mixed"),
        ((0.0, 0.0, 0.0), "mixed"),
        ((math.nan, 0.1, 0.1), "mixed"),
    ],
)
def test_a_verdict_takes_every_seed(differences: tuple[float, ...], verdict: str) -> None:
    assert Comparison(TIED, UNTIED, differences, (0.0, 0.0, 0.0)).verdict == verdict


def test_a_band_runs_from_the_lowest_seed_to_the_highest(stored: Tables) -> None:
    found = band(stored, "tied", "tied")
    assert found["step"].tolist() == [10, 20, 30, 40, 50, 60, 70]
    first = found.iloc[0]
    assert (first["low"], first["high"]) == (1.125 + 7, 2.25 + 7)
    assert first["mean"] == pytest.approx((1.75 + 2.25 + 1.125) / 3 + 7, rel=1e-4)
    assert set(band(stored, "tied", "tied", "gradient_norm")["mean"]) == {0.5}


def test_losses_by_length(stored: Tables) -> None:
    found = by_length(stored, "tied", "untied")
    assert found["at"].tolist() == [64, 128]
    assert found["low"].tolist() == [2.0, 3.0]
    assert found["high"].tolist() == [2.75, 3.75]
    assert values(stored, Entry("tied", "untied", "length", 128.0)).tolist() == [3.5, 3.75, 3.0]


def test_the_summary_has_a_row_per_entry(stored: Tables) -> None:
    found = summary(stored, [UNTIED, TIED], [compare(stored, TIED, UNTIED)])
    reference, tied = found.iloc[0], found.iloc[1]
    assert reference["mean"] == pytest.approx(4.25 / 3)
    assert (reference["low"], reference["high"], reference["seeds"]) == (1.0, 1.75, 3)
    assert pd.isna(reference["difference"])
    assert tied["difference"] == pytest.approx(0.875 / 3)
    assert (tied["from"], tied["to"]) == (0.125, 0.5)
    assert (tied["training"], tied["parameters"]) == (pytest.approx(5.125 / 3 - 0.25), 1000)


def test_how_much_a_curve_still_falls(stored: Tables) -> None:
    assert still_falling(stored, [TIED, UNTIED]) == pytest.approx(5, rel=1e-3)
