"""Step by step: what each step expects, and where it looks; the alignment grows."""

import streamlit as st
import torch

from charts import alignment as charts
from charts.viewer import Axis, MatricesEvent, Panel, matrices
from experiments.cross_attention import Trace
from experiments.pronunciation import LONGEST
from model import Bench
from ui.alignment.phonemes import SOUNDS, ipa
from ui.fragment import fragment
from ui.i18n import _
from ui.indices import MEAN, bring_back, index, index_or_mean
from ui.inert import inert
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, number, publish

PACE = 1.2  # seconds that a step is shown while it plays
LIKELIEST = 5
LAST = LONGEST + 1  # stands for the last step, however many there are


PARAMETERS = (
    Parameter("step", LAST, number(1, LAST)),
    Parameter("cross_layer", 1, index),
    Parameter("cross_head", 2, index_or_mean),
)


def place(bench: Bench) -> tuple[int, int | None]:
    """Draw the choice of a decoder layer and a head; returns both, None for the mean of all."""
    state, shape = st.session_state, bench.shape
    bring_back("cross_layer", shape.decoder_layers - 1)
    bring_back("cross_head", shape.n_heads - 1)
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            _("Decoder layer"),
            range(shape.decoder_layers),
            key="cross_layer",
            required=True,
            persist_state="session",
        )
        st.segmented_control(
            _("Head"),
            [MEAN, *range(shape.n_heads)],
            format_func=lambda head: _("mean of all") if head == MEAN else str(head),
            key="cross_head",
            required=True,
            persist_state="session",
        )
    head = state["cross_head"]
    return int(state["cross_layer"]), None if head == MEAN else int(head)


def place_name(layer: int, head: int | None) -> str:
    """A decoder layer and a head, or the mean of all, for a label."""
    if head is None:
        return _("decoder layer {layer}, mean of all heads").format(layer=layer)
    return _("decoder layer {layer}, head {head}").format(layer=layer, head=head)


def to_the_end() -> None:
    """Show all steps, at rest (a callback)."""
    st.session_state.update(step=LAST, playing=False)


def show(bench: Bench, seen: Trace, layer: int, head: int | None) -> None:
    """Draw the steps, which may play, as a decoder layer's head sees them, or its heads' mean."""
    playing = bool(st.session_state.get("playing"))
    fragment(_draw, run_every=PACE if playing else None)(bench, seen, layer, head, playing)


def unsure(bench: Bench, seen: Trace) -> None:
    """Draw how unsure each step was."""
    st.markdown(_("**Where the model is unsure**: the entropy of what each step expects"))
    plot(
        charts.unsure(
            seen.written,
            seen.entropies.tolist(),
            [_likeliest(bench, seen, place) for place in range(seen.steps)],
            {"entropy": _("entropy, bits"), "step": _("what the step writes")},
            colours(),
        ),
        key="unsure",
    )
    st.caption(
        _(
            "0 bits: certain; 1 bit: as unsure as between two equally likely phonemes. "
            "Point at a bar to see what they were."
        )
    )


def _draw(bench: Bench, seen: Trace, layer: int, head: int | None, playing: bool) -> None:
    state = st.session_state
    state.setdefault("playing", False)
    if playing and state["playing"]:
        state["step"] = state["step"] + 1 if state["step"] + 1 < seen.steps else LAST
        state["playing"] = state["step"] < LAST
    if state["playing"] != playing:
        st.rerun()  # the clock of a fragment starts and stops only with the whole page
    step = _controls(seen)
    across = seen.looks(bench.shape.encoder_layers + layer, head)
    before, token = seen.written[: step - 1], seen.written[step - 1]
    st.markdown(
        _("Step {step}: after {before} the decoder writes {token}").format(
            step=step,
            before=" ".join(f"`{one}`" for one in ["<s>", *before]),
            token=f"**{inert(token)}**",
        )
    )
    _matrices(bench, seen, step, layer, head)
    _now(bench, seen, step, across[step - 1])
    if not playing:
        publish(PARAMETERS)


