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
    """Which entries are lower or higher than their reference by more than the seeds alone explain
    (see `Comparison.verdict`), and whether the usual answer expects it. `comparisons`: all of the
    panel, whose intervals hold together. Markdown."""
    verdicts: dict[Entry, Verdict] = {
        one.entry: one.verdict(len(comparisons)) for one in comparisons
    }
    seeds = min(len(one.differences) for one in comparisons)
    references = {one.reference for one in comparisons}
    if len(references) == 1:
        first = comparisons[0]
        lead = _(
            "Against **{reference}** with {value} nats per character of held-out text, over "
            "{seeds} seeds:"
        ).format(
            reference=names[first.reference],
            value=numeral(_mean(first.references), ".3f"),
            seeds=seeds,
        )
    else:
        lead = _("In nats per character of held-out text, over {seeds} seeds:").format(seeds=seeds)
    groups = []
    for verdict, said in _verdicts().items():
        found = [one for one in comparisons if verdicts[one.entry] == verdict]
        if found:
            listed = _(", ").join(_spoken(one, names, alone=len(references) == 1) for one in found)
            groups.append(said.format(list=listed))
    return _("{lead} {groups}. {expectation}").format(
        lead=lead,
        groups=_("; ").join(groups),
        expectation=_expectation(verdicts, expected, names),
    )


def counted(counts: Mapping[int, float], losses: Mapping[str, float], steps: int) -> str:
    """Which entries are better than counting. counts: n → loss of counts of n characters. losses:
    by name, of entries after this many steps. Markdown."""
    most = max(counts)
    better = [f"**{name}**" for name, loss in losses.items() if loss < counts[most]]
    listed = _(", ").join(
        _("{loss} for {n} characters").format(n=n, loss=numeral(loss, ".3f"))
        for n, loss in counts.items()
    )
    said = _("For scale, counts of neighbouring characters, which attend to nothing: {list}.")
    if better:
        then = _("After {steps} steps only these do better than counts of {n}: {list}.")
    else:
        then = _(
            "After {steps} steps none of these models does better than counts of {n}: what is "
            "compared is how their training begins, not what they could become."
        )
    return _together(
        said.format(list=listed), then.format(steps=steps, n=most, list=_(", ").join(better))
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
        "lower": _("lower loss: {list}"),
        "higher": _("higher loss: {list}"),
        "none": _("no difference found: {list}"),
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
    verdicts: Mapping[Entry, Verdict],
    expected: Mapping[Entry, Verdict | None],
    names: Mapping[Entry, str],
) -> str:
    asked = [entry for entry in verdicts if expected[entry] is not None]
    if not asked:
        return _("The usual answer says nothing about this.")
    said: dict[str, list[str]] = {
        _("As the usual answer expects: {list}."): [],
        _("In this small, short training it came out **the other way round**: {list}."): [],
        _("The usual answer expects a difference that these seeds do not show: {list}."): [],
    }
    confirmed, opposite, undecided = said.values()
    for entry in asked:
        name = f"**{names[entry]}**"
        if verdicts[entry] == "none":
            undecided.append(name)
        elif verdicts[entry] == expected[entry]:
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
