"""ALiBi's slopes and T5's buckets, as the matrices that are added to the scores."""

import pandas as pd
import streamlit as st
import torch

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from model.positions import alibi_bias, alibi_slopes, relative_buckets
from ui.anatomy import badge, evidence
from ui.i18n import _
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, among, flag, one_of

TOKENS = 48
HEADS = (4, 8, 12, 16)
BUCKETS = (8, 16, 32, 64)
REACHES = (32, 64, 128, 256)
FURTHEST = 300
PARAMETERS = (
    Parameter("bias", "alibi", one_of("alibi", "relative")),
    Parameter("bias_heads", 8, lambda text: int(among(*HEADS)(text))),
    Parameter("buckets", 32, lambda text: int(among(*BUCKETS)(text))),
    Parameter("furthest", 128, lambda text: int(among(*REACHES)(text))),
    Parameter("both_sides", True, flag),
)


def show() -> None:
    """Draw the view."""
    badge("computed")
    names = {"alibi": _("ALiBi"), "relative": _("T5 buckets")}
    bias = st.segmented_control(
        _("Bias"),
        list(names),
        format_func=names.__getitem__,
        key="bias",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    if bias == "alibi":
        _alibi()
    else:
        _buckets()


def _axes() -> tuple[Axis, Axis]:
    places = [str(i) for i in range(TOKENS)]
    return Axis(_("Query position"), places, "queries"), Axis(_("Key position"), places, "keys")


def _alibi() -> None:
    st.select_slider(
        _("Number of heads"), HEADS, key="bias_heads", persist_state="session", width=220
    )
    n_heads = int(st.session_state["bias_heads"])
    where = torch.arange(TOKENS)
    cells, slopes = alibi_bias(where, where, n_heads), alibi_slopes(n_heads)
    by_slope = slopes.argsort(descending=True).tolist()
    shown = [by_slope[i * (n_heads - 1) // 3] for i in range(4)]
    rows, columns = _axes()
    st.markdown(_("**What is added to the scores**, steepest head to flattest, on one scale"))
    matrices(
        "alibi",
        panels=[
            Panel(
                _("head {head}: −{slope} · |i − j|").format(
                    head=head, slope=numeral(slopes[head], ".4g")
                ),
                cells[head],
                "scores",
                high=float(cells.abs().max()),
                rows=rows,
                columns=columns,
            )
            for head in shown
        ],
        across=2,
        words=words(),
    )
    halves = torch.log(torch.tensor(2.0)) / slopes
    evidence(
        pd.DataFrame(
            {
                "head": range(n_heads),
                "slope": slopes.tolist(),
                "half": halves.tolist(),
                "far": (-slopes * (TOKENS - 1)).tolist(),
            }
        ),
        _(
            "{heads} heads, the slopes are fixed and nothing is trained. Half-way: the distance at "
            "which e^(−m·distance), the factor on a weight before softmax's division, is ½."
        ).format(heads=n_heads),
        {
            "head": _("head"),
            "slope": _("slope m"),
            "half": _("half-way, tokens"),
            "far": _("bias at distance {n}").format(n=TOKENS - 1),
        },
    )


def _buckets() -> None:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="center"):
        st.select_slider(_("Buckets"), BUCKETS, key="buckets", persist_state="session", width=200)
        st.select_slider(
            _("One bucket from distance"),
            REACHES,
            key="furthest",
            persist_state="session",
            width=220,
        )
        st.toggle(_("Both sides"), key="both_sides", persist_state="session")
    count, reach, both = int(state["buckets"]), int(state["furthest"]), bool(state["both_sides"])
    where = torch.arange(TOKENS)
    apart = where - where[:, None]
    index = relative_buckets(apart, bidirectional=both, buckets=count, reach=reach)
    drawn = torch.randn(count, generator=torch.Generator().manual_seed(0))
    rows, columns = _axes()
    masked = None if both else apart > 0
    matrices(
        "t5",
        panels=[
            Panel(
                _("Number of the bucket"),
                index,
                "amounts",
                high=count - 1,
                rows=rows,
                columns=columns,
                masked=masked,
            ),
            Panel(
                _("Bias, from a table drawn at random"),
                drawn[index],
                "scores",
                rows=rows,
                columns=columns,
                masked=masked,
            ),
        ],
        words=words() | {"weight": _("bucket")},
    )
    st.caption(
        _(
            "The buckets are a formula; the one number per bucket and head is trained. None of the "
            "models here has such a table, so the right picture shows the pattern, not a model."
        )
    )
    far = torch.arange(-FURTHEST, FURTHEST + 1 if both else 1)
    at = relative_buckets(far, bidirectional=both, buckets=count, reach=reach)
    plot(
        charts.curves(
            {"relative": at.tolist()},
            far.tolist(),
            {"relative": _("T5 buckets")},
            {"x": _("distance j − i"), "y": _("bucket")},
            colours(),
        ),
        key="t5_buckets",
    )
    frame = pd.DataFrame({"bucket": at.tolist(), "distance": far.tolist()})
    spans = frame.groupby("bucket")["distance"].agg(["min", "max", "count"]).reset_index()
    evidence(
        spans,
        _(
            "Distances from {low} to {high}, {count} buckets; from distance {reach} on, "
            "at the latest, all share one."
        ).format(low=int(far.min()), high=int(far.max()), count=count, reach=reach),
        {
            "bucket": _("bucket"),
            "min": _("from distance"),
            "max": _("to distance"),
            "count": _("distances in it"),
        },
    )
