"""Activation functions with their derivatives, and where a real layer's inputs to them lie."""

import streamlit as st
import torch

from charts import feed_forward as charts
from experiments.activation_curves import CURVES, REACH, curves, landmarks, tanh_error
from model import Bench
from model.bench import Text
from model.shape import Activation
from ui.anatomy import badge, evidence, figures
from ui.feed_forward.layer import layer_slider
from ui.i18n import _
from ui.models import layer_of
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.switches import NAMES
from ui.url import Parameter, among, one_of, several

UPS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
PARAMETERS = (
    Parameter("functions", ["relu", "gelu", "silu", "swiglu"], several(one_of(*CURVES))),
    Parameter("up", -1.0, among(*UPS)),
)


def show(bench: Bench, text: Text) -> None:
    """Curves and slopes, then the layer's own pre-activations on the same axis."""
    badge("computed")
    chosen = _functions()
    if chosen:
        _curves(chosen)
    else:
        st.info(_("Pick a function to draw it."))
    st.subheader(_("Where a real layer's inputs to it lie"), anchor=False)
    badge("observed")
    layer = layer_slider(bench)
    view = layer_of(bench, text, bench.native, layer).feed_forward(layer)
    before = view.pre_activation[0].flatten()  # (tokens · d_ff,)
    figures(
        (
            _("This model's activation"),
            _(NAMES[bench.native.activation]),
            _("{n} neurons a layer").format(n=f"{bench.shape.d_ff:,}"),
        ),
        (
            _("Inputs below 0"),
            numeral(float((before < 0).float().mean()), ".0%"),
            _("ReLU would give 0 there, with slope 0"),
        ),
        (
            _("Inputs beyond ±{reach:g}").format(reach=REACH),
            numeral(float((before.abs() > REACH).float().mean()), ".2%"),
            _("the farthest at {value}").format(
                value=numeral(float(before[before.abs().argmax()]), ".3g")
            ),
        ),
    )
    plot(
        charts.histogram(
            before.numpy(), REACH, {"x": _("input x"), "share": _("share")}, colours()
        ),
        key="pre_activations",
    )
    if chosen:
        _evidence(chosen)


def _functions() -> list[Activation]:
    state = st.session_state
    st.pills(
        _("Functions"),
        CURVES,
        selection_mode="multi",
        format_func=lambda name: _(NAMES[name]),
        key="functions",
        persist_state="session",
    )
    if "swiglu" in state["functions"]:
        st.select_slider(
            _("SwiGLU's second factor, W₃ m"),
            UPS,
            key="up",
            persist_state="session",
            width=320,
            help=_("Its neuron is SiLU(x) times a second input. At 1 it is SiLU itself."),
        )
    return [name for name in CURVES if name in state["functions"]]


def _curves(chosen: list[Activation]) -> None:
    frame = curves(chosen, st.session_state["up"])
    names: dict[str, str] = {name: _(NAMES[name]) for name in chosen}
    names |= {
        "x": _("input x"),
        "value": "f(x)",
        "slope": "f′(x)",
    }
    for column, quantity in zip(st.columns(2), ("value", "slope"), strict=True):
        plot(
            charts.curves(frame, quantity, names, colours()),
            key=f"curves_{quantity}",
            within=column,
        )


def _evidence(chosen: list[Activation]) -> None:
    table = landmarks(chosen, st.session_state["up"])
    table["name"] = [_(NAMES[name]) for name in table["name"]]
    error, at = tanh_error()
    evidence(
        table.round(4),
        _(
            "On 100,001 points from −5 to 5, float64, slopes by automatic differentiation; "
            "SwiGLU as a function of its gate, the second factor held at {up:g}. GELU and its "
            "tanh form differ by at most {error}, at |x| = {at}. ReLU has no slope at 0: "
            "{library} gives 0 there."
        ).format(
            up=st.session_state["up"],
            error=numeral(error, ".1e"),
            at=numeral(abs(at), ".2f"),
            library=f"torch {torch.__version__.split('+')[0]}",
        ),
        {
            "name": _("function"),
            "lowest": _("lowest value"),
            "lowest_at": _("at x ="),
            "steepest": _("steepest slope"),
            "flattest": _("lowest slope"),
            "slope_at_zero": _("slope at 0"),
        },
    )
