"""Time against length: one pass, steps with a cache and without, and an LSTM."""

from collections.abc import Iterator

import streamlit as st
import torch

from charts import decoding as charts
from experiments.sequential import WAYS, Timing, curves, fastest, fresh, points, sweep, table
from model import Bench
from model.transformer import Transformer
from ui.anatomy import evidence, figures
from ui.fragment import fragment
from ui.gradual import again, begin, gradually, so_far, working
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.spreadsheet import gaps

KEY = "decoding_clock"
WIDTHS = (64, 128, 256, 512)
LONGEST = (16, 32, 64, 128, 256)
SHORTEST = 8
LAYERS = 4
ROUNDS = 2
AT_ONCE = 0.6
PAUSE = 0.3


def show(bench: Bench) -> None:
    """The controls, and the curves while they are measured."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = {
            "fresh": _("A fresh decoder of {layers} layers").format(layers=LAYERS),
            "model": _("The model above"),
        }
        st.segmented_control(
            _("Timed"),
            list(kinds),
            format_func=kinds.__getitem__,
            key="timed",
            required=True,
            persist_state="session",
        )
        st.select_slider(
            "d_model",
            WIDTHS,
            key="width",
            persist_state="session",
            width=180,
            disabled=state["timed"] == "model",
        )
        st.select_slider(
            _("Up to n positions"), LONGEST, key="longest", persist_state="session", width=200
        )
        st.button(_("Measure again"), icon=":material/refresh:", on_click=again, args=(KEY,))
    if state["timed"] == "model":
        transformer, name = bench.transformer, model_name(bench)
    else:
        transformer, name = _fresh(int(state["width"])), ""
    context = transformer.shape.context
    lengths = [n for n in (SHORTEST, *LONGEST) if n <= state["longest"]]
    lengths = [n for n in lengths if not context or n <= context] or [context]
    _measure(transformer, name, lengths)


def _measure(transformer: Transformer, name: str, lengths: list[int]) -> None:
    settings = (name, transformer.shape.d_model, *lengths)
    total = points(lengths, ROUNDS)

    def start() -> Iterator[Timing]:
        return sweep(transformer, lengths, ROUNDS)

    begin(KEY, settings, start, within=AT_ONCE)
    ticking = working(KEY, total)

    def draw() -> None:
        place = st.container()  # above what grows, so that the button stays where it is
        _draw(transformer, name, so_far(KEY, settings))
        with place:
            gradually(KEY, settings, start, total, _("Measuring …"), within=AT_ONCE)
        if ticking != working(KEY, total):
            st.rerun()  # the clock of a fragment starts and stops only with the whole page

    fragment(draw, run_every=PAUSE if ticking else None)()


def way_names() -> dict[str, str]:
    return {
        "forced": _("one pass, the tokens known"),
        "cached": _("a pass a token, with a cache"),
        "repeated": _("a pass a token, without"),
        "lstm": _("LSTM, the tokens known"),
    }


def _draw(transformer: Transformer, name: str, timings: list[Timing]) -> None:
    if not timings:
        return
    shape, names = transformer.shape, way_names()
    _ratios(fastest(timings))
    plot(
        charts.times(
            curves(timings),
            names | {"n": _("positions n"), "seconds": _("time, all n positions")},
            colours(),
        )
    )
    rows = table(transformer, timings)
    rows["way"] = [names[way] for way in rows["way"]]
    rows["seconds"] = (rows["seconds"] * 1e3).round(2)
    rows["rate"] = (rows["rate"] / 1e9).round(2)
    rows["intensity"] = gaps(rows["intensity"].astype(float).round(2))
    evidence(
        rows,
        _(
            "{model}: d_model {width}, {layers} layers, float32, {threads} threads, random tokens "
            "(seed 0), measured now on this server. One pass and the LSTM: the fastest of several; "
            "steps: all passes up to n, the faster of {rounds} rounds. The LSTM is PyTorch's own, "
            "as wide and deep, on the same embeddings and through the same head, with weights of "
            "chance. “Waiting” counts layers that need another one's result first, for the LSTM at "
            "best. Operations are those of the matrix products."
        ).format(
            model=name or _("a fresh decoder (seed 0)"),
            width=shape.d_model,
            layers=shape.decoder_layers,
            threads=torch.get_num_threads(),
            rounds=ROUNDS,
        ),
        {
            "way": _("way"),
            "n": _("positions n"),
            "passes": _("passes"),
            "positions": _("positions computed"),
            "waiting": _("layers in a row (waiting)"),
            "flops": _("floating-point operations"),
            "seconds": _("time, ms"),
            "rate": _("billion operations per second"),
            "intensity": _("operations per byte of weights read"),
        },
    )


def _ratios(seconds: dict[tuple[str, int], float]) -> None:
    """At the longest text that all four ways were measured for."""
    lengths = [n for way, n in seconds if way == WAYS[-1]]
    all_ways = [n for n in lengths if all((way, n) in seconds for way in WAYS)]
    if not all_ways:
        return
    n = max(all_ways)
    forced, cached, repeated, lstm = (seconds[way, n] for way in WAYS)
    at = f"n = {n}"
    figures(
        (_("Steps with a cache ÷ one pass"), _times(cached / forced), at),
        (_("Steps without ÷ with a cache"), _times(repeated / cached), at),
        (_("LSTM ÷ one pass"), _times(lstm / forced), at),
    )


def _times(ratio: float) -> str:
    return f"{numeral(ratio, ',.0f')} ×" if ratio >= 10 else f"{numeral(ratio, '.2f')} ×"


@st.cache_resource(max_entries=len(WIDTHS), show_spinner=False)
def _fresh(width: int) -> Transformer:
    return fresh(width, LAYERS)
