"""Question 12: which numbers a norm averages, and whom that lets move whom."""

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from charts import batch as charts
from charts import depth as depth_charts
from experiments.norm_axes import KINDS, Moved, batches, crossings, norm_input, statistics
from model import Bench, ModelError
from ui import texts
from ui.anatomy import badge, evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.single import single
from ui.subject import MOST_TOKENS, batch_subject
from ui.switches import NAMES
from ui.texts import BOX

DRAWN = 16  # features of the block

SENTENCES = "She laughed.\nA cat sleeps on the roof.\nThe ship sailed to America."
LONGER = "The ship sailed to America and was never seen again."


def show() -> None:
    """The batch as a block, and one sentence watched while another changes."""
    bench, sentences = batch_subject()
    if len(sentences) < 2:
        raise ModelError("needs-two-sentences", "a batch of one sentence has no other to change")
    state = st.session_state
    bring_back("row", len(sentences) - 1)
    looking, changing = st.columns(2)
    row: int = looking.selectbox(
        _("Sentence to look at"),
        range(len(sentences)),
        format_func=lambda n: f"{n + 1} · {sentences[n][:60]}",
        key="row",
        persist_state="session",
    )
    other = len(sentences) - 1 if row < len(sentences) - 1 else 0
    changing.text_input(
        _("Sentence {number} becomes").format(number=other + 1),
        key="becomes",
        persist_state="session",
        max_chars=BOX,
    )
    replacement = state["becomes"].strip()
    texts.as_text(replacement, bench, MOST_TOKENS)
    results: list[tuple[Moved, Moved]] = gradually(
        "crossings",
        (bench.name, sentences, row, replacement),
        lambda: crossings(bench, *batches(bench, sentences, other, replacement), row),
        len(KINDS),
        _("Running both batches with each norm …"),
    )
    _in_short(results, row, other)
    _block(bench, sentences, row)
    _by_layer(results, bench, row, other)
    _statistics(bench, sentences)


def _in_short(results: list[tuple[Moved, Moved]], row: int, other: int) -> None:
    badge("switched")
    st.markdown(
        _("**Only sentence {other} changes. How far does sentence {row} move?**").format(
            other=other + 1, row=row + 1
        )
    )
    note = _("largest ‖Δh‖ / ‖h‖, last hidden states")
    figures(
        *(
            (_(NAMES[change.norm]), _amount(change), note if change.largest else _("exactly 0"))
            for change, _alone in results
        ),
        *(
            (
                _("Alone, {norm}").format(norm=_(NAMES[own.norm])),
                _amount(own),
                _("as a batch of one"),
            )
            for _change, own in results
            if own.norm == "batch"
        ),
    )


def _amount(change: Moved) -> str:
    return "0" if change.largest == 0 else numeral(float(change.relative[-1]), ".3g")


