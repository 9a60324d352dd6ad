"""A small page around the viewer, for tests in a browser and for looking at it.

The address says what to show, e.g. ?show=focus&tokens=40&layers=6&heads=12&labels=hostile.
"""

from typing import cast

import numpy as np
import streamlit as st

from charts.viewer import (
    Axis,
    FocusEvent,
    Panel,
    TilesEvent,
    atlas,
    bring,
    focus,
    matrices,
    pool,
    tiles,
)
from charts.viewer.atlas import Show
from tests.charts.synthetic import CHINESE, ENGLISH, HOSTILE, synthetic

asked = st.query_params
st.set_page_config(layout="wide")
bring()
show = asked.get("show", "focus")
tokens = int(asked.get("tokens", "8"))
layers = int(asked.get("layers", "1"))
heads = int(asked.get("heads", "4"))
causal = asked.get("mask", "") == "causal"
names = {"english": ENGLISH, "chinese": CHINESE, "hostile": HOSTILE}[asked.get("labels", "english")]
tokens_shown = [names[n % len(names)] for n in range(tokens)]
mask = np.triu(np.ones((tokens, tokens), bool), 1) if causal else None


@st.cache_resource(max_entries=4)
def kept(seed: int, length: int, masked: bool) -> np.ndarray:
    """One head (length, length), made once: a long one takes its time."""
    return synthetic(seed, 1, 1, length, masked)[0, 0]


st.session_state.setdefault("runs", 0)
st.session_state.runs += 1

if "switch" in asked and not st.checkbox("Show the viewer", value=True):
    st.stop()

if show == "focus":
    native = synthetic(1, 1, heads, tokens, causal)[0]
    variant = None if "alone" in asked else synthetic(2, 1, heads, tokens, False)[0]
    state = st.session_state.setdefault("focus_state", {"head": 0, "cell": None, "seen": 0})
    view = "lines" if asked.get("view") == "lines" else "matrix"

    def follow(event: FocusEvent) -> None:
        """What a page does with an event: its own state follows."""
        state["head"] = event.head
        state["cell"] = event.cell

    event = focus(
        "focus",
        native=native,
        variant=variant,
        heads=range(heads),
        head=state["head"],
        query_labels=tokens_shown,
        key_labels=tokens_shown,
        masked_native=mask,
        view=view,
        selected=state["cell"],
        on_event=follow,
    )
    st.text(f"event {event.did} head {event.head} cell {event.cell} view {event.view}")
elif show == "tiles":
    native = kept(1, tokens, causal)
    variant = None if "alone" in asked else kept(2, tokens, causal)
    looked = st.session_state.setdefault("tiles_state", {"head": 0, "cell": None, "window": None})

    def look(event: TilesEvent) -> None:
        looked.update(head=event.head, cell=event.cell, window=event.window)

    told = tiles(
        "tiles",
        native=native,
        variant=variant,
        heads=range(heads),
        head=looked["head"],
        query_labels=tokens_shown,
        key_labels=tokens_shown,
        masked_native=mask,
        masked_variant=mask,
        window=looked["window"],
        selected=looked["cell"],
        on_event=look,
    )
    st.text(f"event {told.did} head {told.head} cell {told.cell} window {told.window}")
elif show == "atlas":
    native = pool(synthetic(1, layers, heads, tokens, causal), 24)
    variant = pool(synthetic(2, layers, heads, tokens, False), 24)
    picked = st.session_state.setdefault("atlas_state", {"selected": (0, 0), "ablated": {(1, 1)}})
    shown = atlas(
        "atlas",
        native=native,
        variant=variant,
        show=cast("Show", asked.get("picture", "native")),
        selected=picked["selected"],
        ablated=picked["ablated"],
        on_event=lambda e: picked.update(selected=e.selected, ablated=e.ablated),
    )
    st.text(f"event {shown.did} selected {shown.selected} ablated {sorted(shown.ablated)}")
else:
    source = np.random.default_rng(3)
    q, k, v = (source.normal(0, 1, (tokens, 16)) for _ in range(3))
    scores = q @ k.T
    if causal:
        scores = np.where(np.triu(np.ones((tokens, tokens), bool), 1), -np.inf, scores)
    weights = np.exp(scores / 4 - (scores / 4).max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    rows = Axis("Queries (rows)", tokens_shown, "queries")
    columns = Axis("Keys (columns)", tokens_shown, "keys")
    marked = matrices(
        "matrices",
        panels=[
            Panel("Q", q, "queries", rows=rows, columns=Axis("dimensions")),
            Panel("K", k, "keys", rows=Axis("Keys", tokens_shown, "keys")),
            Panel("QKᵀ", scores, "scores", rows=rows, columns=columns),
            Panel("softmax", weights, "weights", rows=rows, columns=columns),
            Panel("V", v, "values", rows=Axis("Values", tokens_shown, "values")),
            Panel("q₁", q[1:2], "queries"),
        ],
    )
    st.text(f"event {marked.changed} panel {marked.panel} cell {marked.cell}")
st.text(f"runs {st.session_state.runs}")
