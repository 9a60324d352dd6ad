"""Question 2: the keys of a real model tied to its queries."""

from dataclasses import replace

import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from charts import scores as charts
from charts.viewer import Axis, FocusEvent, Panel, focus, matrices
from experiments.rounding import rounding
from experiments.symmetry import asymmetry, even_diagonal, smallest_eigenvalue, symmetry
from experiments.trained_attention import LONGEST, WINDOWS, diagonal
from model import Bench, Choices
from model.bench import Text
from ui.anatomy import KINDS, evidence, figures
from ui.i18n import _
from ui.inert import model_name
from ui.lab.effect import headline
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.scene import SIDES, Scene, colours, words
from ui.subject import place, subject, subject_parameters
from ui.trained.names import variant_name
from ui.url import Parameter, number, one_of

PARAMETERS = (
    *subject_parameters(),
    Parameter("layer", 1, number(0, 10_000)),
    Parameter("head", 8, number(0, 10_000)),
    Parameter("tied_in", "all", one_of("all", "layer")),
)
DRAWN = 64  # tokens in the pictures of scores: four matrices of more would not be legible


def show() -> None:
    """One head's scores and weights with its own keys and with tied ones; then every head."""
    bench, text = subject()
    layer, head = place(bench)
    names = {"all": _("all layers"), "layer": _("this layer only")}
    st.segmented_control(
        _("W_K := W_Q in"),
        list(names),
        format_func=names.__getitem__,
        key="tied_in",
        required=True,
        persist_state="session",
    )
    only = (layer,) if st.session_state["tied_in"] == "layer" else None
    variant = replace(bench.native, tied=True, layers=only)
    scene = Scene(bench, text, bench.native, variant, layer, head)
    raw = {side: scene.attention(side).raw_scores[0, head] for side in SIDES}  # (n, n) each
    weights = {side: scene.attention(side).weights[0, head] for side in SIDES}  # (n, n) each
    noise = rounding(scene.bench.shape.d_head)
    _in_short(raw, weights, noise)
    _score_matrices(scene, raw, noise)
    st.markdown(_("**The weights of this head**: softmax takes each row by itself"))
    focus(
        "tied_weights",
        native=scene.attention("native").weights[0],
        variant=scene.attention("variant").weights[0],
        heads=range(bench.shape.n_heads),
        head=head,
        query_labels=scene.tokens,
        key_labels=scene.tokens,
        masked_native=~scene.attention("native").mask[0],
        masked_variant=~scene.attention("variant").mask[0],
        words=words() | {"variant": _("Tied"), "difference": _("Tied − native")},
        on_event=_follow,
    )
    st.subheader(_("Every head of the model"), anchor=False)
    frames = {side: _symmetry(bench.name, text, scene.choices(side), bench) for side in SIDES}
    named = {
        "native": _("native"),
        "tied": _("tied"),
        "scores": _("asymmetry of raw scores"),
        "weights": _("asymmetry of weights"),
        "diagonal": _("share on the diagonal"),
        "layer": _("Layer"),
        "head": _("Head"),
    }
    sides = {"native": frames["native"], "tied": frames["variant"]}
    quantities = ("scores", "weights", "diagonal")
    for column, quantity in zip(st.columns(len(quantities)), quantities, strict=True):
        plot(
            charts.by_layer(sides, quantity, named, colours(), (layer, head)),
            key=f"symmetry_{quantity}",
            within=column,
        )
    st.subheader(_("What it does to the model"), anchor=False)
    headline(scene)
    _switched_and_trained(scene, frames)
    _evidence(scene, frames, raw)


def _in_short(raw: dict[str, Tensor], weights: dict[str, Tensor], noise: float) -> None:
    was = {
        "scores": float(asymmetry(raw["native"])),
        "weights": float(asymmetry(weights["native"])),
        "diagonal": float(weights["native"].diagonal().mean()),
    }
    native = _("native {value}")
    figures(
        (
            _("Asymmetry of raw scores, tied"),
            measured(float(asymmetry(raw["variant"])), ".2g", noise),
            native.format(value=numeral(was["scores"], ".2f")),
        ),
        (
            _("Asymmetry of weights, tied"),
            numeral(float(asymmetry(weights["variant"])), ".2f"),
            native.format(value=numeral(was["weights"], ".2f")),
        ),
        (
            _("Attention on the diagonal, tied"),
            numeral(float(weights["variant"].diagonal().mean()), ".0%"),
            native.format(value=numeral(was["diagonal"], ".0%")),
        ),
    )


def _verdict(scores: Tensor, noise: float) -> str:
    """Whether a matrix is symmetric, in words: its picture would be empty."""
    apart = float(asymmetry(scores))
    if not apart > noise:
        return _("0 up to rounding")
    return _("asymmetry {value}").format(value=numeral(apart, ".2g"))


