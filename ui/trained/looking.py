"""What models that were trained this way attend to, on the reader's own text."""

import streamlit as st
import torch

from charts.viewer.matrices import Axis, Panel, matrices
from experiments.families import Entry
from experiments.trained_attention import LONGEST, Look, look
from model import ModelError
from model.training.families import FAMILIES
from ui.errors import explain
from ui.i18n import _
from ui.indices import MEAN, bring_back, index, index_or_mean
from ui.scene import words
from ui.texts import BOX
from ui.trained.names import variant_name
from ui.trained.panels import Panel as Chosen
from ui.url import Parameter, flag

TEXT = "And God said, Let there be light: and there was light."

PARAMETERS = (
    Parameter("inside", False, flag),
    Parameter("inside_text", TEXT),
    Parameter("inside_variant", ""),
    Parameter("inside_layer", 1, index),
    Parameter("inside_head", MEAN, index_or_mean),
)


def show(name: str, chosen: Chosen) -> None:
    """A switch, and under it the attention of two models of the panel; nothing is computed while
    the switch is off."""
    state = st.session_state
    label = _("See what they attend to, on your own text")
    if not st.toggle(label, key="inside", persist_state="session"):
        return
    # a model that was measured in two ways is one model
    pairs = [pair for pair in chosen.pairs if pair.entry.measure == "held out"] or chosen.pairs
    options = {_spelt(pair.entry): pair for pair in pairs}
    if state["inside_variant"] not in options:
        state["inside_variant"] = next(iter(options))
    typing, choosing = st.columns([3, 2], vertical_alignment="bottom")
    typing.text_input(
        _("Text of up to {count} characters").format(count=LONGEST),
        key="inside_text",
        persist_state="session",
        max_chars=BOX,
    )
    choosing.selectbox(
        _("Trained with"),
        list(options),
        format_func=lambda option: _named(options[option].entry),
        key="inside_variant",
        persist_state="session",
    )
    pair = options[state["inside_variant"]]
    try:
        looks = [
            look(entry.family, entry.variant, state["inside_text"])
            for entry in (pair.reference, pair.entry)
        ]
    except ModelError as error:
        st.error(explain(error), icon=":material/error:")
        return
    layer, head = _place(looks)
    _draw(name, [pair.reference, pair.entry], looks, layer, head)


def _place(looks: list[Look]) -> tuple[int, int | None]:
    """Draw the choice of a layer and a head that both models have; None for the mean of all."""
    state = st.session_state
    layers, heads = (min(one.weights.shape[axis] for one in looks) for axis in (0, 1))
    bring_back("inside_layer", layers - 1)
    bring_back("inside_head", heads - 1)
    first, second = st.columns(2)
    if layers > 1:
        first.select_slider(_("Layer"), range(layers), key="inside_layer", persist_state="session")
    if heads > 1:
        second.select_slider(
            _("Head"),
            [MEAN, *range(heads)],
            format_func=lambda head: _("mean") if head == MEAN else str(head),
            key="inside_head",
            persist_state="session",
        )
    head = state["inside_head"]
    return int(state["inside_layer"]), None if head == MEAN else int(head)


def _draw(name: str, entries: list[Entry], looks: list[Look], layer: int, head: int | None) -> None:
    panels = [
        Panel(
            _named(entry),
            one.of(layer, head),
            "weights",
            high=1.0,
            rows=Axis(_("Queries"), one.tokens, "queries"),
            columns=Axis(_("Keys"), one.tokens, "keys"),
            masked=_unseen(entry, len(one.tokens)),
        )
        for entry, one in zip(entries, looks, strict=True)
    ]
    matrices(f"inside_{name}", panels=panels, across=2, words=words())
    st.caption(
        _(
            "One model of each kind (seed 0), the weights stored in half precision. Trained apart, "
            "their heads have no common order: look at what kind of pattern each has learnt; a "
            "difference cell by cell would mean nothing, so none is drawn."
        )
    )


def _unseen(entry: Entry, n: int) -> torch.Tensor:
    """(n, n), True for the cells that the model was trained not to see."""
    masked = FAMILIES[entry.family].variants[entry.variant].trained.mask != "none"
    future = torch.ones(n, n, dtype=torch.bool).triu(1)
    return future if masked else torch.zeros_like(future)


def _spelt(entry: Entry) -> str:
    return f"{entry.family} {entry.variant}"


def _named(entry: Entry) -> str:
    return variant_name(entry.family, entry.variant)
