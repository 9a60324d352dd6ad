"""Question 7: one layer as a journey, then the stack, then the logit lens."""

import streamlit as st
import torch

from charts import encoder as charts
from charts.viewer import Axis, Panel, matrices
from experiments.journey import Stage, pooled, stages
from experiments.journey import evidence as table_of
from model import Bench, Run
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.encoder import lens, stack
from ui.encoder.formulas import formula, symbol
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.models import layer_of
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.single import single
from ui.spreadsheet import gaps
from ui.subject import subject, subject_parameters
from ui.url import Parameter, number, one_of

COLUMNS = 96  # of a picture, at most: features side by side
ROWS = 64  # tokens in a picture
SHOWN = 0.995  # of the cells lie within the colour scale: a few outliers would hide the rest

PARAMETERS = (
    *subject_parameters(),
    Parameter("part", "layer", one_of("layer", "stack", "lens")),
    Parameter("layer", 1, number(0, 10_000)),
    Parameter("stage", 2, number(0, 10)),
    Parameter("features", 0, number(0, 1_000_000)),
    *stack.PARAMETERS,
    *lens.PARAMETERS,
)


def show() -> None:
    """The part that the reader chose."""
    bench, text = subject()
    parts = {"layer": _("One layer"), "stack": _("The stack"), "lens": _("Logit lens")}
    st.segmented_control(
        _("Part"),
        list(parts),
        format_func=parts.__getitem__,
        key="part",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    draw = {"layer": _layer, "stack": stack.show, "lens": lens.show}[st.session_state["part"]]
    draw(bench, text)


def _layer(bench: Bench, text: Text) -> None:
    state, shape = st.session_state, bench.shape
    bring_back("layer", shape.n_layers - 1)
    picking, looking = st.columns(2)
    layers = range(shape.n_layers)
    if not single(_("Layer"), layers, "layer", picking):
        picking.select_slider(_("Layer"), layers, key="layer", persist_state="session")
    layer = int(state["layer"])
    run = layer_of(bench, text, bench.native, layer)
    walk = stages(run, layer)
    bring_back("stage", len(walk) - 1)
    with looking:
        _features(bench)
    st.select_slider(
        _("Stage"),
        range(len(walk)),
        format_func=lambda i: f"{i + 1} · {symbol(walk[i].name, bench)}",
        key="stage",
        persist_state="session",
        help=_("Step with the arrow keys: first click the slider's knob."),
    )
    chosen = int(state["stage"])
    _stage(bench, run, walk, chosen)
    table = table_of(walk)
    st.markdown(_("**The length of a token's vector at every stage** (median over the tokens)"))
    plot(
        charts.norms(
            table,
            chosen,
            [symbol(stage.name, bench) for stage in walk],
            {"norm": _("‖·‖, median"), "stage": _("stage")},
            colours(),
        ),
        key="stage_norms",
    )
    table["operation"] = [stage_names()[operation] for operation in table["operation"]]
    table["name"] = [formula(stage, bench) for stage in walk]
    table = table.round(4)
    table["cosine"] = gaps(table["cosine"])  # of vectors of other widths there is none
    evidence(
        table,
        _(
            "{model}, layer {layer}, this text of {tokens} tokens, one pass, float32. Mean and "
            "standard deviation over all entries; length and cosine are medians over the tokens."
        ).format(model=model_name(bench), layer=layer, tokens=len(run.tokens[0])),
        {
            "name": _("formula"),
            "operation": _("stage"),
            "tokens": _("tokens"),
            "features": _("features"),
            "mean": _("mean"),
            "std": _("standard deviation"),
            "norm": _("length ‖·‖"),
            "largest": _("largest entry"),
            "cosine": _("cosine with x"),
        },
    )


def stage_names() -> dict[str, str]:
    return {
        "input": _("input: the residual stream"),
        "attention": _("self-attention writes"),
        "cross": _("cross-attention writes"),
        "hidden": _("hidden features of the feed-forward network"),
        "feed_forward": _("feed-forward network writes"),
        "add": _("add: the residual connection"),
        "norm": _("norm"),
    }


def _features(bench: Bench) -> None:
    """The choice of a window of features, 0 for all of them, pooled."""
    width = bench.shape.d_model
    windows = range(-(-width // COLUMNS) + 1)
    bring_back("features", windows[-1])

    def spoken(window: int) -> str:
        if not window:
            return _("all, pooled")
        return f"{(window - 1) * COLUMNS} – {min(window * COLUMNS, width) - 1}"

    st.select_slider(
        _("Features"),
        windows,
        format_func=spoken,
        key="features",
        persist_state="session",
        help=_(
            "Pooled: one column for several neighbouring features, with the value that is "
            "largest in size."
        ),
    )


def _stage(bench: Bench, run: Run, walk: list[Stage], chosen: int) -> None:
    """What the chosen stage was made of, and what it is."""
    stage = walk[chosen]
    by_name = {one.name: one for one in walk}
    st.subheader(formula(stage, bench), anchor=False)
    letters = [symbol(one.name, bench) for one in walk]
    letters[chosen] = f":violet-badge[**{letters[chosen]}**]"
    st.markdown(" → ".join(letters) + f" · {stage_names()[stage.operation]}")
    values = stage.values
    tokens, features = values.shape
    at = divmod(int(values.abs().argmax()), features)
    std, mean = torch.std_mean(values, correction=0)
    figures(
        (_("Shape"), f"{tokens} × {features}", _("tokens × features")),
        (_("Mean"), numeral(float(mean), ".3f"), _("over all entries")),
        (_("Standard deviation"), numeral(float(std), ".3f"), _("over all entries")),
        (
            _("Largest entry"),
            numeral(float(values[at]), ".3g"),
            _("feature {feature} of token {token}").format(feature=at[1], token=at[0]),
        ),
    )
    drawn = [by_name[part] for part in stage.parts] + [stage]
    cells = {one.name: _cells(one) for one in drawn}
    together = torch.cat([one.flatten() for one, _labels in cells.values()])
    names = run.tokens[0][:ROWS]
    shared = stage.operation == "add"  # what is added and the sum are compared
    panels = []
    for one in drawn:
        picture, labels = cells[one.name]
        panels.append(
            Panel(
                f"{symbol(one.name, bench)} · {one.values.shape[0]} × {one.values.shape[1]}",
                picture,
                "scores",
                high=_reach(together if shared else picture),
                rows=Axis(_("Token"), names),
                columns=Axis(_("Feature"), labels),
            )
        )
    matrices("stage_values", panels=panels, across=1, words=words())
    st.caption(
        _(
            "Colours reach {share} of the entries; the few beyond have the last colour. Point at "
            "a cell to read it."
        ).format(share=numeral(SHOWN, ".1%"))
    )


def _cells(stage: Stage) -> tuple[torch.Tensor, list[str]]:
    """The picture of a stage, (tokens, columns), and the names of its columns."""
    values, window = stage.values[:ROWS], int(st.session_state["features"])
    if not window:
        picture, firsts = pooled(values, COLUMNS)
        return picture, [str(first) for first in firsts]
    first = (window - 1) * COLUMNS
    picture = values[:, first : first + COLUMNS]
    return picture, [str(first + i) for i in range(picture.shape[1])]


def _reach(values: torch.Tensor) -> float:
    """The end of the colour scale."""
    size = values.abs().flatten()
    reach = float(size.kthvalue(max(1, int(SHOWN * len(size)))).values)
    return reach or float(size.max()) or 1.0