def _block(bench: Bench, sentences: tuple[str, ...], row: int) -> None:
    """The input of one norm, real numbers, with what each norm averages in a frame."""
    state, shape = st.session_state, bench.shape
    bring_back("layer", shape.n_layers - 1)
    bring_back("feature", shape.d_model - 1)
    x, tokens = _norm_input(bench.name, sentences, state["layer"], bench)
    bring_back("token", len(tokens[row]) - 1)
    st.markdown(_("**What is averaged together: the framed cells**"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, options, key in (
            (_("Layer"), range(shape.n_layers), "layer"),
            (_("Token"), range(len(tokens[row])), "token"),
        ):
            if not single(label, options, key):
                st.select_slider(label, options, key=key, persist_state="session", width=200)
        st.number_input(
            _("Feature"), 0, shape.d_model - 1, key="feature", persist_state="session", width=130
        )
    feature, token = int(state["feature"]), int(state["token"])
    first = max(0, min(feature - DRAWN // 2, shape.d_model - DRAWN))
    features = list(range(first, min(first + DRAWN, shape.d_model)))
    drawn = x[..., features]  # (batch, positions, ≤ 16)
    own, across = torch.zeros_like(drawn, dtype=torch.bool), torch.zeros_like(drawn).bool()
    own[row, token] = True
    across[..., feature - first] = True
    limit = float(drawn.abs().quantile(0.98)) or 1.0
    names = {"feature": _("Feature"), "padding": _("padding"), "token": _("Token")}
    names["thinned"] = words()["thinned"]
    for column, (name, group) in zip(
        st.columns(2),
        {
            _("**LayerNorm, RMSNorm**: one token, all of its features"): own,
            _("**BatchNorm**: one feature, all tokens of all sentences"): across,
        }.items(),
        strict=True,
    ):
        with column:
            st.markdown(name)
            figure = charts.block(drawn, group, tokens, features, limit, names, colours())
            plot(figure, key=f"block_{int(group is across)}")
    st.caption(
        _(
            "The input of the attention norm of layer {layer}: sentence 1 in front, the others "
            "behind it, rows are tokens (padding included), columns {shown} of the {all} features. "
            "Colours end at ±{limit}."
        ).format(
            layer=state["layer"],
            shown=len(features),
            all=shape.d_model,
            limit=numeral(limit, ".2g"),
        )
    )


def _by_layer(results: list[tuple[Moved, Moved]], bench: Bench, row: int, other: int) -> None:
    names = {kind: _(NAMES[kind]) for kind in KINDS} | {
        "place": _("Depth: layers passed"),
        "changed": _("Another sentence changed: largest ‖Δh‖ / ‖h‖"),
        "alone": _("Run alone instead: largest ‖Δh‖ / ‖h‖"),
    }
    frames = {
        str(change.norm): pd.DataFrame(
            {
                "place": range(len(change.relative)),
                "changed": change.relative.tolist(),
                "alone": own.relative.tolist(),
            }
        )
        for change, own in results
    }
    for column, quantity in zip(st.columns(2), ("changed", "alone"), strict=True):
        figure = depth_charts.lines(frames, quantity, "batch", names, colours())
        plot(figure, key=f"moved_{quantity}", within=column)
    evidence(
        pd.DataFrame(
            {
                "norm": names[str(change.norm)],
                "changed": numeral(float(change.relative[-1]), ".3g"),
                "largest": numeral(change.largest, ".3g"),
                "alone": numeral(float(own.relative[-1]), ".3g"),
                "largest_alone": numeral(own.largest, ".3g"),
            }
            for change, own in results
        ),
        _(
            "{model}, trained with {native}, the norm switched in every layer; sentence {row} is "
            "watched, sentence {other} replaced, both batches padded to one length, float32. h: "
            "last hidden states. Alone: without padding, so about 10⁻⁶ is rounding."
        ).format(
            model=model_name(bench),
            native=_(NAMES[bench.native.norm]),
            row=row + 1,
            other=other + 1,
        ),
        {
            "norm": _("Norm"),
            "changed": _("other sentence changed: ‖Δh‖ / ‖h‖"),
            "largest": _("largest |Δ| of a feature"),
            "alone": _("alone: ‖Δh‖ / ‖h‖"),
            "largest_alone": _("alone: largest |Δ|"),
        },
    )


def _statistics(bench: Bench, sentences: tuple[str, ...]) -> None:
    """What each norm brings to mean 0 and standard deviation 1, and what not."""
    layer = st.session_state["layer"]
    table = statistics(_norm_input(bench.name, sentences, layer, bench)[0])
    table["state"] = [
        _("before") if state == "before" else _(NAMES[state]) for state in table["state"]
    ]
    st.markdown(_("**Mean and standard deviation, before and after**"))
    st.dataframe(
        pd.DataFrame(
            {
                _("Norm"): table["state"],
                _("a token's mean, largest size"): _rounded(table, "token_mean"),
                _("a token's std, least – largest"): _spans(table, "token"),
                _("a feature's mean, largest size"): _rounded(table, "feature_mean"),
                _("a feature's std, least – largest"): _spans(table, "feature"),
            }
        ),
        hide_index=True,
        width="stretch",
    )
    st.caption(
        _(
            "The same numbers as in the block above, all {features} features, through each norm "
            "with gain 1 and no bias; padding is part of the batch."
        ).format(features=bench.shape.d_model)
    )


def _rounded(table: pd.DataFrame, name: str) -> list[str]:
    """Up to what float32 rounds."""
    return ["0" if value < 1e-6 else numeral(value, ".3g") for value in table[name]]


def _spans(table: pd.DataFrame, name: str) -> list[str]:
    ends = zip(table[f"{name}_low"], table[f"{name}_high"], strict=True)
    return [f"{numeral(low, '.3f')} – {numeral(high, '.3f')}" for low, high in ends]


@st.cache_resource(max_entries=12, show_spinner=False)
def _norm_input(
    name: str, sentences: tuple[str, ...], layer: int, _bench: Bench
) -> tuple[Tensor, list[list[str]]]:
    source = _bench.encode(list(sentences))
    return norm_input(_bench, source, layer), source.tokens
