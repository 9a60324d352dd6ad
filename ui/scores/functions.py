"""Question 3: score functions on the same queries and keys, their spread, and their cost."""

from dataclasses import asdict

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from charts import scores as charts
from charts.viewer import Axis, Panel, matrices
from experiments.score_cost import Cost, measure, plan
from experiments.score_functions import FUNCTIONS, compare, raw_scores, spread, weights_of
from ui.anatomy import badge, evidence, figures
from ui.gradual import again, gradually
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import Scene, colours, words
from ui.subject import place, subject, subject_parameters
from ui.url import Parameter, among, number, one_of

LONGEST = (128, 256, 384, 512, 768)  # queries and keys, at AT_WIDTH features
WIDEST = (64, 128, 256, 512)  # features, at AT_LENGTH queries and keys
AT_WIDTH, AT_LENGTH = 64, 256
WIDTHS = tuple(2**power for power in range(11))
ROWS = 64  # random queries and keys for the spread
SECONDS = 0.03  # that one point is repeated for
DRAWN = 64

PARAMETERS = (
    *subject_parameters(),
    Parameter("layer", 1, number(0, 10_000)),
    Parameter("head", 8, number(0, 10_000)),
    Parameter("show", "weights", one_of("weights", "scores")),
    Parameter("seed", 0, number(0, 9999)),
    Parameter("longest", 512, among(*LONGEST)),
    Parameter("widest", 256, among(*WIDEST)),
)


def show() -> None:
    """The same q and k through four functions; then spread against d_k, and cost."""
    bench, text = subject()
    layer, head = place(bench)
    scene = Scene(bench, text, bench.native, bench.native, layer, head)
    view = scene.attention("native")
    scores = raw_scores(view.queries[0, head], view.keys[0, head])  # name → (n, n)
    allowed = view.mask[0, head]  # (n, n)
    _maps(scene, scores, allowed)
    table = compare(scores, allowed)
    table["function"] = [function_names()[name] for name in table["function"]]
    evidence(
        table,
        _(
            "{model}, layer {layer}, head {head}: its own q and k, {tokens} tokens, dₖ = {width}. "
            "Additive: Σ tanh(q + k), since these weights hold no W₁, W₂ and v. “moved” is the "
            "share of a query's attention that lies elsewhere than with the scaled dot product."
        ).format(
            model=model_name(bench),
            layer=layer,
            head=head,
            tokens=len(scene.tokens),
            width=bench.shape.d_head,
        ),
        {
            "function": _("score"),
            "std": _("standard deviation"),
            "low": _("lowest"),
            "high": _("highest"),
            "entropy": _("mean entropy of a row, nats"),
            "largest": _("mean largest weight"),
            "moved": _("moved"),
        },
    )
    _spread()
    _cost()


def function_names() -> dict[str, str]:
    return {
        "dot": _("dot product"),
        "scaled": _("scaled dot product"),
        "cosine": _("cosine"),
        "additive": _("additive"),
    }


def _maps(scene: Scene, scores: dict[str, Tensor], allowed: Tensor) -> None:
    """One matrix per function: what softmax makes of the scores, or the scores themselves."""
    shows = {
        "weights": _("Weights, on one scale"),
        "scores": _("Scores, each on its own scale"),
    }
    show = st.segmented_control(
        _("Show"),
        list(shows),
        format_func=shows.__getitem__,
        key="show",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    shown = min(DRAWN, len(scene.tokens))
    names = scene.tokens[:shown]
    rows, columns = Axis(_("Queries"), names, "queries"), Axis(_("Keys"), names, "keys")
    if shown < len(scene.tokens):
        st.caption(
            _("The first {shown} of {tokens} tokens.").format(shown=shown, tokens=len(scene.tokens))
        )
    cells = scores
    if show == "weights":
        cells = {name: weights_of(scores[name], allowed) for name in FUNCTIONS}
    high = max(float(matrix.max()) for matrix in cells.values()) if show == "weights" else None
    matrices(
        "functions",
        panels=[
            Panel(
                function_names()[name],
                cells[name][:shown, :shown],
                "weights" if show == "weights" else "scores",
                high=high,
                rows=rows,
                columns=columns,
                masked=~allowed[:shown, :shown],
            )
            for name in FUNCTIONS
        ],
        words=words(),
    )


def _spread() -> None:
    st.subheader(_("Spread of the scores against dₖ"), anchor=False)
    badge("computed")
    st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=140)
    frame = _spread_of(int(st.session_state["seed"]))
    plot(
        charts.spread(
            frame,
            function_names() | {"d_k": "dₖ", "std": _("standard deviation of the scores")},
            colours(),
        ),
        key="spread",
    )
    st.caption(
        _(
            "{n} queries and {n} keys of independent standard normal features, seed {seed}. "
            "Markers are measured, lines are the closed forms √dₖ, 1, 1/√dₖ and "
            "√(dₖ · Var tanh(q + k)). The additive score stands here with v = 1; a v of length 1 "
            "divides it by √dₖ."
        ).format(n=ROWS, seed=st.session_state["seed"])
    )


