"""Dropout seen: one activation before and after, where a pass drops, training against evaluation,
and the weights of one head."""

import pandas as pd
import streamlit as st
import torch

from charts import dropout as charts
from charts.viewer import Axis, Panel, matrices
from experiments import dropout as measured
from experiments.dropout import MOST_DRAWS, Draws, Passes
from model import Bench
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.subject import place, subject
from ui.url import Parameter, among, number, one_of

MOST_TOKENS = 64
FEATURES = 48  # drawn of each token
PASSES = 16
DRAWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, MOST_DRAWS)
MODELS = ("bert-tiny", "minilm")

PARAMETERS = (
    Parameter("text", "The cat sat on the mat, since it was warm."),
    Parameter("dropout_model", "bert-tiny", one_of(*MODELS)),
    Parameter("rate", 0.3, number(0, 0.9, float)),
    Parameter("draws", 128, lambda text: int(among(*DRAWS)(text))),
    Parameter("site", 0, number(0, 1000)),
    Parameter("layer", 0, number(0, 10_000)),
    Parameter("head", 0, number(0, 10_000)),
    Parameter("seed", 0, number(0, 9999)),
)


def show() -> None:
    """From one tensor to the whole pass, and then attention."""
    badge("switched")
    bench, text = subject("dropout_model", MOST_TOKENS, MODELS)
    rate, seed = _controls(bench)
    site = measured.places(bench)[st.session_state["site"]]
    found = _draws(bench.name, text, site, rate, st.session_state["draws"], seed, bench)
    _activation(bench, text, site, found, rate)
    passes = _passes(bench.name, text, rate, seed, bench)
    _train_and_evaluation(passes)
    _where(bench, text, rate, seed)
    sums = _attention(bench, text, rate, seed)
    _evidence(bench, site, found, passes, rate, seed, sums)


def site_name(site: str) -> str:
    """A site of `experiments.dropout.places` for the reader."""
    _stack, part, *rest = site.split(".")
    if not rest:
        return _("sum of the embeddings")
    name = {
        "self_attention": _("layer {layer}, what attention writes"),
        "cross_attention": _("layer {layer}, what cross-attention writes"),
        "feed_forward": _("layer {layer}, what the feed-forward network writes"),
    }[rest[0]]
    return name.format(layer=part)


def _controls(bench: Bench) -> tuple[float, int]:
    state, sites = st.session_state, measured.places(bench)
    bring_back("site", len(sites) - 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(
            _("Dropout rate p"),
            0.0,
            0.9,
            key="rate",
            step=0.05,
            persist_state="session",
            width=220,
        )
        st.select_slider(_("Draws"), DRAWS, key="draws", persist_state="session", width=220)
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=100)
        st.selectbox(
            _("Which activation"),
            range(len(sites)),
            format_func=lambda i: site_name(sites[i]),
            key="site",
            persist_state="session",
            width=340,
        )
    return float(state["rate"]), int(state["seed"])


def _activation(bench: Bench, text: Text, site: str, found: Draws, rate: float) -> None:
    st.subheader(_("One activation, before and after"), anchor=False)
    tokens = bench.encode(text).tokens[0]
    rows = Axis(_("Token"), tokens)
    columns = Axis(_("Feature"), [str(i) for i in range(FEATURES)])
    x, first = found.x[:, :FEATURES], found.first[:, :FEATURES]
    high = float(torch.cat([x, first]).abs().quantile(0.995))  # a few features outgrow the rest
    matrices(
        "dropped",
        panels=[
            Panel(_("x, as in evaluation"), x, "values", -high, high, rows=rows, columns=columns),
            Panel(
                _("one draw: kept numbers ÷ (1 − p)"),
                first,
                "values",
                -high,
                high,
                rows=rows,
                columns=columns,
                masked=(first == 0) & (x != 0),
            ),
            Panel(
                _("mean of {n} draws").format(n=st.session_state["draws"]),
                found.mean[:, :FEATURES],
                "values",
                -high,
                high,
                rows=rows,
                columns=columns,
            ),
        ],
        words=words() | {"masked": _("dropped")},
    )
    gone = float(((found.first == 0) & (found.x != 0)).double().mean())
    added = float(found.variance.sum() / measured.closed_variance(found.x, rate).sum())
    figures(
        (_("Dropped in this draw"), numeral(gone, ".1%"), f"p = {numeral(rate, 'g')}"),
        (
            _("Mean, off by"),
            numeral(found.errors[-1], ".3g"),
            _("expected {value}").format(
                value=numeral(measured.expected_error(rate, found.counts[-1]), ".3g")
            ),
        ),
        (
            _("Variance added, measured ÷ x²·p/(1−p)"),
            numeral(added, ".3f") if added == added else "–",
            _("over {n} draws").format(n=found.counts[-1]),
        ),
    )
    if rate == 0 or found.counts[-1] < 2:
        st.caption(_("Variance needs a rate above 0 and two draws or more."))
        return
    left, right = st.columns(2)
    plot(
        charts.variances(
            measured.variance_points(found, rate),
            {
                "title": _("Variance of each number over the draws"),
                "closed": "x²·p/(1−p)",
                "measured": _("measured"),
                "equal": _("equal"),
            },
            colours(),
        ),
        key="variances",
        within=left,
    )
    plot(
        charts.errors(
            found.counts,
            found.errors,
            [measured.expected_error(rate, n) for n in found.counts],
            {
                "title": _("The mean of n draws: ‖mean − x‖ ÷ ‖x‖"),
                "draws": _("draws n"),
                "error": _("measured"),
                "expected": "√(p/((1−p)·n))",
            },
            colours(),
        ),
        key="errors",
        within=right,
    )


