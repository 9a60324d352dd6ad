"""What trained families show, in sentences that the numbers choose."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import itemgetter

import pandas as pd

from experiments.families import Comparison, Entry, Verdict
from ui.i18n import _
from ui.numbers import numeral


def finding(
    comparisons: Sequence[Comparison],
    expected: Mapping[Entry, Verdict | None],
    names: Mapping[Entry, str],
) -> str:
    """Which entries are lower or higher than their reference under every seed, and whether the
    usual answer expects it. Markdown."""
    references = {one.reference for one in comparisons}
    if len(references) == 1:
        first = comparisons[0]
        lead = _("Against **{reference}** with {value} nats per character of held-out text:")
        lead = lead.format(
            reference=names[first.reference], value=numeral(_mean(first.references), ".3f")
        )
    else:
        lead = _("In nats per character of held-out text:")
    groups = []
    for verdict, said in _verdicts().items():
        found = [one for one in comparisons if one.verdict == verdict]
        if found:
            listed = _(", ").join(_spoken(one, names, alone=len(references) == 1) for one in found)
            seeds = min(len(one.differences) for one in found)
            groups.append(said.format(seeds=seeds, list=listed))
    return _("{lead} {groups}. {expectation}").format(
        lead=lead,
        groups=_("; ").join(groups),
        expectation=_expectation(comparisons, expected, names),
    )


def stretched(frames: Mapping[str, pd.DataFrame], trained: int) -> str:
    """How the loss changes from the trained length to the longest measured, least first; `frames`
    by name as from `experiments.families.by_length`. Markdown."""
    means = {
        name: dict(zip(frame["at"].tolist(), frame["mean"].tolist(), strict=True))
        for name, frame in frames.items()
    }
    longest = max(at for curve in means.values() for at in curve)
    changes = {
        name: curve[longest] - curve[trained] for name, curve in means.items() if longest in curve
    }
    beyond = [name for name in means if name not in changes]
    listed = _(", ").join(
        f"**{name}** {numeral(change, '+.2f')}"
        for name, change in sorted(changes.items(), key=itemgetter(1))
    )
    said = _(
        "From {trained} to {longest} characters, {times} times the trained length, the loss at the "
        "end of the window changes by: {list}."
    ).format(
        trained=trained,
        longest=numeral(longest, "g"),
        times=numeral(longest / trained, "g"),
        list=listed,
    )
    if beyond:
        none = _("No row beyond {trained}: {list}.")
        return _together(said, none.format(trained=trained, list=_(", ").join(beyond)))
    return said


def gaps(summary: pd.DataFrame, names: Sequence[str]) -> str:
    """How far the held-out loss lies above the training loss; `summary` as from
    `experiments.families.summary`, a row per name. Markdown."""
    apart = (summary["mean"] - summary["training"]).tolist()
    listed = _(", ").join(
        f"**{name}** {numeral(gap, '+.2f')}" for name, gap in zip(names, apart, strict=True)
    )
    return _("Held-out minus training loss: {list}.").format(list=listed)


def _verdicts() -> dict[Verdict, str]:
    return {
        "lower": _("lower loss in {seeds} of {seeds} seeds: {list}"),
        "higher": _("higher loss in {seeds} of {seeds} seeds: {list}"),
        "mixed": _("lower under one seed, higher under another: {list}"),
    }


def _spoken(one: Comparison, names: Mapping[Entry, str], *, alone: bool) -> str:
    name, value = names[one.entry], numeral(_mean(one.values), ".3f")
    if alone:
        return f"**{name}** {value}"
    return _("**{name}** {value} against {reference} for {other}").format(
        name=name,
        value=value,
        other=names[one.reference],
        reference=numeral(_mean(one.references), ".3f"),
    )


def _expectation(
    comparisons: Sequence[Comparison],
    expected: Mapping[Entry, Verdict | None],
    names: Mapping[Entry, str],
) -> str:
    asked = [one for one in comparisons if expected[one.entry] is not None]
    if not asked:
        return _("The usual answer says nothing about this.")
    said: dict[str, list[str]] = {
        _("As the usual answer expects: {list}."): [],
        _("In this small, short training it came out **the other way round**: {list}."): [],
        _("The usual answer expects a difference that these seeds do not show: {list}."): [],
    }
    confirmed, opposite, undecided = said.values()
    for one in asked:
        name = f"**{names[one.entry]}**"
        if one.verdict == "mixed":
            undecided.append(name)
        elif one.verdict == expected[one.entry]:
            confirmed.append(name)
        else:
            opposite.append(name)
    return _together(
        *(text.format(list=_(", ").join(found)) for text, found in said.items() if found)
    )


def _together(*sentences: str) -> str:
    """One after the other, with a blank between them where the language has one."""
    beside = _("{first} {second}")
    return reduce(lambda first, second: beside.format(first=first, second=second), sentences)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
