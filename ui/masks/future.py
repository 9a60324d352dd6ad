"""Q16: exchange one token and see which outputs move, with the causal mask and without."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pandas as pd
import streamlit as st

from charts import masks as charts
from charts.labels import isolated, visible
from charts.viewer import Axis, MatricesEvent, Panel, matrices
from experiments.influence import Influence, count, joined, reads_at, replacement_id, steps
from experiments.outcome import predictions
from model import Bench
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import inert, model_name
from ui.masks.runs import predictions_of
from ui.numbers import numeral
from ui.offers import model_parameter
from ui.plot import plot
from ui.scene import colours, words
from ui.single import single
from ui.subject import subject
from ui.texts import BOX
from ui.url import Parameter, number

SENTENCE = "The ship sailed across the ocean to America."
MOST_TOKENS = 48
TEXT = Parameter("text", SENTENCE)
PARAMETERS = (
    TEXT,
    model_parameter("smollm2", "causal_model"),
    Parameter("changed", 5, number(0, MOST_TOKENS - 1)),
    Parameter("replacement", "banana"),
)


def show() -> None:
    """Draw the experiment."""
    bench, text = subject("causal_model", MOST_TOKENS)
    source = bench.encode(text)
    tokens = source.tokens[0]
    changed = _settings(tokens)
    replacement = replacement_id(bench, st.session_state["replacement"])
    masks = [replace(bench.native, mask=mask) for mask in ("causal", "none")]
    groups = count(source)

    def work() -> Iterator[Influence]:
        return chain.from_iterable(steps(bench, source, replacement, mask) for mask in masks)

    done = gradually(
        "future",
        (bench.name, text, replacement),
        work,
        2 * groups,
        _("Exchanging every token in turn …"),
    )
    if len(done) < 2 * groups:
        st.info(_("The picture needs all of the steps."))
        return
    on, off = joined(done[:groups]), joined(done[groups:])
    past = len(tokens) * (len(tokens) - 1) // 2
    note = _("largest ‖Δh‖ / ‖h‖ of an output before position {n}").format(n=changed)
    moved = {"on": _past_moved(on), "off": _past_moved(off)}
    figures(
        (_("The past moves, mask on"), _exactly(on.past(changed)), note),
        (_("The past moves, mask off"), _exactly(off.past(changed)), note),
        (
            _("Earlier outputs that move"),
            f"{moved['on']} / {past}",
            _("mask off: {moved} / {past}").format(moved=moved["off"], past=past),
        ),
    )
    _picture(on, off, tokens, changed)
    word = bench.tokenizer.tokens([replacement])[0]
    st.markdown(
        _("**{token}** (position {position}) becomes **{word}**: how far each output moves").format(
            token=inert(tokens[changed]), position=changed, word=inert(word)
        )
    )
    columns = {"on": on.relative[:, changed], "off": off.relative[:, changed]}
    plot(
        charts.outputs(
            pd.DataFrame({side: column.tolist() for side, column in columns.items()}),
            tokens,
            changed,
            {
                "on": _("mask on"),
                "off": _("mask off"),
                "past": _("past"),
                "output": _("Output position"),
                "change": "‖Δh‖ / ‖h‖",
            },
            colours(),
        ),
        key="future_outputs",
    )
    table = [
        (_("earlier outputs that move, of {pairs}").format(pairs=past), moved["on"], moved["off"]),
        (
            _("largest ‖Δh‖ / ‖h‖ of an output before position {n}").format(n=changed),
            *(_exactly(one.past(changed)) for one in (on, off)),
        ),
        (
            _("the same, largest over all exchanges"),
            *(_exactly(_past_relative(one)) for one in (on, off)),
        ),
        (
            _("largest |Δ| of a feature of an earlier output, over all exchanges"),
            *(_exactly(one.future) for one in (on, off)),
        ),
        *_leak(bench, text, changed, replacement),
    ]
    frame = pd.DataFrame(table, columns=["quantity", "on", "off"])
    frame = frame.assign(**{side: [_shown(v) for v in frame[side]] for side in ("on", "off")})
    evidence(
        frame,
        _(
            "{model}, {tokens} tokens. Each token in turn becomes “{word}”; the untouched text "
            "runs in batches of the same shape, and the last hidden states h are compared."
        ).format(model=model_name(bench), tokens=len(tokens), word=inert(word)),
        {"quantity": _("quantity"), "on": _("mask on"), "off": _("mask off")},
    )


def _settings(tokens: list[str]) -> int:
    state = st.session_state
    bring_back("changed", len(tokens) - 1)
    picking, writing = st.columns([3, 1])

    def spoken(place: int) -> str:
        return f"{place} · {isolated(visible(tokens[place]))}"

    places, label = range(len(tokens)), _("Exchange the token")
    if not single(label, places, "changed", picking, spoken):
        picking.select_slider(
            label, places, format_func=spoken, key="changed", persist_state="session"
        )
    writing.text_input(_("for the word"), key="replacement", persist_state="session", max_chars=BOX)
    return int(state["changed"])


def _picture(on: Influence, off: Influence, tokens: list[str], changed: int) -> None:
    """Which input moves which output; a click on a column picks the exchanged token."""

    def pick(event: MatricesEvent) -> None:
        if event.cell is not None:
            st.session_state["changed"] = event.cell[1]

    rows, columns = Axis(_("Output"), tokens, "queries"), Axis(_("Exchanged"), tokens, "keys")
    high = max(one.highest for one in (on, off))
    same = on.same.expand_as(on.relative)
    panels = {
        _("Mask on"): on.relative,
        _("Mask off"): off.relative,
        _("Mask off − mask on"): off.relative - on.relative,
    }
    matrices(
        "future_picture",
        panels=[
            Panel(title, cells, "difference", high=high, rows=rows, columns=columns, masked=same)
            for title, cells in panels.items()
        ],
        selected=(0, changed, changed),
        across=3,
        words=words() | {"masked": _("same word: nothing exchanged")},
        on_event=pick,
    )


def _leak(
    bench: Bench, text: Text, changed: int, replacement: int
) -> list[tuple[str, float, float]]:
    """How far the prediction of the exchanged token moves: its answer, leaking into it."""
    if bench.shape.head != "lm" or reads_at(bench, changed) is None:
        return []
    probabilities, divergences = [], []
    for mask in ("causal", "none"):
        choices = replace(bench.native, mask=mask)
        before, after = predictions_of(bench, text, changed, replacement, choices, hide=False)
        divergences.append(predictions(before, after, bench)[1])
        truth = int(bench.encode(text).ids[0, changed])
        probabilities.append(float(before.softmax(-1)[truth]))
    return [
        (_("probability of this token, read one position before it"), *probabilities),
        (_("KL of that prediction when the token is exchanged, nats"), *divergences),
    ]


def _past_moved(influence: Influence) -> int:
    return int(influence.moved.triu(1).sum())


def _past_relative(influence: Influence) -> float:
    return influence.before(influence.relative)


def _exactly(value: float | None) -> str:
    """A change: 0 only where nothing moved at all; none where there is nothing that could."""
    if value is None:
        return "–"
    return "0" if value == 0 else numeral(value, ".3g")


def _shown(value: object) -> str:
    return numeral(value, ".4g") if isinstance(value, float) else str(value)
