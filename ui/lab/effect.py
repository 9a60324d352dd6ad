"""What the switches did to the model's answer."""

import pandas as pd
import streamlit as st

from charts import effects
from experiments.heads import mean_entropy
from experiments.outcome import cosine, cosines, predictions
from ui.anatomy import figures
from ui.i18n import _
from ui.inert import inert
from ui.numbers import numeral
from ui.scene import SIDES, Scene, colours


def headline(scene: Scene) -> None:
    """The effect in a few numbers, above the picture."""
    if not scene.changed:
        st.info(
            _("Everything is native. Throw a switch to see what it does."),
            icon=":material/toggle_on:",
        )
        return
    native, variant = scene.reading("native"), scene.reading("variant")
    if native.asked:
        frame, divergence = _prediction(scene, 0)
        before, after = _best(frame, "native"), _best(frame, "variant")
        figures(
            (_("Prediction, native"), inert(before[0]), f"p = {numeral(before[1], '.3f')}"),
            (_("Prediction, variant"), inert(after[0]), f"p = {numeral(after[1], '.3f')}"),
            (_("KL divergence"), f"{numeral(divergence, '.3g')} nats", _("0 = no effect")),
        )
    else:
        moved = cosine(native, variant)
        least = inert(scene.tokens[int(moved.argmin())])
        before, after = mean_entropy(native.profiles), mean_entropy(variant.profiles)
        unchanged = _("native {value}").format(value=numeral(before, ".2f"))
        figures(
            (_("Cosine with native, mean"), numeral(moved.mean(), ".3f"), _("1 = no effect")),
            (_("Cosine with native, least"), numeral(moved.min(), ".3f"), least),
            (_("Entropy of all heads, mean"), f"{numeral(after, '.2f')} nats", unchanged),
        )


def show(scene: Scene) -> None:
    """Predictions where the model has a head, and how far every token moved."""
    if not scene.changed:
        st.info(_("Everything is native. Throw a switch to see what it does."))
        return
    for number, position in enumerate(scene.reading("native").asked):
        frame, divergence = _prediction(scene, number)
        if scene.bench.shape.head == "lm":
            title = _("Next token after “{token}”")
        else:
            title = _("Prediction for “{token}” at position {position}")
        st.subheader(
            title.format(token=inert(scene.tokens[position]), position=position), anchor=False
        )
        st.markdown(
            _("KL(native ‖ variant) = **{value} nats**").format(value=numeral(divergence, ".4g"))
        )
        st.plotly_chart(
            effects.predictions(
                frame,
                {
                    "native": _("Native"),
                    "variant": _("Variant"),
                    "probability": _("Probability"),
                    "token": _("Token"),
                },
                colours(),
            ),
            key=f"predictions_{number}",
            width="stretch",
        )
    if scene.bench.shape.head == "mlm" and not scene.reading("native").asked:
        st.info(_("Write [MASK] in the text and the model will predict what stands there."))
    st.subheader(_("How far each token's last hidden state moved"), anchor=False)
    moved = cosines(scene.reading("native"), scene.reading("variant"))
    st.plotly_chart(
        effects.cosines(
            moved, {"cosine": _("Cosine of native and variant"), "token": _("Token")}, colours()
        ),
        key="cosines",
        width="stretch",
    )


def _prediction(scene: Scene, number: int) -> tuple[pd.DataFrame, float]:
    native, variant = (scene.reading(side).run.logits for side in SIDES)
    assert native is not None and variant is not None  # asked only of models with a head
    return predictions(native[0, number], variant[0, number], scene.bench)


def _best(frame: pd.DataFrame, side: str) -> tuple[str, float]:
    """The token that a side finds likeliest, and its probability."""
    place = int(frame[side].to_numpy().argmax())
    return str(frame["token"].iloc[place]), float(frame[side].iloc[place])
