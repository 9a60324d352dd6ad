"""Families of models that were trained alike but for one choice: what came of each variant, over
seeds, and paired with another variant under the same seed, whose batches are the same."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd

from model.training import results

Verdict = Literal["lower", "higher", "none"]
LEVEL = 0.95  # of all intervals of a panel together


@dataclass(frozen=True)
class Tables:
    """Every run of every family, a row per point of a curve and per outcome; the columns are
    those of `model.training.results`."""

    curves: pd.DataFrame  # family, variant, seed, step, loss, gradient_norm
    outcomes: pd.DataFrame  # family, variant, seed, measure, at, value


@dataclass(frozen=True)
class Entry:
    """One outcome of one variant; measure, at: see `model.training.study.study`."""

    family: str
    variant: str
    measure: str = "held out"
    at: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """An entry beside a reference; values, references: theirs under each seed, in one order."""

    entry: Entry
    reference: Entry
    values: tuple[float, ...]
    references: tuple[float, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        """Entry − reference under each seed."""
        pairs = zip(self.values, self.references, strict=True)
        return tuple(value - reference for value, reference in pairs)

    def interval(self, together: int) -> tuple[float, float]:
        """Student's interval of the mean difference over seeds: one of `together` that all hold
        with a probability of `LEVEL` (Bonferroni). Without end for a single seed."""
        return interval(self.differences, together)

    def verdict(self, together: int) -> Verdict:
        """On which side of 0 the `interval` lies; "none" where it does not exclude 0."""
        low, high = self.interval(together)
        return "lower" if high < 0 else "higher" if low > 0 else "none"


def interval(differences: Sequence[float], together: int) -> tuple[float, float]:
    """Low and high of mean ± t · s/√n of n values, t so wide that `together` such intervals all
    hold with a probability of at least `LEVEL`; −∞ to ∞ for one value."""
    n = len(differences)
    if n < 2:
        return -math.inf, math.inf
    mean = sum(differences) / n
    deviation = math.sqrt(sum((one - mean) ** 2 for one in differences) / (n - 1))
    reach = student(n - 1, (1 - LEVEL) / together) * deviation / math.sqrt(n)
    return mean - reach, mean + reach


@cache
def student(freedom: int, beyond: float) -> float:
    """The t that Student's distribution of this many degrees of freedom exceeds in absolute value
    with the probability `beyond`; by halving, to the last digit."""
    low, high = 0.0, 1.0
    while 1 - _within(high, freedom) > beyond:
        low, high = high, 2 * high
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if 1 - _within(middle, freedom) > beyond else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """P(|T| ≤ t), in closed form (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + odd, freedom, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        total += term
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total


def tables(folder: Path = results.FOLDER) -> Tables:
    """What is stored in this folder."""
    runs = results.read(folder)
    return Tables(
        pd.DataFrame(
            {
                "family": run.family,
                "variant": run.variant,
                "seed": run.seed,
                "step": point.step,
                "loss": point.loss,
                "gradient_norm": point.gradient_norm,
            }
            for run in runs
            for point in run.curve
        ),
        pd.DataFrame(
            {
                "family": run.family,
                "variant": run.variant,
                "seed": run.seed,
                "measure": measure,
                "at": at,
                "value": value,
            }
            for run in runs
            for (measure, at), value in run.outcomes.items()
        ),
    )


def values(stored: Tables, entry: Entry) -> pd.Series:
    """An entry's values by seed; empty where it was not measured."""
    table = stored.outcomes
    here = (
        (table["family"] == entry.family)
        & (table["variant"] == entry.variant)
        & (table["measure"] == entry.measure)
        & (table["at"] == entry.at)
    )
    return pd.Series(table.loc[here, "value"].to_numpy(), index=table.loc[here, "seed"])


def compare(stored: Tables, entry: Entry, reference: Entry) -> Comparison:
    """The two under the seeds that both have."""
    both = pd.concat([values(stored, entry), values(stored, reference)], axis=1, join="inner")
    if both.empty:
        raise KeyError(f"no seed has both {entry} and {reference}")
    return Comparison(entry, reference, *(tuple(both.iloc[:, i].tolist()) for i in (0, 1)))


def band(stored: Tables, family: str, variant: str, quantity: str = "loss") -> pd.DataFrame:
    """A variant's curve over its seeds: step, mean, low, high."""
    table = stored.curves
    here = (table["family"] == family) & (table["variant"] == variant)
    return _spread(table.loc[here], "step", quantity)


def by_length(stored: Tables, family: str, variant: str) -> pd.DataFrame:
    """The loss at the end of windows of each measured length over the seeds: at, mean, low,
    high."""
    table = stored.outcomes
    here = (table["family"] == family) & (table["variant"] == variant)
    return _spread(table.loc[here & (table["measure"] == "length")], "at", "value")


def summary(
    stored: Tables, entries: Iterable[Entry], comparisons: Iterable[Comparison]
) -> pd.DataFrame:
    """One row per entry: mean, low, high of its value; difference: mean of the paired differences;
    from, to: its interval, one of as many as there are comparisons; NaN where it is compared with
    nothing; the number of seeds; the mean training loss, entropy and largest weight of its
    variant, and its parameters."""
    paired = {one.entry: one for one in comparisons}
    rows = []
    for entry in entries:
        found = values(stored, entry)
        one = paired.get(entry)
        difference = sum(one.differences) / len(one.differences) if one else math.nan
        least, most = one.interval(len(paired)) if one else (math.nan, math.nan)
        row = {
            "mean": found.mean(),
            "low": found.min(),
            "high": found.max(),
            "difference": difference,
            "from": least,
            "to": most,
            "seeds": len(found),
        }
        for measure in ("training", "entropy", "largest", "parameters"):
            row[measure] = values(stored, Entry(entry.family, entry.variant, measure)).mean()
        rows.append(row)
    return pd.DataFrame(rows)


def still_falling(stored: Tables, entries: Iterable[Entry]) -> float:
    """By how much the training loss of these entries' variants fell over the last five points of
    their curves, on average over variants and seeds, in nats."""
    kept = {(entry.family, entry.variant) for entry in entries}
    falls = []
    for family, variant in sorted(kept):
        loss = band(stored, family, variant)["mean"]
        falls.append(loss.iloc[-6] - loss.iloc[-1])
    return float(pd.Series(falls).mean())


def _spread(rows: pd.DataFrame, along: str, quantity: str) -> pd.DataFrame:
    found = rows.groupby(along)[quantity].agg(["mean", "min", "max"]).reset_index()
    return found.rename(columns={"min": "low", "max": "high"})
