"""One panel for all pages: what came of models that were trained this way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from charts import families as charts
from charts.colours import ThemeName, palette
from experiments.character_counts import count_loss
from experiments.families import (
    LEVEL,
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
from model.training.families import FAMILIES, TASK
from model.training.recipe import Recipe
from model.training.study import EVERY, LAST
from model.training.tasks import Characters
from ui.anatomy import badge
from ui.i18n import _, language
from ui.numbers import numeral
from ui.plot import plot
from ui.trained import looking
from ui.trained.finding import counted, finding, gaps, stretched
from ui.trained.names import entry_name
from ui.trained.panels import PANELS, Panel

COUNTED = (3, 4)  # characters: what the models are held against that attends to nothing


@dataclass(frozen=True)
class _Drawn:
    """A panel, ready to be shown; shared between sessions, so only read."""

    sentences: str
    figures: Mapping[str, go.Figure]
    table: pd.DataFrame
    how: str


def panel(name: str) -> Callable[[], None]:
    """A function that draws the panel of this name, a key of `PANELS`."""
    return partial(show, name)


def show(name: str) -> None:
    """Title, badge, finding, charts, note; the numbers and how they were measured, folded."""
    theme: ThemeName = "dark" if st.context.theme.type == "dark" else "light"
    drawn = _drawn(name, language(), theme)
    st.subheader(_(PANELS[name].title), anchor=False)
    badge("trained")
    st.markdown(drawn.sentences)
    places = [*st.columns(2), st.container()]
    for (key, figure), place in zip(drawn.figures.items(), places, strict=False):
        plot(figure, key=f"trained_{name}_{key}", within=place)
    st.caption(_(PANELS[name].note))
    looking.show(name, PANELS[name])
    with st.expander(_("The numbers, and how they were measured"), icon=":material/table:"):
        st.dataframe(drawn.table, hide_index=True, width="stretch")
        st.caption(drawn.how)


@st.cache_resource(show_spinner=False)
def _stored() -> Tables:
    return tables()


@st.cache_resource(max_entries=128, show_spinner=False)
def _drawn(name: str, spoken: str, theme: ThemeName) -> _Drawn:
    """The panel in the session's language, which `spoken` names for the cache."""
    chosen, stored = PANELS[name], _stored()
    names = {
        entry: _(chosen.names[entry]) if entry in chosen.names else entry_name(entry)
        for entry in chosen.entries
    }
    comparisons = [compare(stored, pair.entry, pair.reference) for pair in chosen.pairs]
    sentences = finding(comparisons, {pair.entry: pair.expected for pair in chosen.pairs}, names)
    table = summary(stored, chosen.entries, comparisons)
    sentences += "\n\n" + _beside_counts(chosen, table, names)
    if chosen.training:
        sentences += "\n\n" + gaps(table, [names[entry] for entry in chosen.entries])
    if chosen.lengths:
        sentences += "\n\n" + stretched(_by_length(stored, chosen, names), TASK.length)
    return _Drawn(
        sentences,
        MappingProxyType(_figures(stored, chosen, names, theme)),
        _shown(table, chosen.entries, comparisons, names),
        _how(stored, chosen, comparisons),
    )


def _beside_counts(chosen: Panel, table: pd.DataFrame, names: Mapping[Entry, str]) -> str:
    recipe = _usual(chosen)
    assert isinstance(recipe.task, Characters)  # all families read characters
    means = table["mean"].tolist()
    losses = {names[entry]: mean for entry, mean in zip(chosen.entries, means, strict=True)}
    return counted(_counts(recipe.task), losses, recipe.steps)


@lru_cache(maxsize=4)
def _counts(task: Characters) -> Mapping[int, float]:
    """The loss of counts of so many characters in the text that a family is trained on."""
    return MappingProxyType({n: count_loss(task, n) for n in COUNTED})


def _usual(chosen: Panel) -> Recipe:
    """The recipe of what the panel's first entry is held against."""
    entry = chosen.pairs[0].reference
    return FAMILIES[entry.family].variants[entry.variant]


def _figures(
    stored: Tables, chosen: Panel, names: Mapping[Entry, str], theme: ThemeName
) -> dict[str, go.Figure]:
    colours, trainings = palette(theme), _trainings(chosen)
    drawn = charts.looks(len(trainings), colours, ordered=chosen.ordered)
    look_of = dict(zip(trainings, drawn, strict=True))
    figures = {
        "curves": charts.curves(
            {names[entry]: band(stored, *training) for training, entry in trainings.items()},
            drawn,
            {"x": _("step"), "y": _("training loss, nats")},
            colours,
        ),
        "outcomes": charts.outcomes(
            {names[entry]: _dots(stored, chosen, entry) for entry in chosen.entries},
            [look_of[entry.family, entry.variant] for entry in chosen.entries],
            {
                "held out": _("held out"),
                "training": _("training"),
                "x": _("loss, nats: held out, hollow in training")
                if chosen.training
                else _("held-out loss, nats"),
                "y": _("Trained with"),
            },
        ),
    }
    if chosen.lengths:
        figures["lengths"] = charts.curves(
            _by_length(stored, chosen, names),
            drawn,
            {
                "x": _("characters of the window"),
                "y": _("loss of its last {last} characters, nats").format(last=LAST),
                "trained": _("trained length"),
            },
            colours,
            x="at",
            trained=TASK.length,
        )
    return figures


