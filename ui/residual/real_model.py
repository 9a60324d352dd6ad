"""The same switch on a model that was trained with its residual connections."""

import pandas as pd
import streamlit as st

from charts import depth as charts
from experiments.depth import SETTINGS, Outcome, outcomes
from experiments.rounding import rounding
from ui import overflow
from ui.anatomy import evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import inert, model_name
from ui.models import reading_of
from ui.numbers import measured, numeral
from ui.plot import plot
from ui.scene import colours
from ui.subject import subject


def show(chosen: str) -> None:
    """Draw the reader's text through a model under every setting."""
    bench, text = subject()
    native = reading_of(bench, text, bench.native)
    results: list[Outcome] = gradually(
        "residual",
        (bench.name, text),
        lambda: outcomes(bench, native),
        len(SETTINGS),
        _("Running the model under each setting …"),
    )
    by_name = {str(one.residual): one for one in results}
    if chosen in by_name and "both" in by_name:
        lost = by_name[chosen].overflow
        if lost is not None:
            overflow.warn(setting_names()[chosen], lost)
        noise = rounding(bench.shape.d_ff, bench.shape.n_layers)
        _in_short(by_name[chosen], by_name["both"], noise)
    if not results:
        return
    frames = {name: one.states for name, one in by_name.items()}
    names = setting_names() | {
        "place": _("Depth: layers passed"),
        "share": _("What tells tokens apart: ‖X − 1x̄ᵀ‖ / ‖X‖"),
        "cosine": _("Mean cosine of two tokens"),
    }
    for column, quantity in zip(st.columns(2), ("share", "cosine"), strict=True):
        figure = charts.lines(
            frames, quantity, chosen, names, colours(), logarithmic=quantity == "share"
        )
        plot(figure, key=f"real_{quantity}", within=column)
    evidence(
        _table(results),
        _(
            "{model}, this text of {tokens} tokens, float32. X: hidden states after the last "
            "layer, after the final norm where there is one. The model was trained with residual "
            "connections around both."
        ).format(model=model_name(bench), tokens=len(native.run.tokens[0])),
        {
            "setting": _("residual connections"),
            "share": "‖X − 1x̄ᵀ‖ / ‖X‖",
            "pairs": _("mean cosine of two tokens"),
            "native": _("cosine with native, mean"),
            "prediction": _("prediction"),
            "probability": "p",
            "divergence": _("KL(native ‖ variant), nats"),
        },
    )
    if native.asked == ():
        hint = (
            _("Write [MASK] in the text and the model will predict what stands there.")
            if bench.shape.head == "mlm"
            else _("This model has no prediction head; SmolLM2 has one.")
        )
        st.info(hint)


def setting_names() -> dict[str, str]:
    return {
        "both": _("around both (native)"),
        "attention": _("only around attention"),
        "feed_forward": _("only around the FFN"),
        "none": _("none"),
    }


def _in_short(here: Outcome, native: Outcome, noise: float) -> None:
    facts = [
        (
            _("Tokens differ, last hidden states"),
            measured(here.states["share"].iloc[-1], ".3g", noise),
            _("native {value}").format(
                value=measured(native.states["share"].iloc[-1], ".3g", noise)
            ),
        ),
        (_("Cosine with native, mean"), numeral(here.cosine, ".3f"), _("1 = no effect")),
    ]
    if here.prediction is not None and native.prediction is not None:
        facts += [
            (
                _("Prediction, native"),
                inert(native.prediction),
                f"p = {numeral(native.probability, '.3f')}",
            ),
            (
                _("Prediction, variant"),
                inert(here.prediction),
                f"p = {numeral(here.probability, '.3f')}",
            ),
            (
                _("KL divergence"),
                _("{value} nats").format(value=numeral(here.divergence, ".3g")),
                _("0 = no effect"),
            ),
        ]
    st.markdown(f"**{setting_names()[here.residual]}**")
    figures(*facts)


def _table(results: list[Outcome]) -> pd.DataFrame:
    names = setting_names()
    table = pd.DataFrame(
        {
            "setting": names[one.residual],
            "share": numeral(one.states["share"].iloc[-1], ".3g"),
            "pairs": numeral(one.states["cosine"].iloc[-1], ".3f"),
            "native": numeral(one.cosine, ".4f"),
            "prediction": overflow.briefly(one.overflow) if one.overflow else one.prediction,
            "probability": one.probability,
            "divergence": one.divergence,
        }
        for one in results
    )
    return table.dropna(axis="columns", how="all")