def _controls(seen: Trace) -> int:
    """Which step; returns it, counted from 1."""
    state = st.session_state
    state["step_shown"] = min(state["step"], seen.steps)
    if seen.steps > 1:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.slider(
                _("Step"),
                1,
                seen.steps,
                key="step_shown",
                on_change=_go,
                args=(seen.steps,),
                width=320,
            )
            st.button(
                _("Pause") if state["playing"] else _("Play"),
                icon=":material/pause:" if state["playing"] else ":material/play_arrow:",
                key="play",
                on_click=_play,
                args=(seen.steps,),
            )
    return int(state["step_shown"])


def _go(steps: int) -> None:
    """The reader moved the slider."""
    shown = st.session_state["step_shown"]
    st.session_state.update(step=shown if shown < steps else LAST, playing=False)


def _play(steps: int) -> None:
    """Go on from the step that is shown, from the last one to the first."""
    state = st.session_state
    state["playing"] = not state["playing"]
    if state["playing"] and state["step"] >= steps:
        state["step"] = 0


def _now(bench: Bench, seen: Trace, step: int, row: torch.Tensor) -> None:
    """One step: what it expects, and where it looks."""
    expecting, looking = st.columns(2)
    likeliest = _likeliest(bench, seen, step - 1)
    with expecting:
        st.caption(_("What it expects: the {n} likeliest").format(n=LIKELIEST))
        plot(
            charts.expected(
                [one for one, _share in likeliest],
                [ipa([one]) if one in SOUNDS else "" for one, _share in likeliest],
                [share for _token, share in likeliest],
                seen.written[step - 1],
                {"probability": _("probability"), "token": _("next token")},
                colours(),
            ),
            key="expected",
        )
    with looking:
        st.caption(_("Where it looks: its row of the cross-attention"))
        plot(
            charts.looked_at(
                seen.letters,
                row.tolist(),
                {"weight": _("attention weight"), "letter": _("what the encoder read")},
                colours(),
            ),
            key="looked_at",
        )


def _likeliest(bench: Bench, seen: Trace, place: int) -> list[tuple[str, float]]:
    """The likeliest tokens of a step, counted from 0, with their probabilities."""
    top = seen.probabilities[place].topk(LIKELIEST)
    names = bench.tokenizer.tokens(top.indices.tolist())
    return list(zip(names, top.values.tolist(), strict=True))


def _matrices(bench: Bench, seen: Trace, step: int, layer: int, head: int | None) -> None:
    """Cross-attention up to this step, and both self-attentions."""
    shape = bench.shape
    number = shape.encoder_layers + layer
    across = seen.looks(number, head)
    encoder_layer = min(layer, shape.encoder_layers - 1)
    later = torch.arange(seen.steps)[:, None] >= step  # (steps, 1)
    future = torch.ones(seen.steps, seen.steps, dtype=torch.bool).triu(1)
    written = Axis(_("writes"), seen.written, "queries")

    def pick(event: MatricesEvent) -> None:
        if event.cell is not None and event.panel in (0, 1):
            row = event.cell[0] + 1
            st.session_state.update(step=row if row < seen.steps else LAST, playing=False)

    matrices(
        "alignment",
        panels=[
            Panel(
                _("Cross-attention"),
                across,
                "weights",
                high=1.0,
                rows=written,
                columns=Axis(_("letters"), seen.letters, "keys"),
                masked=later.expand_as(across),
            ),
            Panel(
                _("Decoder self-attention"),
                seen.looks_back(number, head),
                "weights",
                high=1.0,
                rows=written,
                columns=Axis(_("reads"), ["<s>", *seen.written[:-1]], "keys"),
                masked=later | future,
            ),
            Panel(
                _("Encoder self-attention, layer {layer}").format(layer=encoder_layer),
                seen.reads(encoder_layer, head),
                "weights",
                high=1.0,
                rows=Axis(_("letters"), seen.letters, "queries"),
                columns=Axis(_("letters"), seen.letters, "keys"),
            ),
        ],
        selected=(0, step - 1, int(across[step - 1].argmax())),
        across=3,
        largest=44,
        words=words() | {"masked": _("not yet")},
        on_event=pick,
    )
    st.caption(
        _(
            "Rows ask, columns answer. A row of the cross-attention is one step, named by what it "
            "writes: its query comes from the decoder, the keys and values from the encoder's last "
            "layer. Click a row to go to its step."
        )
    )
