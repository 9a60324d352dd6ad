"""Question 6: what a head's width costs, and what it allows."""

from dataclasses import asdict

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from charts import head_width as charts
from charts.viewer import Axis, Panel, matrices
from charts.viewer.matrices import Kind
from experiments.head_width import (
    MOST_PARAMETERS,
    MOST_TOKENS,
    SCHEMES,
    Spectrum,
    costs,
    d_head,
    divisors,
    flops,
    moved,
    narrowed,
    parameters,
    plans,
    spectrum,
    timings,
)
from experiments.head_width import evidence as table_of
from model import Bench
from model.bench import Text
from ui import texts
from ui.anatomy import badge, evidence, figures
from ui.gradual import again, gradually
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import model_name
from ui.models import bench_of, layer_of
from ui.notices import tell
from ui.numbers import numeral
from ui.offers import model_parameter, pick_model
from ui.plot import plot
from ui.scene import colours, words
from ui.single import single
from ui.subject import place
from ui.texts import BOX
from ui.unknown import tell_unknown
from ui.url import Parameter, among, number

WIDTHS = (64, 128, 256)
LENGTHS = (16, 32, 64, 128, 256)
DRAWN = 48  # tokens in the maps
# Longer than the heads of the models on offer are wide: only then can the bound on the rank show.
PASSAGE = (
    "The keys to the old cabinet are lost, so the museum cannot open it. The guard who kept them "
    "says that the cabinet stood open when he left, and that the letters of the two painters lay "
    "in it. One of the letters was later offered at an auction in another city, where nobody asked "
    "the owner how she had come by it. The museum now wants it back."
)

PARAMETERS = (
    Parameter("width", 128, among(*WIDTHS)),
    Parameter("tokens", 64, among(*LENGTHS)),
    Parameter("heads", 8, number(1, max(WIDTHS))),
    Parameter("passage", PASSAGE),
    model_parameter(),
    Parameter("layer", 1, number(0, 10_000)),
    Parameter("head", 0, number(0, 10_000)),
    Parameter("rank", 4, number(1, 4096)),
)


def show() -> None:
    """Costs under both schemes, then the rank of real heads' scores."""
    _costs()
    st.subheader(_("What a narrow head cannot do: the rank of real scores"), anchor=False)
    badge("switched")
    _ranks()


def _costs() -> None:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("d_model", WIDTHS, key="width", required=True, persist_state="session")
        width = int(state["width"])
        options = divisors(width)
        if state["heads"] not in options:
            state["heads"] = max(h for h in options if h <= state["heads"])
        st.select_slider(_("Heads h"), options, key="heads", persist_state="session", width=260)
        st.select_slider(_("Tokens n"), LENGTHS, key="tokens", persist_state="session", width=200)
        st.button(_("Measure again"), icon=":material/refresh:", on_click=again, args=("widths",))
    heads, tokens = int(state["heads"]), int(state["tokens"])
    facts, charted = st.container(), st.container()
    measured = gradually(
        "widths",
        (width, tokens),
        lambda: timings(width, tokens),
        len(plans(width)),
        _("Measuring …"),
    )
    frame = costs(width, tokens)
    clocked = pd.DataFrame(
        [asdict(one) for one in measured], columns=["heads", "scheme", "seconds"]
    )
    frame = frame.merge(clocked, on=["heads", "scheme"], how="left")
    with facts:
        _facts(width, heads, tokens)
    names = scheme_names() | {
        "heads": _("heads h"),
        "parameters": _("parameters"),
        "flops": _("floating-point operations"),
        "seconds": _("time, s"),
    }
    with charted:
        for column, quantity in zip(st.columns(3), ("parameters", "flops", "seconds"), strict=True):
            with column:
                st.markdown(f"**{names[quantity]}**")
                plot(charts.cost(frame, quantity, heads, names, colours()), key=f"cost_{quantity}")
    frame["milliseconds"] = frame.pop("seconds") * 1e3
    frame["scheme"] = [names[scheme] for scheme in frame["scheme"]]
    evidence(
        frame.round(4),
        _(
            "One attention with d_model = {width} on {tokens} tokens, without biases. Parameters "
            "and operations are formulas, held by tests to the real module's own counts. Time: "
            "float32, {threads} threads, fresh weights (seed 0), the fastest of 9 passes, measured "
            "now on this server; modules of more than {most:,} parameters are not built."
        ).format(width=width, tokens=tokens, threads=torch.get_num_threads(), most=MOST_PARAMETERS),
        {
            "heads": _("heads h"),
            "scheme": _("scheme"),
            "parameters": _("parameters"),
            "flops": _("floating-point operations"),
            "milliseconds": _("time, ms"),
        },
    )


def scheme_names() -> dict[str, str]:
    return {"split": _("split: d_head = d_model / h"), "full": _("full: d_head = d_model")}


