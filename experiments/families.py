"""Families of models that were trained alike but for one choice: what came of each variant, over
seeds, and paired with another variant under the same seed, whose batches are the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from model.training import results

Verdict = Literal["lower", "higher", "mixed"]


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

    @property
    def verdict(self) -> Verdict:
        """Whether the entry is lower or higher under every seed."""
        if all(difference < 0 for difference in self.differences):
            return "lower"
        if all(difference > 0 for difference in self.differences):
            return "higher"
        return "mixed"


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
    """One row per entry: mean, low, high of its value; difference, from, to: mean, least and
    largest of the paired differences, NaN where it is compared with nothing; the number of seeds;
    the mean training loss, entropy and largest weight of its variant, and its parameters."""
    paired = {one.entry: pd.Series(one.differences) for one in comparisons}
    rows = []
    for entry in entries:
        found = values(stored, entry)
        apart = paired.get(entry, pd.Series(dtype=float))  # empty: its mean is NaN
        row = {
            "mean": found.mean(),
            "low": found.min(),
            "high": found.max(),
            "difference": apart.mean(),
            "from": apart.min(),
            "to": apart.max(),
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
