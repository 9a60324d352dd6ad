"""The switches panel: from widgets to Choices."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from model import Bench, Choices, legal
from ui.fragment import redraw
from ui.i18n import N_, _
from ui.indices import index, pair
from ui.numbers import numeral
from ui.url import Parameter, flag, keep, number, one_of, several

NATIVE = "native"
PANEL, EXPERIMENT = (
    "switches",
    "experiment",
)  # the fragments of the switches and of what they change

NAMES = {
    "native": N_("native"),
    "dot": N_("dot product"),
    "cosine": N_("cosine"),
    "additive": N_("additive"),
    "none": N_("none"),
    "padding": N_("padding"),
    "causal": N_("causal"),
    "prefix": N_("prefix"),
    "window": N_("sliding window"),
    "causal+window": N_("causal and window"),
    "learned": N_("learned table"),
    "sinusoidal": N_("sinusoids"),
    "relative": N_("T5 buckets"),
    "xl": N_("Transformer-XL"),
    "rope": N_("RoPE"),
    "alibi": N_("ALiBi"),
    "layer": N_("LayerNorm"),
    "rms": N_("RMSNorm"),
    "batch": N_("BatchNorm"),
    "pre": N_("before the sublayer"),
    "post": N_("after the sublayer"),
    "both": N_("around both"),
    "attention": N_("around attention"),
    "feed_forward": N_("around the feed-forward network"),
    "relu": N_("ReLU"),
    "gelu": N_("GELU"),
    "gelu_tanh": N_("GELU (tanh)"),
    "silu": N_("SiLU"),
    "reglu": N_("ReGLU"),
    "geglu": N_("GeGLU"),
    "geglu_tanh": N_("GeGLU (tanh)"),
    "swiglu": N_("SwiGLU"),
}

REASONS = {
    "no-position-table": N_("these weights have no table of learned positions"),
    "no-relative-table": N_("these weights have no table of relative position biases"),
    "no-relative-projection": N_("these weights have no projection for relative positions"),
    "odd-head-width": N_("rotation needs an even head width"),
    "no-gate": N_("a gated activation needs a gate matrix, which these weights lack"),
}

MASKS = (NATIVE, "none", "padding", "causal", "prefix", "window", "causal+window")
TEMPERATURES = (0.1, 0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0)
_SELECTS = ("score", "positions", "norm", "place", "residual", "activation")
_ANY = one_of(NATIVE, *NAMES)  # `fit` narrows it to what the weights permit


def _temperature(text: str) -> float:
    value = float(text)
    if value not in TEMPERATURES:
        raise ValueError(text)
    return value


SWITCHES = (
    Parameter("scaled", False, flag),
    Parameter("temperature", 1.0, _temperature),
    Parameter("score", NATIVE, _ANY),
    Parameter("tied", False, flag),
    Parameter("mask", NATIVE, one_of(*MASKS)),
    Parameter("window", 4, number(1, 512)),
    Parameter("prefix", 4, number(0, 512)),
    Parameter("positions", NATIVE, _ANY),
    Parameter("offset", 0, number(0, 100_000)),
    Parameter("multiplier", NATIVE, one_of(NATIVE, "1", "sqrt")),
    Parameter("norm", NATIVE, _ANY),
    Parameter("place", NATIVE, _ANY),
    Parameter("residual", NATIVE, _ANY),
    Parameter("activation", NATIVE, _ANY),
    Parameter("layers", [], several(index)),
    Parameter("ablated", [], several(pair)),
)


def to_native() -> None:
    """Set every switch to what the weights were trained with (a callback)."""
    for parameter in SWITCHES:
        st.session_state[parameter.name] = parameter.default
    st.session_state["scaled"] = True
    redraw(PANEL, EXPERIMENT)


def thrown() -> None:
    """Draw what a switch changes (a callback), not the switches: each shows what it is set to."""
    redraw(EXPERIMENT)


def fit(bench: Bench) -> list[str]:
    """Take out of the state what this model has not, before any widget is drawn: values that its
    weights do not permit, layers and heads that do not exist. Returns them as name=value."""
    state, shape, dropped = st.session_state, bench.shape, []
    verdicts = legal(shape)
    for name in _SELECTS:
        value = state[name]
        if value != NATIVE and verdicts[name].get(value, "unknown") is not None:
            dropped.append(f"{name}={value}")
            state[name] = NATIVE

    def exists(place: str | int) -> bool:
        layer, _dot, head = str(place).partition(".")
        return int(layer) in range(shape.n_layers) and int(head or 0) in range(shape.n_heads)

    for name in ("layers", "ablated"):
        gone = [place for place in state[name] if not exists(place)]
        dropped += [f"{name}={place}" for place in gone]
        state[name] = [place for place in state[name] if place not in gone]
    return dropped


def panel(bench: Bench) -> None:
    """Draw the switches in one bar."""
    keep(SWITCHES)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.toggle(_("Divide by √d_head"), key="scaled", on_change=thrown, persist_state="session")
        st.toggle(_("Tie W_K to W_Q"), key="tied", on_change=thrown, persist_state="session")
        with st.popover(_("Scores")):
            _scores(bench)
        with st.popover(_("Mask")):
            _mask()
        with st.popover(_("Positions")):
            _positions(bench)
        with st.popover(_("Blocks")):
            _select("norm", _("Norm"), bench)
            _select("place", _("Norm stands"), bench)
            _select("residual", _("Residual connection"), bench)
            _select("activation", _("Activation"), bench)
        with st.popover(_("Layers, heads")):
            _where(bench)


def summary(choices: Choices, bench: Bench) -> None:
    """Say what is switched, with a way back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_summary(choices, bench), width="content")
        if choices != bench.native:
            st.button(
                _("Back to native"),
                icon=":material/restart_alt:",
                on_click=to_native,
                key="to_native",
                type="tertiary",
            )