def _facts(width: int, heads: int, tokens: int) -> None:
    split, full = SCHEMES
    times = parameters(width, heads, full) / parameters(width, heads, split)
    more = flops(width, heads, full, tokens) / flops(width, heads, split, tokens)
    figures(
        ("d_head", f"{d_head(width, heads, split)}", f"{width} / {heads}"),
        (
            _("Parameters, split"),
            f"{parameters(width, heads, split):,}",
            _("full width: {times:g} ×").format(times=times),
        ),
        (
            _("Operations, split"),
            f"{flops(width, heads, split, tokens):,}",
            _("full width: {times:g} ×").format(times=more),
        ),
    )


def _ranks() -> None:
    state = st.session_state
    typing, choosing = st.columns([3, 1])
    typing.text_area(_("Text"), key="passage", height=80, persist_state="session", max_chars=BOX)
    with choosing:
        picked = pick_model()
    bench = bench_of(picked)
    tell(bench)
    text = texts.as_text(state["passage"], bench)
    tell_unknown(bench, [text])
    layer, head = place(bench)
    found = _spectrum(bench.name, text, layer, bench)
    width, tokens = bench.shape.d_head, found.values.shape[1]
    if tokens <= width:
        st.info(
            _(
                "This text has {tokens} tokens, no more than the {width} features of a head: so "
                "its score matrix is no larger than the bound. Type a longer text to see it."
            ).format(tokens=tokens, width=width)
        )
    figures(
        (
            _("Rank of the scores"),
            str(int(found.rank[head])),
            f"n = {tokens}, d_head = {width}",
        ),
        (_("Effective rank"), numeral(float(found.effective[head]), ".1f"), _("how many count")),
        (
            _("Rank of the weights"),
            str(int(found.weights_rank[head])),
            _("after softmax"),
        ),
    )
    plot(
        charts.spectra(
            found.values,
            head,
            width,
            {
                "head": _("Head"),
                "number": _("singular value, by number"),
                "value": _("over the largest"),
                "width": "d_head",
            },
            colours(),
        ),
        key="spectra",
    )
    _narrow(bench, text, layer, head)
    evidence(
        table_of(found).round(3),
        _(
            "{model}, layer {layer}: QKᵀ of each head on the first {tokens} tokens, from the "
            "model's own q and k, multiplied in float64. Rank: singular values above n · eps · the "
            "largest. Effective rank: exp of the entropy of their shares."
        ).format(model=model_name(bench), layer=layer, tokens=tokens),
        {
            "head": _("head"),
            "rank": _("rank of the scores"),
            "effective": _("effective rank"),
            "weights_rank": _("rank of the weights"),
        },
    )
    if len(bench.encode(text).tokens[0]) > MOST_TOKENS:
        st.caption(_("Only the first {n} tokens are taken apart.").format(n=MOST_TOKENS))


def _narrow(bench: Bench, text: Text, layer: int, head: int) -> None:
    """The head's attention when only a part of its rank is left."""
    st.markdown(_("**Were this head narrower**: its scores, cut to their best part of rank r"))
    view = layer_of(bench, text, bench.native, layer).attention(layer)
    weights = narrowed(view, bench.native, head)  # (ranks, n, n)
    most = len(weights)
    bring_back("rank", most)
    if not single(_("Rank r"), range(1, most + 1), "rank"):
        st.slider(_("Rank r"), 1, most, key="rank", persist_state="session", width=360)
    rank = int(st.session_state["rank"])
    run = layer_of(bench, text, bench.native, layer)
    shown = min(DRAWN, weights.shape[1])
    tokens = run.tokens[0][:shown]
    native, variant = (weights[i, :shown, :shown] for i in (most - 1, rank - 1))
    rows, columns = Axis(_("Queries"), tokens, "queries"), Axis(_("Keys"), tokens, "keys")
    masked = ~view.mask[0, 0, :shown, :shown]
    high = float(max(native.max(), variant.max()))

    def panel(title: str, cells: Tensor, kind: Kind, top: float | None) -> Panel:
        return Panel(title, cells, kind, high=top, rows=rows, columns=columns, masked=masked)

    matrices(
        "narrowed",
        panels=[
            panel(_("Native"), native, "weights", high),
            panel(_("Rank {rank}").format(rank=rank), variant, "weights", high),
            panel(
                _("Rank {rank} − native").format(rank=rank), variant - native, "difference", None
            ),
        ],
        words=words(),
    )
    shares = moved(weights)
    plot(
        charts.narrowing(
            shares,
            rank,
            {"rank": _("rank r"), "moved": _("attention that moves")},
            colours(),
        ),
        key="narrowing",
    )
    st.caption(
        _("At rank {rank}, {share} of each query's attention lies elsewhere than natively.").format(
            rank=rank, share=numeral(float(shares[rank - 1]), ".1%")
        )
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _spectrum(name: str, text: Text, layer: int, _bench: Bench) -> Spectrum:
    return spectrum(layer_of(_bench, text, _bench.native, layer).attention(layer), _bench.native)
