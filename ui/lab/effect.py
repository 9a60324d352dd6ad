"""What the switches did to the model's answer."""

import math

import pandas as pd
import streamlit as st
import torch

from charts import effects
from experiments.heads import mean_entropy
from experiments.outcome import cosine, cosines, predictions
from ui import overflow
from ui.anatomy import figures
from ui.i18n import _
from ui.inert import inert
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import SIDES, Scene, colours, side_names


def headline(scene: Scene) -> None:
    """The effect in a few numbers, above the picture."""
    if not scene.changed:
        st.info(
            _("Everything is native. Throw a switch to see what it does."),
            icon=":material/toggle_on:",
        )
        return
    native, variant = scene.reading("native"), scene.reading("variant")
    if native.overflow or variant.overflow:
        _overflowed(scene)
        return
    if native.asked:
        frame, divergence = _prediction(scene, 0)
        before, after = _best(frame, "native"), _best(frame, "variant")
        figures(
            (_("Prediction, native"), inert(before[0]), f"p = {numeral(before[1], '.3f')}"),
            (_("Prediction, variant"), inert(after[0]), _remains(frame, before[0], after)),
            (
                _("KL divergence"),
                _("{value} nats").format(value=numeral(divergence, ".3g")),
                _("0 = no effect"),
            ),
        )
    else:
        moved = cosine(native, variant)
        least = inert(scene.tokens[int(moved.argmin())])
        before, after = mean_entropy(native.profiles), mean_entropy(variant.profiles)
        unchanged = _("native {value}").format(value=numeral(before, ".2f"))
        figures(
            (_("Cosine with native, mean"), numeral(moved.mean(), ".3f"), _("1 = no effect")),
            (
                _("Cosine with native, least"),
                numeral(moved.min(), ".3f"),
                _("of the token “{token}”").format(token=least),
            ),
            (
                _("Entropy of all heads, mean"),
                _("{value} nats").format(value=numeral(after, ".2f")),
                unchanged,
            ),
        )


def _remains(frame: pd.DataFrame, expected: str, after: tuple[str, float]) -> str:
    """What the variant gives its own prediction and, where it is another, the native one."""
    own = f"p = {numeral(after[1], '.3f')}"
    if after[0] == expected:
        return own
    left = frame.loc[frame["token"] == expected, "variant"]
    return f"{own} · {inert(expected)}: {numeral(float(left.iloc[0]), '.3f')}"


def _overflowed(scene: Scene) -> None:
    """What can be said where a side's numbers left what float32 holds: where, and what the other
    side predicts."""
    facts = []
    for side in SIDES:
        reading, name = scene.reading(side), side_names()[side]
        if lost := reading.overflow:
            overflow.warn(name, lost)
            facts.append((name, overflow.briefly(lost), overflow.place(lost)))
        elif reading.asked:
            frame, _divergence = _prediction(scene, 0)
            token, probability = _best(frame, side)
            facts.append((name, inert(token), f"p = {numeral(probability, '.3f')}"))
        else:
            entropy = mean_entropy(reading.profiles)
            facts.append(
                (
                    name,
                    _("{value} nats").format(value=numeral(entropy, ".2f")),
                    _("Entropy of all heads, mean"),
                )
            )
    figures(*facts)


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
        if frame.empty:
            st.markdown(_("Both sides overflowed: nothing is predicted."))
            continue
        lost = [
            f"{side_names()[side]}: {overflow.briefly(found)}"
            for side in SIDES
            if (found := scene.reading(side).overflow)
        ]
        st.markdown(
            " · ".join(lost)
            or _("KL(native ‖ variant) = **{value} nats**").format(value=numeral(divergence, ".4g"))
        )
        plot(
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
        )
    if scene.bench.shape.head == "mlm" and not scene.reading("native").asked:
        st.info(_("Write [MASK] in the text and the model will predict what stands there."))
    st.subheader(_("How far each token's last hidden state moved"), anchor=False)
    moved = cosines(scene.reading("native"), scene.reading("variant"))
    plot(
        effects.moved(
            moved,
            {"apart": _("1 − cosine of native and variant"), "token": _("Token")},
            colours(),
        ),
        key="moved",
    )


def _prediction(scene: Scene, number: int) -> tuple[pd.DataFrame, float]:
    rows = []
    for side in SIDES:
        reading = scene.reading(side)
        assert reading.run.logits is not None  # asked only of models with a head
        row = reading.run.logits[0, number]
        # nothing is predicted from numbers that overflowed, even if the logits hold some again
        rows.append(row if reading.overflow is None else torch.full_like(row, math.nan))
    native, variant = rows
    return predictions(native, variant, scene.bench)


def _best(frame: pd.DataFrame, side: str) -> tuple[str, float]:
    """The token that a side finds likeliest, and its probability."""
    place = int(frame[side].to_numpy().argmax())
    return str(frame["token"].iloc[place]), float(frame[side].iloc[place])
