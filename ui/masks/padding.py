"""Q5: a batch of the reader's own sentences, its padding masked or not."""

import pandas as pd
import streamlit as st

from charts import masks as charts
from charts.viewer import Axis, MatricesEvent, Panel, focus, matrices
from experiments.padding import Padded, batch, curve, without_padding_mask
from experiments.rounding import rounding
from model import Bench
from model.run import AttentionView
from ui.anatomy import evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.masks import infinity
from ui.masks.runs import batch_attention
from ui.numbers import measured, numeral
from ui.offers import model_parameter
from ui.plot import plot
from ui.scene import colours, words
from ui.subject import MOST_SENTENCES, batch_subject
from ui.url import Parameter, number, one_of

EXTRAS = (0, 1, 2, 4, 8, 16, 32)  # padding tokens added to every row
SENTENCES = (
    "She laughed.\n"
    "The ship sailed across the ocean to America.\n"
    "The keys to the old cabinet are lost, so the museum cannot open it."
)


def _extra(text: str) -> int:
    if int(text) not in EXTRAS:
        raise ValueError(text)
    return int(text)


LAYER, HEAD = Parameter("layer", 3, number(0, 10_000)), Parameter("head", 11, number(0, 10_000))
PARAMETERS = (
    Parameter("sentences", SENTENCES),
    model_parameter(),
    Parameter("extra", 8, _extra),
    Parameter("side", "right", one_of("right", "left")),
    Parameter("row", 0, number(0, MOST_SENTENCES - 1)),
    LAYER,
    HEAD,
)


def show() -> None:
    """Draw the experiment."""
    bench, sentences = batch_subject()
    _settings(sentences)
    state = st.session_state
    extra, side, row = state["extra"], state["side"], state["row"]
    bring_back("layer", bench.shape.n_layers - 1)
    bring_back("head", bench.shape.n_heads - 1)
    layer, head = state["layer"], state["head"]
    points = gradually(
        "padding",
        (bench.name, sentences, side),
        lambda: curve(bench, sentences, EXTRAS, side),
        len(EXTRAS),
        _("Running the batch with more and more padding …"),
    )
    here = next(((on, off) for count, on, off in points if count == extra), None)
    if here is None:
        st.info(_("This amount of padding is not measured yet: go on, or choose less."))
        return
    on, off = here
    _headline(on, off, rounding(bench.shape.d_ff, bench.shape.n_layers))
    if not on.mass.any() and not off.mass.any() and side == "right" and extra:
        st.info(
            _(
                "A causal model never looks right, so padding on the right reaches no real token "
                "whether it is masked or not. Move it to the left."
            ),
            icon=":material/swap_horiz:",
        )
    left, right = st.columns(2)
    with left:
        _map(bench, off, layer, head)
    with right:
        st.markdown(_("**What more padding does to the real tokens' outputs**"))
        figure = charts.padding_curve(
            pd.DataFrame(
                {
                    "extra": [count for count, _on, _off in points],
                    "on": [one.worst for _count, one, _off in points],
                    "off": [other.worst for _count, _on, other in points],
                }
            ),
            extra,
            {
                "on": _("mask on"),
                "off": _("mask off"),
                "extra": _("Extra padding tokens in every row"),
                "change": _("Largest ‖Δh‖ / ‖h‖ of a real token"),
            },
            colours(),
        )
        plot(figure, key="padding_curve")
    unmasked = _head(bench, sentences, layer, head)
    evidence(_table(on, off), _how(bench, sentences, extra), _columns())
    padding = ~batch(bench, sentences, extra, side).real[row]
    infinity.show(unmasked.scores[row, head], padding)


def _settings(sentences: tuple[str, ...]) -> None:
    bring_back("row", len(sentences) - 1)
    adding, siding, looking = st.columns([2, 1, 2], vertical_alignment="bottom")
    adding.select_slider(
        _("Extra padding tokens in every row"), EXTRAS, key="extra", persist_state="session"
    )
    sides = {"right": _("right"), "left": _("left")}
    siding.segmented_control(
        _("Padding stands"),
        list(sides),
        format_func=sides.__getitem__,
        key="side",
        required=True,
        persist_state="session",
    )
    looking.selectbox(
        _("Sentence to look at"),
        range(len(sentences)),
        format_func=lambda n: f"{n + 1} · {sentences[n][:60]}",
        key="row",
        persist_state="session",
    )


