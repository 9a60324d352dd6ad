"""Numbers that left what float32 holds: where it happened, in words."""

import streamlit as st

from experiments.overflow import Overflow
from ui.i18n import N_, _

# What a site holds, by the end of its name.
_HOLDS = {
    "input": N_("the residual stream"),
    "queries": N_("the queries"),
    "keys": N_("the keys"),
    "values": N_("the values"),
    "scores": N_("the scores"),
    "bias": N_("the position biases"),
    "weights": N_("the attention weights"),
    "head_outputs": N_("what the heads read"),
    "self_attention.output": N_("what the attention writes"),
    "cross_attention.output": N_("what the attention writes"),
    "pre_activation": N_("the feed-forward network"),
    "up": N_("the feed-forward network"),
    "post_activation": N_("the feed-forward network"),
    "feed_forward.output": N_("what the feed-forward network writes"),
    "after_attention": N_("the residual stream"),
    "after_cross": N_("the residual stream"),
    "after_feed_forward": N_("the residual stream"),
    "variance": N_("the variance in the norm"),
    "norm.input": N_("the residual stream"),
    "norm.output": N_("what leaves the norm"),
    "logits": N_("the logits"),
    "tokens": N_("the embeddings"),
    "sum": N_("the embeddings"),
}


def briefly(found: Overflow) -> str:
    """In place of a number: that it overflowed, and in which layer."""
    if found.layer is None:
        return _("overflowed")
    return _("overflowed in layer {layer}").format(layer=found.layer)


def place(found: Overflow) -> str:
    """The tensor that overflowed first: "layer 4, the scores"."""
    names = (name for end, name in _HOLDS.items() if found.name.endswith(end))
    holds = _(next(names)) if any(found.name.endswith(end) for end in _HOLDS) else found.name
    if found.layer is None:
        return holds
    return _("layer {layer}, {what}").format(layer=found.layer, what=holds)


def warn(side: str, found: Overflow) -> None:
    """Say on a page where the numbers of a side end, and what it means for what is drawn."""
    st.warning(
        _(
            "**{side}: the numbers overflowed in {place}.** They grew beyond what float32 holds, "
            "3.4 · 10³⁸. What is computed from there on is no number: its cells are crossed out, "
            "and nothing is predicted from them."
        ).format(side=side, place=place(found)),
        icon=":material/warning:",
    )