def _cost() -> None:
    st.subheader(_("What it costs"), anchor=False)
    badge("computed")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            _("Up to n tokens, dₖ = {width}").format(width=AT_WIDTH),
            LONGEST,
            key="longest",
            persist_state="session",
            width=260,
        )
        st.select_slider(
            _("Up to dₖ features, n = {length}").format(length=AT_LENGTH),
            WIDEST,
            key="widest",
            persist_state="session",
            width=260,
        )
        st.button(
            _("Measure again"),
            icon=":material/refresh:",
            key="cost_again",
            on_click=again,
            args=("cost",),
        )
    longest, widest = int(st.session_state["longest"]), int(st.session_state["widest"])
    points = plan(
        tuple(n for n in (32, 64, *LONGEST) if n <= longest),
        tuple(d for d in (8, 16, 32, *WIDEST) if d <= widest),
        AT_LENGTH,
        AT_WIDTH,
    )
    costs = gradually(
        "cost",
        (longest, widest),
        lambda: measure(points, 0, SECONDS),
        len(points),
        _("Measuring …"),
    )
    if not costs:
        return
    _ratios(costs)
    frame = pd.DataFrame([asdict(cost) | {"operations": cost.operations} for cost in costs])
    named = {
        "dot": _("dot product: one matrix product"),
        "additive": _("additive: n × n × dₖ sums"),
        "n": _("n tokens"),
        "d_k": "dₖ",
        "seconds": _("time"),
        "peak": _("peak memory"),
    }
    for what in ("seconds", "peak"):
        for column, axis in zip(st.columns(2), ("n", "d_k"), strict=True):
            plot(
                charts.cost(frame, what, axis, named, colours()),
                key=f"cost_{what}_{axis}",
                within=column,
            )
    names = {"dot": _("dot product"), "additive": _("additive")}
    frame["kind"] = [names[kind] for kind in frame["kind"]]
    frame[["fastest", "median"]] = (frame[["seconds", "median"]] * 1e3).round(4)
    shown = ["kind", "n", "d_k", "fastest", "median", "repeats", "peak", "computed", "operations"]
    evidence(
        pd.DataFrame(frame, columns=pd.Index(shown)),
        _(
            "Measured now on this server: float32, {threads} threads; curves show the fastest of "
            "the repeats, which other work on the server disturbs least. Peak memory is counted "
            "tensor by tensor where PyTorch makes and frees them, inputs left out; beside it what "
            "the shapes say. The additive form here is the plain one, all n × n × dₖ sums at "
            "once, as training needs them; the maps above slice it to save memory, which takes as "
            "many operations."
        ).format(threads=torch.get_num_threads()),
        {
            "kind": _("score"),
            "d_k": "dₖ",
            "fastest": _("fastest, ms"),
            "median": _("median, ms"),
            "repeats": _("repeats"),
            "peak": _("peak memory, bytes"),
            "computed": _("from the shapes"),
            "operations": _("operations"),
        },
    )


def _ratios(costs: list[Cost]) -> None:
    """Additive against the product, at the longest text that both were measured for."""
    both = [
        (dot, additive)
        for dot in costs
        for additive in costs
        if (dot.kind, additive.kind) == ("dot", "additive")
        and (dot.axis, dot.n, dot.d_k) == (additive.axis, additive.n, additive.d_k)
    ]
    if not both:
        return
    dot, additive = max(both, key=lambda pair: (pair[0].axis == "n", pair[0].n))
    at = f"n = {dot.n}, dₖ = {dot.d_k}"
    figures(
        (_("Time, additive ÷ dot"), _times(additive.seconds / dot.seconds), at),
        (_("Peak memory, additive ÷ dot"), _times(additive.peak / dot.peak), at),
        (
            _("Operations, additive ÷ dot"),
            _times(additive.operations / dot.operations),
            _("the same order, n² · dₖ"),
        ),
    )


def _times(ratio: float) -> str:
    return f"{numeral(ratio, ',.0f')} ×" if ratio >= 2 else f"{numeral(ratio, '.2f')} ×"


@st.cache_data(max_entries=16, show_spinner=False)
def _spread_of(seed: int) -> pd.DataFrame:
    return spread(WIDTHS, ROWS, seed)
