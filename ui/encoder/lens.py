"""The logit lens: what the model would predict if it stopped at a layer."""

import streamlit as st

from charts import encoder as charts
from charts.labels import isolated, plain, visible
from experiments.logit_lens import lens
from experiments.reading import asked_positions
from model import Bench
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.encoder.stack import stream_of
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import inert, inert_text, model_name
from ui.numbers import numeral
from ui.offers import offered
from ui.plot import plot
from ui.scene import colours
from ui.single import single
from ui.url import Parameter, number

ELSEWHERE = {  # models that do predict, with a text that shows it
    "smollm2": "The capital of France is",
    "bert-tiny": "The capital of France is [MASK] .",
}
PARAMETERS = (Parameter("position", -1, number(-1, 100_000)),)


def show(bench: Bench, text: Text) -> None:
    """Predictions by depth at one position."""
    if bench.shape.head == "none" or bench.shape.kind == "encoder-decoder":
        _no_head()
        return
    source = bench.encode(text)
    position = _position(bench, source.ids[0].tolist(), source.tokens[0])
    frame = lens(bench, stream_of(bench, text).depths, position)
    last = frame.to_dict("records")[-1]
    ranks = frame["rank"].tolist()
    settled = max((depth for depth, rank in enumerate(ranks) if rank > 1), default=-1) + 1
    figures(
        (
            _("Prediction"),
            inert(str(last["token"])),
            _("probability {value}").format(value=numeral(last["probability"], ".3g")),
        ),
        (
            _("It leads from depth"),
            f"{settled} / {len(frame) - 1}",
            _("and at every depth after it"),
        ),
        (
            _("Its place at the input"),
            f"{ranks[0]:,}",
            _("of {n} tokens").format(n=f"{bench.shape.vocab_size:,}"),
        ),
    )
    plot(
        charts.lens(
            frame,
            {
                "depth": _("Depth: layers passed"),
                "probability": _("probability"),
                "likeliest": _("likeliest token at this depth"),
                "final": _("the final prediction: {token}").format(token=plain(str(last["token"]))),
            },
            colours(),
        ),
        key="lens",
    )
    evidence(
        frame.round(4),
        _(
            "{model}, position {position}: the residual stream of every depth, read through the "
            "model's own last norm, if it has one, and its head. KL is the divergence from the "
            "last depth's distribution, in nats."
        ).format(model=model_name(bench), position=position),
        {
            "depth": _("depth"),
            "token": _("likeliest token"),
            "probability": _("its probability"),
            "final": _("probability of the final prediction"),
            "rank": _("its place"),
            "kl": "KL",
        },
    )


def _position(bench: Bench, ids: list[int], tokens: list[str]) -> int:
    """Draw the choice of a position; at first the one whose prediction counts."""
    state, asked = st.session_state, asked_positions(bench, ids)
    bring_back("position", len(tokens) - 1)
    if state["position"] < 0:
        state["position"] = asked[0] if asked else len(tokens) - 1

    def spoken(place: int) -> str:
        return f"{place} · {isolated(visible(tokens[place]))}"

    label, places = _("Position"), range(len(tokens))
    if not single(label, places, "position", spoken=spoken):
        st.select_slider(label, places, format_func=spoken, key="position", persist_state="session")
    return int(state["position"])


def _no_head() -> None:
    st.info(
        _("This model has no head that predicts tokens. These have one:"),
        icon=":material/visibility_off:",
    )
    models = offered()
    with st.container(horizontal=True):
        for name, text in ELSEWHERE.items():
            if name in models:
                st.button(
                    f"{models[name].title}: “{inert_text(text)}”",
                    key=f"lens_{name}",
                    on_click=_look_at,
                    args=(name, text),
                )


def _look_at(model: str, text: str) -> None:
    st.session_state.update(model=model, text=text, position=-1)
