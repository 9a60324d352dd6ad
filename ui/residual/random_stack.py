"""Question 11: signal, gradient and differences between tokens through a random stack."""

import pandas as pd
import streamlit as st
import torch

from charts import depth as charts
from experiments.depth import SETTINGS, TOKENS, Cubic, Stack, cubic_bound, survival
from experiments.rounding import rounding
from model.choices import Residual
from model.shape import Norm, Place
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.residual import real_model
from ui.scene import colours
from ui.subject import subject_parameters
from ui.url import Parameter, among, number, one_of

DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
WIDTHS = (32, 64, 128)
STDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
NORMS: dict[str, tuple[Norm, Place]] = {
    "pre": ("layer", "pre"),
    "post": ("layer", "post"),
    "none": ("none", "pre"),
}

PARAMETERS = (
    Parameter("skips", "none", one_of(*SETTINGS)),
    Parameter("norms", "pre", one_of(*NORMS)),
    Parameter("depth", 12, among(*DEPTHS)),
    Parameter("d_model", 64, among(*WIDTHS)),
    Parameter("std", 0.1, among(*STDS)),
    Parameter("seed", 0, number(0, 9999)),
    *subject_parameters(),
)


def show() -> None:
    """The random stack first, where theory speaks; then a real model."""
    stack, chosen = _controls()
    frames: dict[str, pd.DataFrame] = {name: _survival(stack, name) for name in SETTINGS}
    bound = cubic_bound(frames["none"]["share"].tolist())
    _in_short(stack, frames, chosen)
    _curves(frames, chosen, bound)
    _evidence(frames, stack)
    st.subheader(_("A real model without them"), anchor=False)
    badge("switched")
    real_model.show(chosen)


def setting_names() -> dict[str, str]:
    return {
        "both": _("around both"),
        "attention": _("only around attention"),
        "feed_forward": _("only around the FFN"),
        "none": _("none"),
    }


def quantity_names() -> dict[str, str]:
    return {
        "share": _("What tells tokens apart: ‖X − 1x̄ᵀ‖ / ‖X‖"),
        "cosine": _("Mean cosine of two tokens"),
        "rank": _("Stable rank of the token matrix"),
        "rms": _("Signal: root mean square of x"),
        "gradient": _("Gradient: ‖∂s/∂x‖"),
    }


def _controls() -> tuple[Stack, Residual]:
    state, names = st.session_state, setting_names()
    st.segmented_control(
        _("Residual connections"),
        SETTINGS,
        format_func=names.__getitem__,
        key="skips",
        required=True,
        persist_state="session",
    )
    places = {
        "pre": _("before the sublayer"),
        "post": _("after the sublayer"),
        "none": _("none"),
    }
    st.segmented_control(
        _("LayerNorm stands"),
        list(places),
        format_func=places.__getitem__,
        key="norms",
        required=True,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(_("Layers"), DEPTHS, key="depth", persist_state="session", width=200)
        st.select_slider("d_model", WIDTHS, key="d_model", persist_state="session", width=120)
        st.select_slider(
            _("Standard deviation of the weights"),
            STDS,
            key="std",
            persist_state="session",
            width=230,
        )
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=100)
    norm, place = NORMS[state["norms"]]
    stack = Stack(
        int(state["depth"]),
        int(state["d_model"]),
        float(state["std"]),
        int(state["seed"]),
        norm,
        place,
    )
    return stack, state["skips"]


def _in_short(stack: Stack, frames: dict[str, pd.DataFrame], chosen: str) -> None:
    """The chosen setting in large type, the usual one beside it."""
    here, usual = frames[chosen], frames["both"]
    facts = {
        "share": _("Tokens differ, after the last layer"),
        "cosine": _("Cosine of two tokens, there"),
        "rank": _("Stable rank, there"),
    }
    beside = _("around both: {value}")
    noise = rounding(4 * stack.width, stack.depth, torch.float64)
    figures(
        *(
            (
                name,
                measured(here[quantity].iloc[-1], ".3g", noise),
                beside.format(value=measured(usual[quantity].iloc[-1], ".3g", noise)),
            )
            for quantity, name in facts.items()
        ),
        (
            _("Gradient, first layer ÷ output"),
            numeral(_passed(here), ".3g"),
            beside.format(value=numeral(_passed(usual), ".3g")),
        ),
    )


def _passed(frame: pd.DataFrame) -> float:
    """How much of the output's gradient norm arrives at the first layer."""
    return float(frame["gradient"].iloc[0] / frame["gradient"].iloc[-1])


def _curves(frames: dict[str, pd.DataFrame], chosen: str, bound: Cubic | None) -> None:
    names = (
        setting_names()
        | quantity_names()
        | {"place": _("Depth: layers passed"), "bound": _("cubic bound for “none”")}
    )
    dashed = None
    if bound is not None:
        places = list(range(bound.first, bound.first + len(bound.values)))
        dashed = (places, bound.values)
    columns = [*st.columns(2), *st.columns(2)]
    for column, quantity in zip(columns, ("share", "cosine", "rms", "gradient"), strict=True):
        figure = charts.lines(
            frames,
            quantity,
            chosen,
            names,
            colours(),
            logarithmic=quantity != "cosine",
            bound=dashed if quantity == "share" else None,
        )
        plot(figure, key=f"depth_{quantity}", within=column)
    if bound is None:
        st.caption(
            _(
                "No cubic bound is drawn: without residual connections this stack's tokens do "
                "not come together fast enough, or have no layer left to do so."
            )
        )
    else:
        st.caption(
            _(
                "Dashed: r(l+1) = C·r(l)³ from depth {first} on with C = {constant}, the least C "
                "that no layer of the stack without residual connections exceeds. Shares near "
                "10⁻¹⁶ are rounding."
            ).format(first=bound.first, constant=numeral(bound.constant, ".3g"))
        )


def _evidence(frames: dict[str, pd.DataFrame], stack: Stack) -> None:
    names, noise = setting_names(), rounding(4 * stack.width, stack.depth, torch.float64)
    table = pd.DataFrame(
        {
            "setting": names[setting],
            **{key: measured(frame[key].iloc[-1], ".3g", noise) for key in quantity_names()},
            "first": numeral(frame["gradient"].iloc[0], ".3g"),
        }
        for setting, frame in frames.items()
    )
    evidence(
        table,
        _(
            "Random encoder of {depth} layers, d_model = {width}, heads of 16, d_ff = 4·d_model, "
            "GELU, weights normal with standard deviation {std}, biases 0, seed {seed}, float64, "
            "{tokens} different random tokens without positions. x: the token matrix that leaves "
            "the last layer, before any final norm. s: the product of that output with a fixed "
            "standard normal matrix, over √(tokens · d_model)."
        ).format(
            depth=stack.depth,
            width=stack.width,
            std=numeral(stack.std, "g"),
            seed=stack.seed,
            tokens=TOKENS,
        ),
        {
            "setting": _("residual connections"),
            **quantity_names(),
            "gradient": _("‖∂s/∂x‖ at the output"),
            "first": _("‖∂s/∂x‖ at the first layer"),
        },
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _survival(stack: Stack, residual: Residual) -> pd.DataFrame:
    return survival(stack, residual)