def _scores(bench: Bench) -> None:
    st.select_slider(
        _("Temperature"),
        TEMPERATURES,
        key="temperature",
        on_change=thrown,
        persist_state="session",
        help=_("Scores are divided by it as well: below 1 sharper, above 1 flatter."),
    )
    _select("score", _("Score"), bench)


def _mask() -> None:
    state = st.session_state
    st.selectbox(
        _("A query may see"),
        MASKS,
        format_func=_mask_name,
        key="mask",
        on_change=redraw,
        args=(PANEL, EXPERIMENT),  # how many numbers stand below depends on it
        persist_state="session",
    )
    if "window" in state["mask"]:
        _number("window", _("Window, in tokens"), 1, 512)
    if state["mask"] == "prefix":
        _number("prefix", _("Prefix, in tokens"), 0, 512)


def _positions(bench: Bench) -> None:
    _select("positions", _("Scheme"), bench)
    _number("offset", _("Shift all positions by"), 0, 100_000)
    multiples = {
        NATIVE: f"{_('native')} · {numeral(bench.native.multiplier, 'g')}",
        "1": "1",
        "sqrt": "√d_model",
    }
    st.selectbox(
        _("Token embeddings times"),
        list(multiples),
        format_func=multiples.__getitem__,
        key="multiplier",
        on_change=thrown,
        persist_state="session",
    )


def _where(bench: Bench) -> None:
    layers, heads = range(bench.shape.n_layers), range(bench.shape.n_heads)
    st.multiselect(
        _("Only in layers"),
        layers,
        key="layers",
        on_change=thrown,
        persist_state="session",
        placeholder=_("all"),
        help=_("The switches act in these layers, all others stay native."),
    )
    st.multiselect(
        _("Heads switched off"),
        [f"{layer}.{head}" for layer in layers for head in heads],
        key="ablated",
        on_change=thrown,
        persist_state="session",
        placeholder=_("none"),
        help=_("As layer.head. The picture of all heads switches them too."),
    )


