"""The ablation map: every head of the model switched off alone, layer after layer, and then heads
switched off together. It is drawn while it is measured."""

from collections.abc import Iterator

import pandas as pd
import streamlit as st
import torch

from charts import heads as charts
from charts.viewer import Axis, Panel, matrices
from experiments.ablation import effects, even_steps, measure_of, ranking, removal
from experiments.reading import Reading
from model import Bench
from model.bench import Text
from ui.fragment import fragment
from ui.gradual import begin, gradually, so_far, working
from ui.i18n import _
from ui.models import reading_of
from ui.navigation import PAGES, Target, go
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words

KEY = "ablation_map"
AT_ONCE = 0.6  # seconds of work between two pictures
PAUSE = 0.5  # seconds in which the page can answer something else
POINTS = 9  # of each curve of removal

# "layer", its number and its heads' effects; or an order of removal, a count and its effect
Step = tuple[str, int, list[float]]


def show(bench: Bench, text: Text) -> dict[int, list[float]]:
    """Draw the map and the curves as far as they are measured, and go on; returns the effects
    that are known, by layer."""
    reading = reading_of(bench, text, bench.native)
    begin(KEY, (bench.name, text), lambda: _measure(bench, reading), within=AT_ONCE)
    ticking = working(KEY, _count(bench))
    draw = fragment(_draw, run_every=PAUSE if ticking else None)
    return _layers(draw(bench, text, reading, ticking))


def _draw(bench: Bench, text: Text, reading: Reading, ticking: bool) -> list[Step]:
    total, settings = _count(bench), (bench.name, text)
    place = st.container()  # above what grows, so that the button stays where it is
    before: list[Step] = so_far(KEY, settings)  # drawn first: what waits for work turns grey
    _map(bench, reading, _layers(before))
    _removal(before, reading)
    with place:
        steps = gradually(
            KEY,
            settings,
            lambda: _measure(bench, reading),
            total,
            _("Switching heads off …"),
            within=AT_ONCE,
        )
    if ticking != working(KEY, total):
        st.rerun()  # the clock of a fragment starts and stops only with the whole page
    return steps


def _measure(bench: Bench, reading: Reading) -> Iterator[Step]:
    rows = []
    for layer in range(bench.shape.n_layers):
        rows.append(effects(bench, reading, layer))
        yield "layer", layer, rows[-1].tolist()
    order = ranking(torch.stack(rows))
    counts = even_steps(len(order), POINTS)
    for name, heads in (("least", order), ("most", order[::-1])):
        for count, effect in removal(bench, reading, heads, counts):
            yield name, count, [effect]


def _count(bench: Bench) -> int:
    """The steps of the whole measurement."""
    shape = bench.shape
    return shape.n_layers + 2 * len(even_steps(shape.n_layers * shape.n_heads, POINTS))


def _layers(steps: list[Step]) -> dict[int, list[float]]:
    return {number: values for kind, number, values in steps if kind == "layer"}


def _map(bench: Bench, reading: Reading, known: dict[int, list[float]]) -> None:
    layers, heads = bench.shape.n_layers, bench.shape.n_heads
    unknown = [0.0] * heads
    table = torch.tensor([known.get(layer, unknown) for layer in range(layers)])
    waiting = torch.tensor([layer not in known for layer in range(layers)])
    measure = effect_name(reading)
    event = matrices(
        KEY,
        panels=[
            Panel(
                measure,
                table,
                "amounts",
                rows=Axis(_("Layer"), [str(layer) for layer in range(layers)]),
                columns=Axis(_("Head"), [str(head) for head in range(heads)]),
                masked=waiting[:, None].expand_as(table),
            )
        ],
        words=words() | {"masked": _("not measured yet"), "weight": measure},
    )
    if event.changed and event.cell is not None:
        _open_in_lab(bench, *event.cell)
    st.caption(
        _(
            "{measure}. One forward pass per head; heads of one layer share a batch, and only the "
            "layers from the head's own on are computed. Click a head to open it in the lab, "
            "switched off."
        ).format(measure=measure)
    )
    if len(known) == layers:
        worst = sorted((value for row in known.values() for value in row), reverse=True)
        small = sum(value < worst[0] / 10 for value in worst) / len(worst)
        st.markdown(
            _(
                "**{share}** of the {n} heads do less than a tenth of what the most important one "
                "does ({largest})."
            ).format(share=numeral(small, ".0%"), n=len(worst), largest=numeral(worst[0], ".3g"))
        )


def _removal(steps: list[Step], reading: Reading) -> None:
    curves = {
        order: pd.DataFrame(
            [(count, values[0]) for kind, count, values in steps if kind == order],
            columns=["count", "effect"],
        )
        for order in ("least", "most")
    }
    if curves["least"].empty:
        return
    st.markdown(_("**Together**: ever more heads off at once, ranked by the map"))
    plot(
        charts.removal(
            curves,
            {
                "least": _("least important first"),
                "most": _("most important first"),
                "count": _("heads switched off"),
                "effect": effect_name(reading),
            },
            colours(),
        )
    )


def effect_name(reading: Reading) -> str:
    """What an effect is measured by, as a label."""
    if measure_of(reading) == "kl":
        return _("KL(native ‖ without), nats")
    return _("1 − mean cosine of the last hidden states")


def _open_in_lab(bench: Bench, layer: int, head: int) -> None:
    state = st.session_state
    # the lab's own state, since the address carries only what differs from its defaults
    parameters = {
        "text": state["text"],
        "model": state["model"],
        "layer": layer,
        "head": head,
        "scaled": bench.native.scaled,
        "ablated": f"{layer}.{head}",
    }
    go(Target(PAGES["lab"], parameters))
