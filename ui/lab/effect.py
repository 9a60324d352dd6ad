"""What the switches did to the model's answer."""

import streamlit as st

from charts import effects
from experiments.outcome import cosines, predictions
from ui.i18n import _
from ui.scene import Scene, colours


def headline(scene: Scene) -> None:
    """The effect in a few numbers, above the picture."""
    if not scene.changed:
        st.info(
            _("Everything is native. Throw a switch to see what it does."),
            icon=":material/toggle_on:",
        )
        return
    native, variant = scene.reading("native"), scene.reading("variant")
    moved = cosines(native, variant)["cosine"]
    columns = st.columns(3)
    if native.asked:
        frame, divergence = _prediction(scene, 0)
        before, after = _best(frame, "native"), _best(frame, "variant")
        columns[0].metric(
            _("Prediction, native"),
            _spoken(before["token"]),
            f"p = {before['native']:.3f}",
            delta_color="off",
            delta_arrow="off",
        )
        columns[1].metric(
            _("Prediction, variant"),
            _spoken(after["token"]),
            f"p = {after['variant']:.3f}",
            delta_color="off",
            delta_arrow="off",
        )
        columns[2].metric(
            _("KL divergence"),
            f"{divergence:.3g} nats",
            _("0 = no effect"),
            delta_color="off",
            delta_arrow="off",
        )
    else:
        worst = int(moved.idxmin())
        columns[0].metric(
            _("Cosine with native, mean"),
            f"{moved.mean():.3f}",
            _("1 = no effect"),
            delta_color="off",
            delta_arrow="off",
        )
        columns[1].metric(
            _("Cosine with native, least"),
            f"{moved.min():.3f}",
            _spoken(scene.tokens[worst]),
            delta_color="off",
            delta_arrow="off",
        )
        entropy = [float(scene.reading(s).profiles[..., 0].mean()) for s in ("native", "variant")]
        columns[2].metric(
            _("Entropy of all heads, mean"),
            f"{entropy[1]:.2f} nats",
            _("native {value}").format(value=f"{entropy[0]:.2f}"),
            delta_color="off",
            delta_arrow="off",
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
            title.format(token=_spoken(scene.tokens[position]), position=position), anchor=False
        )
        st.markdown(_("KL(native ‖ variant) = **{value} nats**").format(value=f"{divergence:.4g}"))
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


def _prediction(scene: Scene, number: int):
    native, variant = (scene.reading(side).run.logits for side in ("native", "variant"))
    return predictions(native[0, number], variant[0, number], scene.bench)


def _best(frame, side: str):
    return frame.loc[frame[side].idxmax()]


def _spoken(token: str) -> str:
    """A token for Markdown: blanks visible, nothing of it markup."""
    shown = token.replace("\n", "↵").strip(" ") or "␣"
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>()#+-.!|$:~" else c for c in shown[:40])
