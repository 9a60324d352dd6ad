"""Neurons of a real layer: which fire on which tokens, and how many rest."""

import pandas as pd
import streamlit as st
from torch import Tensor

from charts import feed_forward as charts
from charts.viewer import Axis, MatricesEvent, Panel, matrices
from experiments.neurons import by_layer, firing, strongest
from model import Bench, Run
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.feed_forward.layer import layer_slider
from ui.i18n import _
from ui.inert import inert, model_name
from ui.models import layer_of
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, among, number

THRESHOLDS = (0.01, 0.03, 0.1, 0.3)
DRAWN = 48  # neurons in the picture
ROWS = 64  # tokens in it
SHOWN = 0.99  # of the cells lie within the colour scale
TOP = 5  # tokens named
PARAMETERS = (
    Parameter("threshold", 0.1, among(*THRESHOLDS)),
    Parameter("neuron", -1, number(-1, 1_000_000)),
)


def show(bench: Bench, text: Text) -> None:
    """Neurons at rest by layer, the strongest neurons on every token, and one neuron."""
    badge("observed")
    layer = layer_slider(bench)
    st.segmented_control(
        _("At rest: |activation| below"),
        THRESHOLDS,
        format_func=lambda value: numeral(value, "g"),
        key="threshold",
        required=True,
        persist_state="session",
    )
    threshold = float(st.session_state["threshold"])
    frame = _by_layer(bench.name, text, threshold, bench)
    _in_short(frame, layer, threshold)
    run = layer_of(bench, text, bench.native, layer)
    activations, tokens = run.feed_forward(layer).post_activation[0], run.tokens[0]
    shown = strongest(activations, DRAWN)
    if not 0 <= st.session_state["neuron"] < bench.shape.d_ff:
        st.session_state["neuron"] = _first(bench, run, layer, shown)
    neuron = _picture(bench, activations, tokens, layer, shown)
    _one(activations, neuron, tokens, layer)
    st.subheader(_("How many rest, layer by layer"), anchor=False)
    names = {
        "layer": _("Layer"),
        "share": _("share"),
        "small": _("activations at rest"),
        "negative": _("inputs below 0"),
        "silent": _("neurons that rest on every token"),
    }
    plot(charts.rest(frame, layer, names, colours()), key="neurons_rest")
    evidence(
        frame.round(4),
        _(
            "{model}, this text of {tokens} tokens, one pass, float32. At rest: |a| < "
            "{threshold:g}, where a is what the second matrix reads. “Share the work”: the "
            "participation ratio (Σa²)² / Σa⁴ over all neurons, median over the tokens."
        ).format(model=model_name(bench), tokens=len(tokens), threshold=threshold),
        {
            "layer": _("layer"),
            "small": _("activations at rest"),
            "zero": _("exactly 0"),
            "silent": _("neurons that rest on every token"),
            "effective": _("share the work"),
            "largest": _("largest |a|"),
            "negative": _("inputs below 0"),
        },
    )


def _in_short(frame: pd.DataFrame, layer: int, threshold: float) -> None:
    row = frame.to_dict("records")[layer]
    figures(
        (
            _("Activations at rest"),
            numeral(row["small"], ".0%"),
            _("|a| < {threshold:g}, layer {layer}").format(threshold=threshold, layer=layer),
        ),
        (
            _("Neurons that share the work"),
            numeral(row["effective"], ".1%"),
            _("of all, for a median token"),
        ),
        (_("Inputs below 0"), numeral(row["negative"], ".0%"), _("before the activation")),
        (_("Largest |a|"), numeral(row["largest"], ".3g"), _("on any token")),
    )


def _first(bench: Bench, run: Run, layer: int, shown: list[int]) -> int:
    """The strongest neuron that fires most on a word, not on a special token; else the first."""
    peaks = run.feed_forward(layer).post_activation[0][:, shown].abs().argmax(0)  # (shown,)
    on_words = [
        neuron
        for neuron, token in zip(shown, run.source.ids[0, peaks].tolist(), strict=True)
        if token not in bench.tokenizer.special_ids
    ]
    return (on_words or shown)[0]


def _picture(
    bench: Bench, activations: Tensor, tokens: list[str], layer: int, shown: list[int]
) -> int:
    """The strongest neurons, `shown`, on every token; returns the one that is looked at."""
    state = st.session_state

    def pick(event: MatricesEvent) -> None:
        if event.cell is not None:
            st.session_state["neuron"] = shown[event.cell[1]]

    st.subheader(
        _("The {n} strongest neurons of layer {layer}").format(n=len(shown), layer=layer),
        anchor=False,
    )
    cells = activations[:ROWS, shown]
    size = cells.abs().flatten()
    reach = float(size.kthvalue(max(1, int(SHOWN * len(size)))).values)
    at = shown.index(state["neuron"]) if state["neuron"] in shown else None
    matrices(
        "neurons",
        panels=[
            Panel(
                _("Activation of each neuron on each token"),
                cells,
                "scores",
                high=reach or 1.0,
                rows=Axis(_("Token"), tokens[:ROWS]),
                columns=Axis(_("Neuron"), [str(neuron) for neuron in shown]),
            )
        ],
        selected=None if at is None else (0, int(cells[:, at].abs().argmax()), at),
        across=1,
        words=words(),
        on_event=pick,
    )
    st.caption(
        _(
            "Ordered by their largest activation. Colours reach {share} of the cells; the few "
            "beyond have the last colour. Click a cell to look at its neuron."
        ).format(share=numeral(SHOWN, ".0%"))
    )
    st.number_input(
        _("Neuron"), 0, bench.shape.d_ff - 1, key="neuron", persist_state="session", width=160
    )
    return int(state["neuron"])


def _one(activations: Tensor, neuron: int, tokens: list[str], layer: int) -> None:
    frame = firing(activations, neuron, tokens)
    rows = sorted(frame.to_dict("records"), key=lambda row: -abs(row["activation"]))
    top = [f"**{inert(row['token'])}** {numeral(row['activation'], '.3g')}" for row in rows[:TOP]]
    st.markdown(
        _("**Neuron {neuron} of layer {layer}** fires most on: {tokens}").format(
            neuron=neuron, layer=layer, tokens=" · ".join(top)
        )
    )
    plot(
        charts.firing(frame, {"token": _("Token"), "activation": _("activation a")}, colours()),
        key="firing",
    )


@st.cache_data(max_entries=48, show_spinner=False)
def _by_layer(name: str, text: Text, threshold: float, _bench: Bench) -> pd.DataFrame:
    return by_layer(_bench, _bench.encode(text), _bench.native, threshold)