def _trainings(chosen: Panel) -> dict[tuple[str, str], Entry]:
    """Every training of the panel, with the entry that names it: a training that is measured in
    two ways goes by the usual one."""
    entries = sorted(chosen.entries, key=lambda entry: entry.measure != "held out")
    named = {(entry.family, entry.variant): entry for entry in reversed(entries)}
    return {
        (entry.family, entry.variant): named[entry.family, entry.variant]
        for entry in chosen.entries
    }


def _dots(stored: Tables, chosen: Panel, entry: Entry) -> dict[str, list[float]]:
    dots = {"held out": values(stored, entry).tolist()}
    if chosen.training:
        other = Entry(entry.family, entry.variant, "training")
        dots["training"] = values(stored, other).tolist()
    return dots


def _by_length(
    stored: Tables, chosen: Panel, names: Mapping[Entry, str]
) -> dict[str, pd.DataFrame]:
    return {names[e]: by_length(stored, e.family, e.variant) for e in chosen.entries}


def _shown(
    table: pd.DataFrame,
    entries: Sequence[Entry],
    comparisons: Sequence[Comparison],
    names: Mapping[Entry, str],
) -> pd.DataFrame:
    """The summary as a reader sees it."""
    references = {one.entry: names[one.reference] for one in comparisons}
    texts = {
        "name": [names[entry] for entry in entries],
        "mean": [numeral(mean, ".4f") for mean in table["mean"]],
        "range": _spans(table, "low", "high", ".4f"),
        "reference": [references.get(entry, "") for entry in entries],
        "difference": [numeral(x, "+.4f") if x == x else "" for x in table["difference"]],
        "differences": _spans(table, "from", "to", "+.4f"),
        "training": [numeral(loss, ".4f") for loss in table["training"]],
        "entropy": [numeral(entropy, ".3f") for entropy in table["entropy"]],
        "largest": [numeral(weight, ".3f") for weight in table["largest"]],
        "parameters": [numeral(count, ",.0f") for count in table["parameters"]],
        "seeds": table["seeds"].tolist(),
    }
    titles = {
        "name": _("trained with"),
        "mean": _("held-out loss, mean"),
        "range": _("lowest – highest"),
        "reference": _("held against"),
        "difference": _("difference, mean"),
        "differences": _("95% interval"),
        "training": _("training loss, last 50 steps"),
        "entropy": _("entropy of attention, nats"),
        "largest": _("largest weight of a row"),
        "parameters": _("parameters"),
        "seeds": _("seeds"),
    }
    return pd.DataFrame({titles[key]: column for key, column in texts.items()})


def _spans(table: pd.DataFrame, low: str, high: str, digits: str) -> list[str]:
    return [
        f"{least:{digits}} – {most:{digits}}" if least == least else ""
        for least, most in zip(table[low], table[high], strict=True)
    ]


def _how(stored: Tables, chosen: Panel, comparisons: Sequence[Comparison]) -> str:
    recipe = _usual(chosen)
    seeds = min(len(one.differences) for one in comparisons)
    families = " ".join(dict.fromkeys(entry.family for entry in chosen.entries))
    said = [
        _(
            "A decoder of {layers} layers and {heads} heads, d_model = {width}, where these are "
            "not the choice itself; it predicts the next character of Genesis and Exodus in the "
            "English of 1611. {steps} steps of {batch} windows of {length} characters, AdamW, "
            "highest rate {peak:g} after {warmup} steps of warm-up; every tenth paragraph is held "
            "out."
        ).format(
            layers=recipe.shape.n_layers,
            heads=recipe.shape.n_heads,
            width=recipe.shape.d_model,
            steps=recipe.steps,
            batch=recipe.batch,
            length=TASK.length,
            peak=recipe.schedule.peak,
            warmup=recipe.schedule.warmup,
        ),
        _(
            "Under one seed all variants see the same batches, and differences are taken within a "
            "seed. Lines and ticks: means over {seeds} seeds, a point of a curve over {every} "
            "steps; bands: lowest to highest; dots: one seed each."
        ).format(seeds=seeds, every=EVERY),
        _(
            "Lower and higher are said only where Student's interval of the paired differences, "
            "{level} for all {count} comparisons here together (Bonferroni), excludes 0. {seeds} "
            "seeds show large and steady differences only: “no difference found” does not say that "
            "there is none. All have the same highest learning rate; a variant's own best one was "
            "not searched for."
        ).format(level=numeral(LEVEL, ".0%"), count=len(comparisons), seeds=seeds),
        _(
            "Counts of n characters: each is predicted from the n − 1 before it in its window, by "
            "how often it followed them in the same training text (Witten and Bell's estimate)."
        ),
        _(
            "Over the last 50 steps the training loss still fell by {fall}, on average: this is "
            "how far each gets in {steps} steps, not where it would end."
        ).format(fall=numeral(still_falling(stored, chosen.entries), ".3f"), steps=recipe.steps),
        _("Train them yourself: `{command}`").format(
            command=f"python -m model.training families {families}"
        ),
    ]
    return "\n\n".join(said)
