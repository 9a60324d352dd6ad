"""The stack: what each sublayer writes to the residual stream, and how alike its tokens grow."""

import pandas as pd
import streamlit as st

from charts import encoder as charts
from charts.viewer import Axis, Panel, matrices
from experiments.residual_stream import Stream, by_layer, mean_similarity, similarity, stream
from model import Bench
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, number

DRAWN = 64  # tokens in the matrix of similarities
PARAMETERS = (Parameter("depth", 10_000, number(0, 10_000)),)


def show(bench: Bench, text: Text) -> None:
    """Norms and cosines of what is written by layer, then similarity by depth."""
    flow, alike = stream_of(bench, text), _alike(bench.name, text, bench)
    table = by_layer(flow.writes)
    _in_short(table, alike)
    _writes(table)
    st.subheader(_("How alike the tokens grow"), anchor=False)
    _similarity(bench, text, flow, alike)
    table["sublayer"] = [sublayer_names()[name] for name in table["sublayer"]]
    evidence(
        table.round(3),
        _(
            "{model}, this text of {tokens} tokens, one pass, float32; medians over the tokens. "
            "The stream is taken before the sublayer; “turn” compares it with the stream after "
            "it, with the norm where the norm comes after the sum."
        ).format(model=model_name(bench), tokens=flow.depths.shape[1]),
        {
            "layer": _("layer"),
            "sublayer": _("sublayer"),
            "norm_before": _("length of the stream"),
            "norm": _("length of what it writes"),
            "ratio": _("ratio"),
            "cosine": _("cosine of both"),
            "turn": _("turn: cosine before, after"),
        },
    )


def sublayer_names() -> dict[str, str]:
    return {
        "attention": _("attention"),
        "cross": _("cross-attention"),
        "feed_forward": _("feed-forward network"),
    }


def stream_of(bench: Bench, text: Text) -> Stream:
    """The residual stream of a text, shared read-only by all sessions."""
    return _stream(bench.name, text, bench)


def _in_short(table: pd.DataFrame, alike: pd.DataFrame) -> None:
    ratios = {
        name: float(table.loc[table["sublayer"] == name, "ratio"].median())
        for name in ("attention", "feed_forward")
    }
    cosines = alike["cosine"].tolist()
    figures(
        (
            _("Attention writes"),
            numeral(ratios["attention"], ".0%"),
            _("of the stream's length, median layer"),
        ),
        (
            _("The feed-forward network writes"),
            numeral(ratios["feed_forward"], ".0%"),
            _("of the stream's length, median layer"),
        ),
        (
            _("Cosine of two tokens, at the end"),
            numeral(cosines[-1], ".2f"),
            _("at the input {value}").format(value=numeral(cosines[0], ".2f")),
        ),
    )


def _writes(table: pd.DataFrame) -> None:
    st.subheader(_("What each sublayer writes to the stream"), anchor=False)
    names = sublayer_names() | {
        "layer": _("Layer"),
        "ratio": _("length, over the stream's"),
        "cosine": _("cosine with the stream"),
    }
    for column, quantity in zip(st.columns(2), ("ratio", "cosine"), strict=True):
        plot(
            charts.writes(table, quantity, names, colours()),
            key=f"writes_{quantity}",
            within=column,
        )
    st.caption(
        _(
            "Cosine 0: the sublayer writes at right angles to what is there, so it adds something "
            "new. Positive: it strengthens what is there; negative: it takes some of it back."
        )
    )


def _similarity(bench: Bench, text: Text, flow: Stream, alike: pd.DataFrame) -> None:
    last = len(flow.depths) - 1
    state = st.session_state
    bring_back("depth", last)
    st.select_slider(
        _("Depth: layers passed"), range(last + 1), key="depth", persist_state="session"
    )
    depth = int(state["depth"])
    drawing, saying = st.columns(2)
    tokens = bench.encode(text).tokens[0][:DRAWN]
    axis = Axis(_("Token"), tokens)
    with drawing:
        matrices(
            "similarity",
            panels=[
                Panel(
                    _("Cosine of two tokens at depth {depth}").format(depth=depth),
                    similarity(flow.depths[depth, :DRAWN]),
                    "scores",
                    high=1.0,
                    rows=axis,
                    columns=axis,
                )
            ],
            words=words(),
        )
    plot(
        charts.alike(
            alike,
            depth,
            {
                "depth": _("Depth: layers passed"),
                "cosine": _("mean cosine of two tokens"),
                "plain": _("as they are"),
                "centred": _("without their mean direction"),
            },
            colours(),
        ),
        key="alike",
        within=saying,
    )


@st.cache_resource(max_entries=12, show_spinner=False)
def _stream(name: str, text: Text, _bench: Bench) -> Stream:
    return stream(_bench, _bench.encode(text), _bench.native)


@st.cache_data(max_entries=24, show_spinner=False)
def _alike(name: str, text: Text, _bench: Bench) -> pd.DataFrame:
    return mean_similarity(_stream(name, text, _bench).depths)
