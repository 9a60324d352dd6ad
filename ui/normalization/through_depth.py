"""Question 12, through depth: gradients of pre-LN and post-LN, and the norms of real models."""

import math

import pandas as pd
import streamlit as st

from charts import batch as charts
from charts import depth as depth_charts
from experiments.norm_axes import STANDING_OUT, Outliers, gradients_by_depth, outliers
from model import Bench
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import model_name
from ui.lab.norms import place_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.subject import subject

DEPTHS = (2, 4, 8, 16)
SEEDS = 2
WIDTH = 64


def gradients() -> None:
    """Gradient norms at initialisation, by layer and by depth."""
    badge("computed")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(_("Layers"), DEPTHS, key="layers_deep", persist_state="session", width=220)
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=100)
    seed = int(st.session_state["seed"])
    seeds = tuple(range(seed, seed + SEEDS))
    results = gradually(
        "pre_post",
        seeds,
        lambda: gradients_by_depth(DEPTHS, WIDTH, seeds),
        len(DEPTHS),
        _("Deeper and deeper stacks …"),
    )
    here = next((one for one in results if one[0] == int(st.session_state["layers_deep"])), None)
    if here is None:
        st.info(_("This depth is not measured yet: go on, or choose fewer layers."))
        return
    depth, post, pre = here
    places = {"post": post, "pre": pre}
    names = {
        "post": _("post-LN: after the sublayer"),
        "pre": _("pre-LN: before the sublayer"),
        "layer": _("Layer"),
        "depth": _("layers of the stack"),
        "gradient": _("Gradient norm of each layer, {depth} layers").format(depth=depth),
        "last": _("Gradient norm of the last layer, against depth"),
        "bound": _("∝ 1/√L"),
    }
    figures(
        *(
            (
                _("Last layer, {place}").format(place=name),
                numeral(float(norms[-1]), ".3g"),
                _("first layer {value}").format(value=numeral(float(norms[0]), ".3g")),
            )
            for name, norms in ((_("post-LN"), post), (_("pre-LN"), pre))
        )
    )
    by_layer = {
        name: pd.DataFrame({"layer": range(depth), "gradient": norms.tolist()})
        for name, norms in places.items()
    }
    depths = [one[0] for one in results]
    by_depth = {
        "post": pd.DataFrame({"depth": depths, "last": [float(one[1][-1]) for one in results]}),
        "pre": pd.DataFrame({"depth": depths, "last": [float(one[2][-1]) for one in results]}),
    }
    start = by_depth["pre"]["last"].iloc[0] * math.sqrt(depths[0])
    left, right = st.columns(2)
    plot(
        depth_charts.lines(by_layer, "gradient", "post", names, colours(), x="layer"),
        key="gradient_by_layer",
        within=left,
    )
    plot(
        depth_charts.lines(
            by_depth,
            "last",
            "post",
            names,
            colours(),
            x="depth",
            bound=(depths, [start / math.sqrt(d) for d in depths]),
        ),
        key="gradient_by_depth",
        within=right,
    )
    evidence(
        pd.DataFrame(
            {
                "depth": depths,
                "post": [numeral(value, ".3f") for value in by_depth["post"]["last"]],
                "pre": [numeral(value, ".3f") for value in by_depth["pre"]["last"]],
                "closed": [numeral(start / math.sqrt(d), ".3f") for d in depths],
            }
        ),
        _(
            "‖∂loss/∂W₂‖ of the last layer's second feed-forward matrix, mean over {seeds} seeds "
            "from {seed} on. Random encoders, d_model = {width}, ReLU, matrices normal with "
            "variance 1/d_model, final norm with pre-LN; cross-entropy of 64 random targets. The "
            "line ∝ 1/√L starts at the pre-LN value of the shallowest stack."
        ).format(seeds=SEEDS, seed=seed, width=WIDTH),
        {
            "depth": _("layers L"),
            "post": _("post-LN"),
            "pre": _("pre-LN"),
            "closed": _("∝ 1/√L"),
        },
    )


def features() -> None:
    """What enters the norms of a real model, and which features stand out."""
    badge("observed")
    bench, text = subject()
    found = _outliers(bench.name, text, bench)
    places = [place_name(one.site) for one in found]
    most = max(found, key=lambda one: one.values[0] / one.rms)
    leading = [one.features[0] for one in found]
    often = max(sorted(set(leading)), key=leading.count)
    figures(
        (
            _("Feature that leads most often"),
            str(often),
            _("before {count} of {all} norms").format(count=leading.count(often), all=len(found)),
        ),
        (
            _("Standing out furthest: feature"),
            str(most.features[0]),
            _("{times} × the rms, before {place}").format(
                times=numeral(most.values[0] / most.rms, ".0f"), place=place_name(most.site)
            ),
        ),
    )
    words = {
        "largest": _("largest |x|, named by its feature"),
        "rms": _("root mean square of all features"),
        "norm": _("Norm, in the order of the pass"),
        "feature": _("Feature"),
    }
    plot(
        charts.outlying(
            [one.values[0] for one in found],
            [one.rms for one in found],
            leading,
            places,
            words,
            colours(),
        ),
        key="outlying",
    )
    evidence(
        pd.DataFrame(
            {
                "place": place,
                "rms": numeral(one.rms, ".4g"),
                "top": " · ".join(
                    f"{feature}: {numeral(value, '.4g')}"
                    for feature, value in zip(one.features, one.values, strict=True)
                ),
                "count": one.standing_out,
            }
            for place, one in zip(places, found, strict=True)
        ),
        _(
            "{model}, this text, native; before each norm. A feature stands out where some token "
            "has more than {times} times the root mean square of all features."
        ).format(model=model_name(bench), times=numeral(STANDING_OUT, "g")),
        {
            "place": _("Norm"),
            "rms": _("root mean square"),
            "top": _("largest features: |x|"),
            "count": _("features that stand out"),
        },
    )


@st.cache_resource(max_entries=12, show_spinner=False)
def _outliers(name: str, text: Text, _bench: Bench) -> list[Outliers]:
    return outliers(_bench, _bench.encode(text))