def _summary(choices: Choices, bench: Bench) -> str:
    """What is switched, as badges."""
    native = bench.native
    parts = []
    if choices.scaled != native.scaled:
        parts.append(_("no division by √d_head"))
    if choices.temperature != native.temperature:
        parts.append(_("temperature {value}").format(value=numeral(choices.temperature, "g")))
    if choices.tied != native.tied:
        parts.append(_("W_K := W_Q"))
    labels = {
        "score": _("Score"),
        "mask": _("Mask"),
        "positions": _("Positions"),
        "norm": _("Norm"),
        "place": _("Norm stands"),
        "residual": _("Residual connection"),
        "activation": _("Activation"),
    }
    for name, label in labels.items():
        value = getattr(choices, name)
        if value != getattr(native, name):
            parts.append(f"{label}: {_(NAMES[value])}")
    if choices.offset != native.offset:
        parts.append(_("positions + {value}").format(value=choices.offset))
    if choices.multiplier != native.multiplier:
        parts.append(_("embeddings × {value}").format(value=numeral(choices.multiplier, ".4g")))
    if choices.layers is not None:
        layers = " ".join(map(str, choices.layers))
        parts.append(_("only in layers {layers}").format(layers=layers))
    if choices.ablated:
        parts.append(_("{n} heads off").format(n=len(choices.ablated)))
    if choices == native:
        return f"{_('Variant')} = :gray-badge[{_('native')}]"
    badges = " ".join(f":violet-badge[{part}]" for part in parts)
    return f"{_('Variant')} = {_('native')} + {badges} :gray[· {_('switched after training')}]"


def chosen(bench: Bench) -> Choices:
    """The choices that the session's switches stand for."""
    state, native = st.session_state, bench.native
    picked: dict[str, Any] = {name: state[name] for name in _SELECTS if state[name] != NATIVE}
    if state["multiplier"] != NATIVE:
        picked["multiplier"] = 1.0 if state["multiplier"] == "1" else math.sqrt(bench.shape.d_model)
    if state["mask"] != NATIVE:
        picked["mask"] = state["mask"]
    if "window" in state["mask"]:
        picked["window"] = state["window"]
    if state["mask"] == "prefix":
        picked["prefix"] = state["prefix"]
    choices = replace(
        native,
        scaled=state["scaled"],
        temperature=state["temperature"],
        tied=state["tied"],
        offset=state["offset"],
        ablated=tuple(_pair(place) for place in state["ablated"]),
        **picked,
    )
    if not state["layers"] or len(state["layers"]) == bench.shape.n_layers:
        return choices  # everything, the input and the norms outside the layers included
    return replace(choices, layers=tuple(state["layers"]))


def _pair(place: str) -> tuple[int, int]:
    layer, head = place.split(".")
    return int(layer), int(head)


def _number(name: str, label: str, low: int, high: int) -> None:
    st.number_input(label, low, high, key=name, on_change=thrown, persist_state="session")


def _select(name: str, label: str, bench: Bench) -> None:
    """A selectbox of what the weights permit; what they do not is listed in grey, with why."""
    verdicts = legal(bench.shape)[name]
    native = getattr(bench.native, name)

    def spoken(option: str) -> str:
        return f"{_('native')} · {_(NAMES[native])}" if option == NATIVE else _(NAMES[option])

    options = [option for option, reason in verdicts.items() if reason is None and option != native]
    st.selectbox(
        label,
        [NATIVE, *options],
        format_func=spoken,
        key=name,
        on_change=thrown,
        persist_state="session",
    )
    for reason in dict.fromkeys(filter(None, verdicts.values())):
        barred = [_(NAMES[option]) for option, why in verdicts.items() if why == reason]
        st.caption(f":gray[✕ {_enumerated(barred)}: {_(REASONS[reason])}]")


def _enumerated(names: Sequence[str]) -> str:
    return _(", ").join(names)


def _mask_name(mask: str) -> str:
    return _(NAMES[mask])