def _score_matrices(scene: Scene, raw: dict[str, Tensor], noise: float) -> None:
    shown = min(DRAWN, len(scene.tokens))
    names = scene.tokens[:shown]
    rows, columns = Axis(_("Queries"), names, "queries"), Axis(_("Keys"), names, "keys")
    native, tied = (raw[side][:shown, :shown] for side in SIDES)
    high = float(max(native.abs().max(), tied.abs().max()))
    apart = float((native - native.T).abs().max())
    st.markdown(
        _("**Raw scores S of layer {layer}, head {head}**, and what mirroring them changes").format(
            layer=scene.layer, head=scene.head
        )
    )
    if shown < len(scene.tokens):
        st.caption(
            _("The first {shown} of {tokens} tokens.").format(shown=shown, tokens=len(scene.tokens))
        )
    matrices(
        "tied_scores",
        panels=[
            Panel(_("S, native"), native, "scores", high=high, rows=rows, columns=columns),
            Panel(_("S, tied"), tied, "scores", high=high, rows=rows, columns=columns),
            Panel(
                _("S − Sᵀ, native"),
                native - native.T,
                "difference",
                high=apart,
                rows=rows,
                columns=columns,
            ),
            Panel(
                _("S − Sᵀ, tied · {verdict}").format(verdict=_verdict(tied, noise)),
                tied - tied.T,
                "difference",
                high=apart,
                rows=rows,
                columns=columns,
            ),
        ],
        words=words(),
    )


def _switched_and_trained(scene: Scene, frames: dict[str, pd.DataFrame]) -> None:
    """The diagonal of this model, switched after training, beside that of models that were trained
    with two matrices and with one."""
    st.subheader(_("On the diagonal: switched after training, and trained this way"), anchor=False)
    even = even_diagonal(scene.attention("native").mask[0, scene.head])
    causal = torch.ones(LONGEST, LONGEST, dtype=torch.bool).tril()
    switched, learnt = (_(KINDS[kind][0]) for kind in ("switched", "trained"))
    this = _("{model}, this text").format(model=model_name(scene.bench))
    small = _("small models, {windows} held-out windows of {length} characters").format(
        windows=WINDOWS, length=LONGEST
    )
    rows = [
        (switched, _("native"), this, frames["native"]["diagonal"].mean(), even),
        (switched, _("tied"), this, frames["variant"]["diagonal"].mean(), even),
        *(
            (learnt, variant_name("tied", one), small, diagonal("tied", one), even_diagonal(causal))
            for one in ("untied", "tied")
        ),
    ]
    columns = (
        _("kind"),
        _("W_Q and W_K"),
        _("measured on"),
        _("on the diagonal"),
        _("if spread evenly"),
    )
    table = pd.DataFrame([(*row[:3], *(numeral(x, ".0%") for x in row[3:])) for row in rows])
    st.dataframe(table.set_axis(columns, axis=1), hide_index=True, width="stretch")
    st.caption(
        _(
            "The share of attention on the diagonal, mean of all heads. Tied after training, the "
            "weights still expect two matrices; trained with one, they have arranged themselves to "
            "it. The small models, shown below, are one of each kind (seed 0), and causal, so that "
            "their early queries have few keys to choose from."
        )
    )


def _evidence(scene: Scene, frames: dict[str, pd.DataFrame], raw: dict[str, Tensor]) -> None:
    named = {
        "content": _("asymmetry of q·k, before RoPE turns them"),
        "scores": _("asymmetry of raw scores, as scored"),
        "weights": _("asymmetry of weights"),
        "diagonal": _("share of attention on the diagonal"),
    }
    if scene.native.positions != "rope":
        del named["content"]
    this = scene.layer * scene.bench.shape.n_heads + scene.head
    rows = []
    for quantity, name in named.items():
        row = [name]
        for frame in frames.values():
            of_heads = frame[quantity].to_numpy()
            row += [numeral(x, ".4g") for x in (of_heads[this], of_heads.mean(), of_heads.max())]
        rows.append(row)
    smallest = [numeral(smallest_eigenvalue(raw[side]), ".3g") for side in SIDES]
    rows.append([_("smallest eigenvalue of ½(S + Sᵀ)"), smallest[0], "", "", smallest[1], "", ""])
    what = (_("this head"), _("mean of all heads"), _("largest"))
    columns = [_("quantity")]
    columns += [f"{side} · {one}" for side in (_("native"), _("tied")) for one in what]
    even = even_diagonal(scene.attention("native").mask[0, scene.head])
    evidence(
        pd.DataFrame(rows, columns=columns),
        _(
            "{model}, this text of {tokens} tokens, one pass each, float32. Asymmetry is "
            "‖S − Sᵀ‖ / ‖S‖ (Frobenius): 0 is symmetric, about 1.41 what independent numbers "
            "give. Evenly spread attention would put {even} on the diagonal."
        ).format(
            model=model_name(scene.bench), tokens=len(scene.tokens), even=numeral(even, ".1%")
        ),
    )


def _follow(event: FocusEvent) -> None:
    st.session_state["head"] = event.head


@st.cache_data(max_entries=24, show_spinner=False)
def _symmetry(name: str, text: Text, choices: Choices, _bench: Bench) -> pd.DataFrame:
    return symmetry(_bench, _bench.encode(text), choices)
