"""Shift all positions of a real model and see which attention maps move."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import streamlit as st
from torch import Tensor

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from charts.viewer.matrices import Kind
from experiments.equivariance import Shift, permitted, shift
from experiments.rounding import rounding
from model import Bench, ModelError
from model.run import Encoded
from ui.anatomy import badge, evidence, figures
from ui.errors import explain
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import measured
from ui.plot import plot
from ui.positions.names import pick_scheme, scheme_names
from ui.positions.shuffle import MOST_TOKENS
from ui.scene import colours, words
from ui.subject import place, subject, subject_parameters
from ui.url import Parameter, number, one_of

PARAMETERS = (
    *subject_parameters(),
    Parameter("layer", 0, number(0, 10_000)),
    Parameter("head", 0, number(0, 10_000)),
    Parameter("further_on", 100, number(0, 100_000)),
    Parameter("scheme", "rope", one_of("none", "sinusoidal", "rope", "alibi")),
)


def show() -> None:
    """Draw the view."""
    badge("switched")
    bench, text = subject(limit=MOST_TOKENS)
    layer, head = place(bench)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            _("All positions + s"),
            0,
            100_000,
            key="further_on",
            persist_state="session",
            width=160,
        )
        scheme = pick_scheme(bench, _("Beside the native scheme"))
    offset, source = int(st.session_state["further_on"]), bench.encode(text)
    schemes = permitted(bench)

    def work() -> Iterator[Shift | ModelError]:
        for one in schemes:
            yield _shifted(bench, source, one, offset)

    done = gradually(
        "moved",
        (bench.name, text, offset),
        work,
        len(schemes),
        _("Shifting under every scheme …"),
    )
    results = dict(zip(schemes, done, strict=False))
    found = {name: one for name, one in results.items() if isinstance(one, Shift)}
    names = scheme_names()
    for name, one in results.items():
        if isinstance(one, ModelError):
            st.warning(f"**{names[name]}**: {explain(one)}")
    noise = rounding(bench.shape.d_ff, bench.shape.n_layers)
    figures(
        *(
            (
                _("{scheme}: attention that moves").format(scheme=names[name]),
                measured(float(one.moved.mean()), ".2g", noise),
                _("share, mean of all heads; largest |Δ| {largest}").format(
                    largest=measured(one.largest, ".2g", noise)
                ),
            )
            for name, one in found.items()
            if name in (schemes[0], scheme)
        )
    )
    _maps(source, {n: found[n] for n in (schemes[0], scheme) if n in found}, layer, head, offset)
    st.markdown(_("**Share of the attention that moves, by layer**"))
    plot(
        charts.curves(
            {name: one.moved.mean(-1).tolist() for name, one in found.items()},
            list(range(bench.shape.n_layers)),
            names,
            {"x": _("layer"), "y": _("share that moves")},
            colours(),
        ),
        key="moved_layers",
    )
    evidence(
        pd.DataFrame(
            {
                "scheme": [names[name] for name in found],
                "moved": [float(one.moved.mean()) for one in found.values()],
                "largest": [one.largest for one in found.values()],
            }
        ),
        _(
            "{model}, {tokens} tokens at positions 0 … {last} and again {offset} further on, every "
            "layer and head. Moved: half the sum of |Δ| over a query's keys, mean over queries."
        ).format(
            model=model_name(bench),
            tokens=source.ids.shape[1],
            last=source.ids.shape[1] - 1,
            offset=offset,
        ),
        {
            "scheme": _("positions"),
            "moved": _("attention that moves, mean"),
            "largest": _("largest change of a weight"),
        },
    )


def _shifted(bench: Bench, source: Encoded, scheme: str, offset: int) -> Shift | ModelError:
    try:
        return shift(bench, source, replace(bench.native, positions=scheme), offset)
    except ModelError as error:
        return error


def _maps(source: Encoded, found: dict[str, Shift], layer: int, head: int, offset: int) -> None:
    """One head at both places, and the difference: one line of maps per scheme."""
    tokens, names = source.tokens[0], scheme_names()
    rows, columns = Axis(_("Queries"), tokens, "queries"), Axis(_("Keys"), tokens, "keys")
    panels: list[Panel] = []
    for name, one in found.items():
        before, after = one.before[layer, head], one.after[layer, head]
        triple: tuple[tuple[str, Tensor, Kind], ...] = (
            (_("{scheme}, + 0"), before, "weights"),
            (_("{scheme}, + {offset}"), after, "weights"),
            (_("{scheme}: difference"), after - before, "difference"),
        )
        for title, cells, kind in triple:
            heading = title.format(scheme=names[name], offset=offset)
            panels.append(Panel(heading, cells, kind, high=1.0, rows=rows, columns=columns))
    if panels:
        matrices("moved_maps", panels=panels, across=3, words=words())
