"""RoPE: pairs of features as arrows that turn with the position."""

import math

import pandas as pd
import streamlit as st
import torch

from charts import positions as charts
from experiments.positions import in_plane, rope_products
from experiments.rounding import rounding
from model.positions import rope_rates
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.positions.compare import base
from ui.scene import colours
from ui.url import Parameter, among, number

WIDTHS = (8, 16, 32, 64, 128)
LAST = 256
SHOWN = 4  # pairs drawn
PARAMETERS = (
    Parameter("head_width", 64, lambda text: int(among(*WIDTHS)(text))),
    Parameter("query_at", 12, number(0, LAST)),
    Parameter("key_at", 5, number(0, LAST)),
    Parameter("further", 50, number(0, 100_000)),
)


def show() -> None:
    """Draw the view."""
    badge("computed")
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, key in ((_("Query at position"), "query_at"), (_("Key at position"), "key_at")):
            st.slider(label, 0, LAST, key=key, persist_state="session", width=230)
        st.number_input(
            _("Then shift both by"), 0, 100_000, key="further", persist_state="session", width=140
        )
        st.select_slider("d_head", WIDTHS, key="head_width", persist_state="session", width=150)
        root = base()
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=110)
    width, further = int(state["head_width"]), int(state["further"])
    m, n = int(state["query_at"]), int(state["key_at"])
    q, k = torch.randn(2, width, generator=torch.Generator().manual_seed(int(state["seed"])))
    here = float(rope_products(q, k, m, [n], root)[0])
    there = float(rope_products(q, k, m + further, [n + further], root)[0])
    noise = rounding(width) * float(q.norm() * k.norm())
    figures(
        (_("q·k at {m} and {n}").format(m=m, n=n), numeral(here, ".4f"), f"i − j = {m - n}"),
        (
            _("q·k at {m} and {n}").format(m=m + further, n=n + further),
            numeral(there, ".4f"),
            _("differs by {change}").format(change=measured(abs(there - here), ".1g", noise)),
        ),
        (_("q·k without rotation"), numeral(float(q @ k), ".4f"), _("what both are at distance 0")),
    )
    rates = rope_rates(width, root).double()
    pairs = [round(i * (width // 2 - 1) / (SHOWN - 1)) for i in range(SHOWN)]
    left, right = st.columns(2)
    with left:
        st.markdown(
            _(
                "**Four of {pairs} pairs** i, with the positions that a turn takes: "
                "dotted before, solid after the rotation"
            ).format(pairs=width // 2)
        )
        plot(
            charts.plane(
                in_plane(q, m, root)[pairs],
                in_plane(k, n, root)[pairs],
                torch.stack([m * rates, n * rates], dim=-1)[pairs],
                [
                    f"i = {pair} · {numeral(2 * math.pi / float(rates[pair]), ',.0f')}"
                    for pair in pairs
                ],
                {"query": _("query"), "key": _("key")},
                colours(),
            ),
            key="rope_planes",
        )
    with right:
        st.markdown(_("**q·k of these two vectors, wherever the key stands**"))
        keys = list(range(LAST + 1))
        plot(
            charts.curves(
                {
                    "rope": rope_products(q, k, m, keys, root).tolist(),
                    "none": [float(q @ k)] * len(keys),
                },
                keys,
                {"rope": "RoPE", "none": _("without rotation")},
                {"x": _("key position"), "y": "q·k"},
                colours(),
                at=m,
                note=_("query"),
            ),
            key="rope_products",
        )
    evidence(
        pd.DataFrame(
            {
                "pair": range(width // 2),
                "rate": rates.tolist(),
                "turn": (2 * math.pi / rates).tolist(),
                "query": ((m * rates) % (2 * math.pi)).tolist(),
                "key": ((n * rates) % (2 * math.pi)).tolist(),
                "between": ((m - n) * rates).tolist(),
            }
        ),
        _(
            "q and k drawn (seed {seed}), d_head = {width}, base {base}, float64. Pair i holds the "
            "features i and i + d_head/2."
        ).format(seed=state["seed"], width=width, base=numeral(root, "g")),
        {
            "pair": _("pair"),
            "rate": _("rate, radians a position"),
            "turn": _("positions a turn"),
            "query": _("angle of the query"),
            "key": _("angle of the key"),
            "between": _("angle between the rotations"),
        },
    )
