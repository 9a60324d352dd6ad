"""The measured page: a button in a fragment, and the picture that follows it.

?what=bare|canvas|plotly&tokens=16|128|512. Every press shows another seed.
"""

import gc

import plotly.graph_objects as go
import streamlit as st

from charts.colours import LIGHT, colorscale
from charts.viewer import bring, focus
from tests.charts.synthetic import ENGLISH, synthetic

HEADS = 4
SEEDS = 4
LABELS = 24

st.set_page_config(layout="wide")
bring()
what = st.query_params.get("what", "bare")
tokens = int(st.query_params.get("tokens", "16"))
names = [ENGLISH[n % len(ENGLISH)] for n in range(tokens)]


@st.cache_resource
def weights(length: int) -> list:
    """(heads, tokens, tokens) for every seed."""
    made = [synthetic(seed, 1, HEADS, length, causal=False)[0] for seed in range(SEEDS)]
    gc.collect()
    gc.freeze()
    return made


def heatmap(cells: list, step: int) -> go.Figure:
    """Native, variant and difference as the viewer shows them."""
    figure = go.Figure()
    scale = colorscale(LIGHT.weights_ramp)
    for n, values in enumerate(cells):
        figure.add_heatmap(
            z=values, colorscale=scale, showscale=False, xaxis=f"x{n + 1}", yaxis=f"y{n + 1}"
        )
        # As Plotly is quickest: few labels, and margins that need not be found.
        shown = range(0, tokens, -(-tokens // LABELS))
        ticks = {
            "tickvals": list(shown),
            "ticktext": [names[place] for place in shown],
            "automargin": False,
        }
        figure.update_layout(
            {
                f"xaxis{n + 1}": {**ticks, "domain": [n / 3, n / 3 + 0.3]},
                f"yaxis{n + 1}": {**ticks, "autorange": "reversed", "anchor": f"x{n + 1}"},
            }
        )
    return figure.update_layout(title=f"step {step}", height=460, margin={"l": 60, "b": 60})


@st.fragment
def picture() -> None:
    """What is timed, from the button to the pixels."""
    step = st.session_state.get("step", 0) + int(st.button("Next"))
    st.session_state.step = step
    native = weights(tokens)[step % SEEDS]
    variant = weights(tokens)[(step + 1) % SEEDS]
    if what == "canvas":
        focus(
            "focus",
            native=native,
            variant=variant,
            heads=range(HEADS),
            head=0,
            query_labels=names,
            key_labels=names,
        )
    elif what == "plotly":
        cells = [native[0], variant[0], variant[0] - native[0]]
        st.plotly_chart(heatmap(cells, step), key="heatmap")
    else:
        st.text(f"step {step}")


picture()
