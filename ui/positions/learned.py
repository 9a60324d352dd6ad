"""A trained model's table of positions: the table, its cosines, its spectrum, its waves."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st
from torch import Tensor

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from experiments.positions import (
    by_distance,
    components,
    cosine_similarity,
    explained_by_distance,
    learned_table,
    spectrum,
)
from model import Bench
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.inert import model_name
from ui.models import bench_of
from ui.notices import tell
from ui.numbers import numeral
from ui.offers import model_parameter, pick_model
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, number

DRAWN = 40  # singular values
WAVES = 12
PARAMETERS = (
    model_parameter("minilm", "table_model"),
    Parameter("component", 1, number(1, WAVES - 1)),
)


@dataclass(frozen=True)
class _Structure:
    cosines: Tensor  # (n, n)
    profile: pd.DataFrame
    explained: float | None
    spectrum: pd.DataFrame
    components: Tensor  # (n, WAVES)


def show() -> None:
    """Draw the view."""
    badge("trained")
    bench = bench_of(pick_model("table_model", width=320))
    tell(bench)
    table = learned_table(bench)  # (n, d_model)
    found = _structure(bench.name, bench)
    share = found.spectrum["total"].tolist()
    most = sum(total < 0.95 for total in share) + 1
    figures(
        (_("Table"), f"{table.shape[0]} × {table.shape[1]}", _("positions × features")),
        (
            _("Components for 95 % of the variance"),
            str(most),
            _("of {all}").format(all=len(found.spectrum)),
        ),
        (
            _("Cosines explained by distance"),
            numeral(found.explained, ".2f"),
            _("of their variance; sinusoids: 1"),
        ),
    )
    places = [str(i) for i in range(len(table))]
    rows = Axis(_("Position"), places)
    matrices(
        "learned_table",
        panels=[
            Panel(
                _("Cosine of every two positions"),
                found.cosines,
                "scores",
                high=1.0,
                rows=rows,
                columns=rows,
            ),
            Panel(
                _("The table, position × feature"),
                table,
                "scores",
                high=4 * float(table.std()),
                rows=rows,
                columns=Axis(_("Feature"), [str(i) for i in range(table.shape[1])]),
            ),
        ],
        words=words(),
    )
    left, right = st.columns(2)
    with left:
        st.markdown(_("**Cosine against distance**: mean, and lowest to highest"))
        plot(
            charts.profile(found.profile, None, _("distance j − i"), _("cosine"), colours()),
            key="learned_profile",
        )
        st.markdown(_("**Share of the variance by component**"))
        plot(
            charts.spectrum(
                found.spectrum,
                DRAWN,
                {
                    "number": _("component"),
                    "share": _("share of the variance"),
                    "total": _("running total"),
                },
                colours(),
            ),
            key="learned_spectrum",
        )
    with right:
        st.markdown(_("**Its strongest components over the positions**: training found waves"))
        st.slider(_("Component"), 1, WAVES - 1, key="component", persist_state="session", width=300)
        first = int(st.session_state["component"])
        plot(
            charts.wave(
                {
                    _("component {number}").format(number=i): found.components[:, i - 1]
                    for i in (first, first + 1)
                },
                0,
                {"position": _("position"), "value": _("value")},
                colours(),
            ),
            key="learned_waves",
        )
    evidence(
        found.spectrum.head(DRAWN),
        _(
            "{model}: singular values of its {n} × {d} table of positions, each feature's mean "
            "over the positions taken out. Row 0, where the first special token always stands, "
            "has the norm {first}; the mean of the others is {others}."
        ).format(
            model=model_name(bench),
            n=table.shape[0],
            d=table.shape[1],
            first=numeral(float(table[0].norm()), ".2f"),
            others=numeral(float(table[1:].norm(dim=-1).mean()), ".2f"),
        ),
        {
            "number": _("component"),
            "value": _("singular value"),
            "share": _("share of the variance"),
            "total": _("running total"),
        },
    )


@st.cache_resource(max_entries=3, show_spinner=False)
def _structure(name: str, _bench: Bench) -> _Structure:
    table = learned_table(_bench)
    cosines = cosine_similarity(table)
    return _Structure(
        cosines,
        by_distance(cosines),
        explained_by_distance(cosines),
        spectrum(table),
        components(table, WAVES),
    )
