"""What families show: pairs under one seed, bands over seeds, one table."""

import math
from pathlib import Path

import pandas as pd
import pytest
import torch

from experiments.families import (
    Comparison,
    Entry,
    Tables,
    band,
    by_length,
    compare,
    interval,
    still_falling,
    student,
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
    assert compare(stored, UNTIED, TIED).differences == (-0.25, -0.5, -0.125)


def test_only_seeds_that_both_have_are_paired(stored: Tables) -> None:
    outcomes = stored.outcomes
    gone = (outcomes["variant"] == "tied") & (outcomes["seed"] == 1)
    fewer = Tables(stored.curves, outcomes.loc[~gone])
    assert compare(fewer, TIED, UNTIED).differences == (0.25, 0.125)
    with pytest.raises(KeyError, match="no seed"):
        compare(stored, TIED, Entry("tied", "half"))


@pytest.mark.parametrize(
    ("freedom", "beyond", "t"),
    [  # from a printed table
        (1, 0.05, 12.706), (2, 0.05, 4.303), (2, 0.01, 9.925), (3, 0.05, 3.182), (4, 0.05, 2.776),
        (5, 0.01, 4.032), (9, 0.05, 2.262), (10, 0.001, 4.587), (30, 0.05, 2.042),
    ],
)  # fmt: skip
def test_students_t_is_the_tables(freedom: int, beyond: float, t: float) -> None:
    assert student(freedom, beyond) == pytest.approx(t, abs=5e-4)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7])
def test_students_t_is_the_densitys(freedom: int) -> None:
    """The area under the density within ±t, by the trapezoidal rule."""
    t = student(freedom, 0.05)
    x = torch.linspace(-t, t, 200_001, dtype=torch.float64)
    ends = torch.lgamma(torch.tensor([(freedom + 1) / 2, freedom / 2], dtype=torch.float64))
    top = (ends[0] - ends[1]).exp() / math.sqrt(freedom * math.pi)
    density = top * (1 + x.square() / freedom) ** (-(freedom + 1) / 2)
    assert float(torch.trapezoid(density, x)) == pytest.approx(0.95, abs=1e-8)


def test_an_interval_by_hand() -> None:
    """1, 2, 3: mean 2, s = 1, s/√3 = 0.5774; t for 2 degrees is 4.303, and 9.925 where five
    intervals are to hold together."""
    assert interval((1.0, 2.0, 3.0), 1) == pytest.approx((2 - 2.484, 2 + 2.484), abs=1e-3)
    assert interval((1.0, 2.0, 3.0), 5) == pytest.approx((2 - 5.730, 2 + 5.730), abs=1e-3)
    assert interval((0.5,), 1) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("differences", "together", "verdict"),
    [
        ((0.1, 0.2, 0.3), 1, "none"),  # three signs of three: one time in four by chance
        ((0.29, 0.3, 0.31), 1, "higher"),
        ((-0.29, -0.3, -0.31), 1, "lower"),
        ((0.2, 0.3, 0.3), 1, "higher"),
        ((0.2, 0.3, 0.3), 5, "none"),  # the same numbers, among five comparisons
        ((0.2, 0.3, -0.001), 1, "none"),
        ((0.0, 0.0, 0.0), 1, "none"),
        ((math.nan, 0.1, 0.1), 1, "none"),
        ((0.5,), 1, "none"),
        ((-0.1, -0.2, -0.3, -0.1, -0.2, -0.3), 1, "lower"),  # and with six seeds it is found
    ],
)
def test_a_verdict_takes_an_interval(
    differences: tuple[float, ...], together: int, verdict: str
) -> None:
    base = (0.0,) * len(differences)
    assert Comparison(TIED, UNTIED, differences, base).verdict(together) == verdict


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
    # 0.25, 0.5, 0.125: s/√3 = 0.1102, times 4.303
    assert (tied["from"], tied["to"]) == pytest.approx((-0.1827, 0.7660), abs=1e-3)
    assert (tied["training"], tied["parameters"]) == (pytest.approx(5.125 / 3 - 0.25), 1000)


def test_how_much_a_curve_still_falls(stored: Tables) -> None:
    assert still_falling(stored, [TIED, UNTIED]) == pytest.approx(5, rel=1e-3)
