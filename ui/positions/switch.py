"""Another position scheme on trained weights: the damage, and one head's maps."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import streamlit as st

from charts.scores import damage as bars
from charts.viewer import Axis, Panel, matrices
from experiments.equivariance import Damage, damage, permitted
from ui.anatomy import badge, evidence
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import model_name
from ui.lab.effect import headline
from ui.plot import plot
from ui.positions.moved import PARAMETERS as SHARED
from ui.positions.names import pick_scheme, scheme_names
from ui.positions.shuffle import MOST_TOKENS
from ui.scene import Scene, colours, words
from ui.subject import place, subject

PARAMETERS = SHARED


def show() -> None:
    """Draw the view."""
    badge("switched")
    bench, text = subject(limit=MOST_TOKENS)
    layer, head = place(bench)
    scheme = pick_scheme(bench, _("In place of the native scheme"))
    variant = replace(bench.native, positions=scheme)
    scene = Scene(bench, text, bench.native, variant, layer, head)
    headline(scene)
    _maps(scene)
    native, schemes, names = scene.reading("native"), permitted(bench)[1:], scheme_names()

    def work() -> Iterator[Damage]:
        return damage(bench, native, schemes)

    done = gradually("switch", (bench.name, text), work, len(schemes), _("Running every scheme …"))
    if not done:
        return
    divergent = native.asked and all(one.divergence is not None for one in done)
    effect = (
        _("KL(native ‖ variant), nats")
        if divergent
        else _("1 − cosine of last hidden states, mean")
    )
    st.markdown(_("**Every scheme that these weights permit**"))
    plot(
        bars(
            [(one.divergence if divergent else 1 - (one.cosine or 0)) or 0.0 for one in done],
            [names[one.scheme] for one in done],
            {"layer": _("scheme"), "effect": effect},
            colours(),
        ),
        key="scheme_damage",
    )
    table = pd.DataFrame(
        {
            _("scheme"): [names[one.scheme] for one in done],
            _("1 − cosine of last hidden states, mean"): [1 - (one.cosine or 0) for one in done],
        }
    )
    if divergent:
        table[_("KL(native ‖ variant), nats")] = [one.divergence for one in done]
    evidence(
        table,
        _("{model}, trained with {native}; {tokens} tokens, float32.").format(
            model=model_name(bench),
            native=names[bench.native.positions],
            tokens=len(scene.tokens),
        ),
    )


def _maps(scene: Scene) -> None:
    native, variant = scene.attention("native"), scene.attention("variant")
    before, after = (view.weights[0, scene.head] for view in (native, variant))
    masked, names = ~native.mask[0, scene.head], scheme_names()
    rows = Axis(_("Queries"), scene.tokens, "queries")
    columns = Axis(_("Keys"), scene.tokens, "keys")
    titles = {
        _("Native: {scheme}").format(scheme=names[scene.native.positions]): before,
        names[scene.variant.positions]: after,
    }
    panels = [
        Panel(title, cells, "weights", high=1.0, rows=rows, columns=columns, masked=masked)
        for title, cells in titles.items()
    ]
    panels.append(
        Panel(
            _("Difference"),
            after - before,
            "difference",
            high=1.0,
            rows=rows,
            columns=columns,
            masked=masked,
        )
    )
    matrices("switch_maps", panels=panels, across=3, words=words())
