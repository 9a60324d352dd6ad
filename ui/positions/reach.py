"""How far each scheme lets a query see, once positions alone decide."""

import pandas as pd
import streamlit as st

from charts import positions as charts
from experiments.positions import Setup, by_distance, reach, scores, within
from ui.anatomy import badge, evidence
from ui.i18n import _
from ui.plot import plot
from ui.positions.compare import LEAST, WIDTH, base, chosen_schemes, slope
from ui.positions.names import scheme_names
from ui.scene import colours
from ui.url import Parameter, among

SPANS = (33, 65, 129, 257, 511)
PARAMETERS = (Parameter("span", 257, lambda text: int(among(*SPANS)(text))),)


def show() -> None:
    """Draw the view."""
    badge("computed")
    chosen = chosen_schemes()
    with st.container(horizontal=True):
        st.select_slider(_("Tokens"), SPANS, key="span", persist_state="session", width=200)
        m, root = slope(), base()
    if len(chosen) < LEAST:
        st.info(_("Choose at least two schemes."))
        return
    n = int(st.session_state["span"])
    setup = Setup(n=n, d=WIDTH, content="constant", base=root, slope=m)
    names, query = scheme_names(drawn=True), n // 2
    cells = {scheme: scores(scheme, setup) for scheme in chosen}
    weights = {scheme: matrix.softmax(-1) for scheme, matrix in cells.items()}
    reached = {scheme: reach(matrix[query], query) for scheme, matrix in weights.items()}
    st.markdown(
        _(
            "**Attention weight against distance**, every token alike: the title says within how "
            "many tokens to either side the middle query finds 90 % of its weight"
        )
    )
    columns = st.columns(3)
    for place, (scheme, matrix) in enumerate(weights.items()):
        with columns[place % 3]:
            st.markdown(f"{names[scheme]}: **{reached[scheme]}**")
            row = by_distance(matrix)
            row = row[row["distance"].between(-query, n - 1 - query)]
            middle = row.assign(
                mean=matrix[query].tolist(),
                low=matrix[query].tolist(),
                high=matrix[query].tolist(),
                std=0.0,
            )
            figure = charts.profile(middle, None, _("distance j − i"), _("weight"), colours())
            figure.update_yaxes(rangemode="tozero")
            plot(figure, key=f"reach_{scheme}")
    evidence(
        pd.DataFrame(
            {
                "scheme": [names[scheme] for scheme in chosen],
                "reach": list(reached.values()),
                "near": [float(within(w[query], query)[8]) for w in weights.values()],
                "fall": [
                    float(matrix[query, query] - matrix[query, -1]) for matrix in cells.values()
                ],
            }
        ),
        _(
            "One head of {width} features, every feature of q and k is 1, {n} tokens, the query in "
            "the middle, no mask; tables that training would fill are drawn (seed 0). An even "
            "spread reaches 90 % at {even}."
        ).format(width=WIDTH, n=n, even=round(0.9 * n / 2)),
        {
            "scheme": _("scheme"),
            "reach": _("tokens to either side that hold 90 %"),
            "near": _("weight within 8 tokens"),
            "fall": _("score at distance 0 less score at the end"),
        },
    )