def _train_and_evaluation(found: Passes) -> None:
    st.subheader(_("Training against evaluation"), anchor=False)
    figures(
        (
            _("Two passes in training"),
            numeral(found.apart, ".3g"),
            _("largest difference"),
        ),
        (_("The same dice twice"), numeral(found.same_dice, "g"), _("largest difference")),
        (_("Two passes in evaluation"), numeral(found.evaluation, "g"), _("largest difference")),
        (
            _("Training, away from evaluation"),
            numeral(found.one, ".1%"),
            _("mean of {n} passes: {value}").format(
                n=found.count, value=numeral(found.averaged, ".1%")
            ),
        ),
    )


def _where(bench: Bench, text: Text, rate: float, seed: int) -> None:
    st.subheader(_("Where one pass drops"), anchor=False)
    if rate == 0:
        st.caption(_("At rate 0 a pass drops nothing and draws no dice."))
        return
    table = measured.sites(bench, text, rate, rate, seed)
    named = pd.DataFrame(
        {
            "what": [
                _("layer {layer}, attention weights").format(layer=site.split(".")[1])
                if kind == "weights"
                else site_name(site.removesuffix(".dropped"))
                for site, kind in zip(table["site"], table["kind"], strict=True)
            ],
            "site": table["site"],
            "shape": [" × ".join(map(str, shape)) for shape in table["shape"]],
            "dropped": table["dropped"],
        }
    )
    st.dataframe(
        named,
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(named), 300),
        column_config={
            "what": _("what is dropped"),
            "site": _("site on the tape"),
            "shape": _("shape"),
            "dropped": st.column_config.ProgressColumn(
                _("share dropped"), min_value=0, max_value=1, format="percent"
            ),
        },
    )


def _attention(bench: Bench, text: Text, rate: float, seed: int) -> torch.Tensor:
    """Draw one head's weights; returns their row sums after dropout (queries,)."""
    st.subheader(_("Attention dropout: one head"), anchor=False)
    layer, head = place(bench)
    before, after = measured.attention(bench, text, layer, rate, seed)
    before, after = before[head], after[head]  # (queries, keys) each
    tokens = bench.encode(text).tokens[0]
    sums = after.sum(-1)  # (queries,)
    rows, columns = Axis(_("Query"), tokens, "queries"), Axis(_("Key"), tokens, "keys")
    high = max(float(before.max()), float(after.max()))
    matrices(
        "dropped_weights",
        panels=[
            Panel(_("weights"), before, high=high, rows=rows, columns=columns),
            Panel(
                _("after dropout"),
                after,
                high=high,
                rows=rows,
                columns=columns,
                masked=(after == 0) & (before > 0),
            ),
            Panel(
                _("row sums, minus 1"),
                sums[:, None] - 1,
                "difference",
                rows=rows,
                columns=Axis("Σ", ["Σ"]),
            ),
        ],
        words=words() | {"masked": _("dropped")},
    )
    st.caption(
        _(
            "Rows no longer add up to 1: here to between {low} and {high}, {mean} on average. A "
            "query that loses its strongest key reads next to nothing in this pass."
        ).format(
            low=numeral(sums.min(), ".3f"),
            high=numeral(sums.max(), ".3f"),
            mean=numeral(sums.mean(), ".3f"),
        )
    )
    return sums


def _evidence(
    bench: Bench,
    site: str,
    found: Draws,
    passes: Passes,
    rate: float,
    seed: int,
    sums: torch.Tensor,
) -> None:
    closed = float(measured.closed_variance(found.x, rate).mean())
    expected = measured.expected_error(rate, found.counts[-1])
    rows = [
        (_("‖mean − x‖ ÷ ‖x‖"), numeral(found.errors[-1], ".4g"), numeral(expected, ".4g")),
        (
            _("variance of a number, mean over x"),
            numeral(float(found.variance.mean()), ".4g"),
            numeral(closed, ".4g"),
        ),
        (
            _("largest difference, two passes in training"),
            numeral(passes.apart, ".4g"),
            _("above 0"),
        ),
        (_("largest difference, two passes in evaluation"), numeral(passes.evaluation, "g"), "0"),
        (_("mean row sum of the head after dropout"), numeral(float(sums.mean()), ".4g"), "1"),
    ]
    evidence(
        pd.DataFrame(rows, columns=["quantity", "measured", "expected"]),
        _(
            "{model}, this text, {site}: {draws} draws; {passes} passes with dropout of hidden "
            "states and attention; p = {rate}, seed {seed}. The model was trained with dropout "
            "and is used without: here it is switched on again."
        ).format(
            model=model_name(bench),
            site=site_name(site),
            draws=found.counts[-1],
            passes=passes.count,
            rate=numeral(rate, "g"),
            seed=seed,
        ),
        {"quantity": _("quantity"), "measured": _("measured"), "expected": _("expected")},
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _draws(
    name: str, text: Text, site: str, rate: float, count: int, seed: int, _bench: Bench
) -> Draws:
    return measured.draws(measured.written(_bench, text, site), rate, count, seed)


@st.cache_data(max_entries=32, show_spinner=False)
def _passes(name: str, text: Text, rate: float, seed: int, _bench: Bench) -> Passes:
    return measured.passes(_bench, text, rate, rate, seed, PASSES)