def _headline(on: Padded, off: Padded, noise: float) -> None:
    moved = _("largest ‖Δh‖ / ‖h‖ against the sentence alone")
    figures(
        (
            _("Attention on padding, mask off"),
            numeral(float(off.mass.mean()), ".0%"),
            _("{share} if spread evenly").format(share=numeral(off.even, ".0%")),
        ),
        (_("A real token moves, mask off"), numeral(off.worst, ".2f"), moved),
        (_("A real token moves, mask on"), measured(on.worst, ".2g", noise), _verdict(on, noise)),
    )


def _verdict(on: Padded, noise: float) -> str:
    """What the change of a real token with the mask on means; up to `noise` it is rounding."""
    if on.worst <= noise:
        return _("padding is invisible")
    return _("not by attention: positions shifted")


def _map(bench: Bench, off: Padded, layer: int, head: int) -> None:
    """Attention on padding by layer and head; a click opens a head."""
    shape = bench.shape
    layers, heads = range(len(off.mass)), range(shape.n_heads)

    def pick(event: MatricesEvent) -> None:
        if event.cell is not None:
            st.session_state["layer"], st.session_state["head"] = event.cell

    st.markdown(_("**Attention on padding, mask off.** Click a head to see it below."))
    matrices(
        "padding_map",
        panels=[
            Panel(
                _("share of real tokens' attention"),
                off.mass,
                "weights",
                high=1.0,
                rows=Axis(_("Layer"), [str(n) for n in layers]),
                columns=Axis(_("Head"), [str(n) for n in heads]),
            )
        ],
        selected=(0, layer, head),
        words=words() | {"weight": _("share")},
        on_event=pick,
    )


def _head(bench: Bench, sentences: tuple[str, ...], layer: int, head: int) -> AttentionView:
    """One head over one sentence of the batch, masked and not; returns it without the mask."""
    state = st.session_state
    extra, side, row = state["extra"], state["side"], state["row"]
    source = batch(bench, sentences, extra, side)
    pad = bench.tokenizer.special.pad
    filler = "[PAD]" if pad is None else bench.tokenizer.tokens([pad])[0]
    fillers = [filler] * int((~source.real[row]).sum())
    own = source.tokens[row]
    names = fillers + own if side == "left" else own + fillers
    on = batch_attention(bench, sentences, extra, side, bench.native, layer)
    off = batch_attention(bench, sentences, extra, side, without_padding_mask(bench), layer)
    st.markdown(_("**Layer {layer}, head {head}**").format(layer=layer, head=head))

    def follow(event: object) -> None:
        state["head"] = int(getattr(event, "head", head))

    focus(
        "padding_head",
        native=on.weights[row],
        variant=off.weights[row],
        heads=range(bench.shape.n_heads),
        head=head,
        query_labels=names,
        key_labels=names,
        masked_native=~on.mask[row],
        masked_variant=~off.mask[row],
        words=words()
        | {
            "native": _("Mask on"),
            "variant": _("Mask off"),
            "difference": _("Mask off − mask on"),
        },
        on_event=follow,
    )
    return off


def _columns() -> dict[str, str]:
    return {"quantity": _("quantity"), "on": _("mask on"), "off": _("mask off")}


def _table(on: Padded, off: Padded) -> pd.DataFrame:
    quantities = {
        _("attention of real tokens on padding, mean over heads"): lambda p: numeral(
            p.mass.mean(), ".4f"
        ),
        _("the same, largest of a head"): lambda p: numeral(p.mass.max(), ".4f"),
        _("the same, spread evenly over the allowed keys"): lambda p: numeral(p.even, ".4f"),
        _("largest ‖Δh‖ / ‖h‖ of a real token"): lambda p: numeral(p.worst, ".3g"),
        _("largest |Δ| of any feature of a real token"): lambda p: numeral(p.largest, ".3g"),
    }
    return pd.DataFrame(
        [(name, value(on), value(off)) for name, value in quantities.items()],
        columns=["quantity", "on", "off"],
    )


def _how(bench: Bench, sentences: tuple[str, ...], extra: int) -> str:
    return _(
        "{model}, {count} sentences in one batch, {extra} extra padding tokens in every row. "
        "h: last hidden states, compared with each sentence run alone, without padding."
    ).format(model=model_name(bench), count=len(sentences), extra=extra)
