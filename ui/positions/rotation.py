"""Products of rows depend on their distance alone, and a shift is one rotation: for sinusoids,
beside a learned table and a random one."""

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from experiments.positions import (
    by_distance,
    explained_by_distance,
    fit_rotation,
    learned_table,
    random_table,
    residual,
    shift_rotation,
)
from experiments.rounding import rounding
from model.positions import sinusoids
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.indices import bring_back
from ui.models import bench_of
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.positions.table import settings
from ui.scene import colours, words
from ui.url import Parameter, number, one_of

LEARNED = "minilm"  # the model whose table of positions stands beside the sinusoids
TABLES = ("sinusoids", "learned", "random")
PARAMETERS = (
    Parameter("table", "sinusoids", one_of(*TABLES)),
    Parameter("shift", 8, number(1, 255)),
)


def show() -> None:
    """Draw the view."""
    badge("computed")
    names = {
        "sinusoids": _("Sinusoids"),
        "learned": _("MiniLM's learned table"),
        "random": _("Random numbers"),
    }
    kind = st.segmented_control(
        _("Table"),
        TABLES,
        format_func=names.__getitem__,
        key="table",
        required=True,
        persist_state="session",
    )
    base, d_model, length = settings()
    shown = min(length, 256)
    bring_back("shift", shown - 2)
    st.slider(_("Shift k"), 1, shown - 2, key="shift", persist_state="session", width=330)
    shift = int(st.session_state["shift"])
    tables = {
        "sinusoids": sinusoids(torch.arange(shown), d_model, base),
        "learned": learned_table(bench_of(LEARNED))[:shown],
        "random": random_table(shown, d_model, seed=0),
    }
    products = {name: table @ table.T for name, table in tables.items()}
    rows = _evidence(tables, products, base, d_model, shift)
    here = rows[rows["table"] == kind].iloc[0]
    figures(
        (
            _("Spread of PE(p)·PE(p+k) over p"),
            measured(here["spread"], ".2g", rounding(d_model)),
            _("over the mean of PE(p)·PE(p), k = {k}").format(k=shift),
        ),
        (
            _("Explained by the distance alone"),
            numeral(here["explained"], ".4f"),
            _("of the products' variance; 1 = all"),
        ),
        (
            _("Residual of the best rotation"),
            measured(here["held_out"], ".2g", rounding(d_model)),
            _("on positions that it was not fitted on"),
        ),
    )
    _picture(products[str(kind)], names[str(kind)], shift)
    evidence(
        rows.assign(
            table=[names[name] for name in rows["table"]],
            **{
                column: ["" if pd.isna(x) else numeral(x, ".2g") for x in rows[column]]
                for column in ("spread", "explained", "fitted", "held_out", "known")
            },
        ),
        _(
            "{length} positions; sinusoids and random numbers (seed 0) of d_model = {d_model}, "
            "base {base}; MiniLM's table has 384 features. Best rotation: orthogonal Procrustes, "
            "fitted on every second position and tested on the others, as ‖PE(p+k) − R PE(p)‖ / "
            "‖PE(p+k)‖. Known rotation: blocks [cos kω, sin kω; −sin kω, cos kω]. What is left "
            "for sinusoids is float32 rounding."
        ).format(length=shown, d_model=d_model, base=base),
        {
            "table": _("table"),
            "spread": _("spread over p"),
            "explained": _("explained by distance"),
            "fitted": _("residual, fitted"),
            "held_out": _("residual, held out"),
            "known": _("known rotation"),
        },
    )


def _evidence(
    tables: dict[str, Tensor], products: dict[str, Tensor], base: int, d_model: int, shift: int
) -> pd.DataFrame:
    rows = []
    for name, table in tables.items():
        cells = products[name].diagonal(shift)
        fit = fit_rotation(table, shift)
        known = None
        if name == "sinusoids":
            rotation = shift_rotation(d_model, base, shift)
            known = residual(table[:-shift], table[shift:], rotation)
        rows.append(
            {
                "table": name,
                "spread": float(cells.std(correction=0) / products[name].diagonal().mean()),
                "explained": explained_by_distance(products[name]),
                "fitted": fit.fitted,
                "held_out": fit.held_out,
                "known": known,
            }
        )
    return pd.DataFrame(rows)


def _picture(products: Tensor, name: str, shift: int) -> None:
    """All products as a matrix, and as a profile over the distance."""
    left, right = st.columns(2)
    with left:
        axis = [str(i) for i in range(len(products))]
        matrices(
            "products",
            panels=[
                Panel(
                    _("PE(p)·PE(q), {table}").format(table=name),
                    products,
                    "scores",
                    rows=Axis(_("Position p"), axis),
                    columns=Axis(_("Position q"), axis),
                )
            ],
            words=words(),
        )
    with right:
        st.markdown(_("**PE(p)·PE(p+k) over k**: mean, and lowest to highest over p"))
        figure = charts.profile(by_distance(products), None, "k", "PE(p)·PE(p+k)", colours(), 440)
        figure.add_vline(x=shift, line={"color": colours().masked_hatch, "dash": "dash"})
        plot(figure, key="products_profile")
