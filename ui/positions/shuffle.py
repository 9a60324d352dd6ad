"""Shuffle the tokens of a real model, with its positions, without, and with other schemes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st
from torch import Tensor

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from charts.viewer.matrices import Kind
from experiments.equivariance import Shuffle, order, permitted, shuffle, shuffled
from experiments.rounding import rounding
from model.run import Encoded
from model.shape import Positions
from ui.anatomy import badge, evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import inert, model_name
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.positions.names import scheme_names
from ui.scene import colours, words
from ui.subject import place, subject, subject_parameters
from ui.url import Parameter, flag, number

MOST_TOKENS = 64
PARAMETERS = (
    *subject_parameters(),
    Parameter("layer", 0, number(0, 10_000)),
    Parameter("head", 0, number(0, 10_000)),
    Parameter("order", 0, number(0, 9999)),
    Parameter("unmasked", True, flag),
)


def show() -> None:
    """Draw the view."""
    badge("switched")
    bench, text = subject(limit=MOST_TOKENS)
    state = st.session_state
    layer, head = place(bench)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            _("Order, by its seed"), 0, 9999, key="order", persist_state="session", width=160
        )
        causal = bench.shape.kind != "encoder"
        if causal:
            st.toggle(_("Lift the causal mask"), key="unmasked", persist_state="session")
    mask = "none" if causal and state["unmasked"] else bench.native.mask
    source = bench.encode(text)
    places = order(bench, source, int(state["order"]))
    schemes = permitted(bench)
    names = scheme_names()

    def work() -> Iterator[Shuffle]:
        return (
            shuffle(bench, source, places, replace(bench.native, positions=scheme, mask=mask))
            for scheme in schemes
        )

    done = gradually(
        "shuffle",
        (bench.name, text, int(state["order"]), mask),
        work,
        len(schemes),
        _("Shuffling under every scheme …"),
    )
    found = dict(zip(schemes, done, strict=False))
    if not {schemes[0], "none"} <= set(found):
        st.info(_("The picture needs all of the steps."))
        return
    mixed = shuffled(source, places).tokens[0]
    st.markdown(_("Shuffled: {text}").format(text=" ".join(inert(token) for token in mixed)))
    note = _("‖f(Px) − P f(x)‖ / ‖f(x)‖, last layer")
    noise = rounding(bench.shape.d_ff, bench.shape.n_layers)
    figures(
        *(
            (
                _("Error with {scheme}").format(scheme=names[scheme]),
                measured(float(found[scheme].errors[-1]), ".2g", noise),
                note,
            )
            for scheme in dict.fromkeys((schemes[0], "none"))
        )
    )
    _maps(source, found, schemes[0], layer, head)
    layers = list(range(bench.shape.n_layers + 1))
    st.markdown(_("**Error of the hidden states that enter each layer, and of the last ones**"))
    plot(
        charts.curves(
            # an exact 0 has no place on a logarithmic axis: it is drawn at its foot
            {name: one.errors.clamp(min=1e-8).tolist() for name, one in found.items()},
            layers,
            names,
            {"x": _("Depth: layers passed"), "y": "‖f(Px) − P f(x)‖ / ‖f(x)‖"},
            colours(),
            logarithmic="y",
        ),
        key="shuffle_errors",
    )
    evidence(
        pd.DataFrame(
            {
                "scheme": [names[scheme] for scheme in found],
                "input": [numeral(float(one.errors[0]), ".2g") for one in found.values()],
                "output": [numeral(float(one.errors[-1]), ".2g") for one in found.values()],
                "weights": [
                    numeral(float((one.after - one.before).abs().max()), ".2g")
                    for one in found.values()
                ],
            }
        ),
        _(
            "{model}, {tokens} tokens, one permutation P (seed {seed}) that moves every token but "
            "the special ones; f from token ids to hidden states, float32, Frobenius norms over "
            "all tokens. Errors below 10⁻⁸ are drawn at 10⁻⁸."
        ).format(model=model_name(bench), tokens=len(places), seed=state["order"]),
        {
            "scheme": _("positions"),
            "input": _("error, input of layer 0"),
            "output": _("error, last hidden states"),
            "weights": _("largest change of an attention weight"),
        },
    )


def _maps(
    source: Encoded, found: Mapping[Positions, Shuffle], native: Positions, layer: int, head: int
) -> None:
    """One head before, after with the tokens put back, and the difference: native, then none."""
    tokens, names = source.tokens[0], scheme_names()
    rows, columns = Axis(_("Queries"), tokens, "queries"), Axis(_("Keys"), tokens, "keys")
    panels: list[Panel] = []
    for scheme in dict.fromkeys((native, "none")):
        before, after = (side[layer, head] for side in (found[scheme].before, found[scheme].after))
        triple: tuple[tuple[str, Tensor, Kind], ...] = (
            (_("{scheme}: in order"), before, "weights"),
            (_("{scheme}: put back"), after, "weights"),
            (_("{scheme}: difference"), after - before, "difference"),
        )
        for title, cells, kind in triple:
            panels.append(
                Panel(
                    title.format(scheme=names[scheme]),
                    cells,
                    kind,
                    high=1.0,
                    rows=rows,
                    columns=columns,
                )
            )
    matrices("shuffle_maps", panels=panels, across=3, words=words())
