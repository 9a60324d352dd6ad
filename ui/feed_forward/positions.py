"""One token's row is exchanged: which other tokens does each sublayer tell?"""

import pandas as pd
import streamlit as st

from charts import feed_forward as charts
from charts.labels import isolated, visible
from experiments.influence import replacement_id
from experiments.position_wise import SUBLAYERS, elsewhere, position_wise
from model import Bench
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.feed_forward.layer import layer_slider
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import inert, model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.single import single
from ui.texts import BOX
from ui.url import Parameter, number

PARAMETERS = (
    Parameter("changed", 6, number(0, 100_000)),
    Parameter("replacement", "banana"),
)


def show(bench: Bench, text: Text) -> None:
    """How far every token's output of both sublayers moves."""
    badge("observed")
    tokens = bench.encode(text).tokens[0]
    layer = layer_slider(bench)
    changed = _settings(tokens)
    replacement = replacement_id(bench, st.session_state["replacement"])
    frame = _moved(bench.name, text, changed, replacement, layer, bench)
    note = _("largest |Δ| of any feature of another token")
    far = {sublayer: elsewhere(frame, changed, sublayer) for sublayer in SUBLAYERS}
    movers = {
        sublayer: int((frame[f"{sublayer}_largest"].drop(changed).to_numpy() > 0).sum())
        for sublayer in SUBLAYERS
    }
    others = len(frame) - 1
    figures(
        (_("Feed-forward network"), _exactly(far["feed_forward"]), note),
        (_("Attention"), _exactly(far["attention"]), note),
        (
            _("Other tokens that move"),
            f"{movers['feed_forward']} / {others}",
            _("attention: {moved} / {others}").format(moved=movers["attention"], others=others),
        ),
    )
    st.markdown(
        _(
            "**{token}** (position {position}) becomes **{word}** in the input of each sublayer "
            "of layer {layer}: how far each token's output moves"
        ).format(
            token=inert(tokens[changed]),
            position=changed,
            word=inert(bench.tokenizer.tokens([replacement])[0]),
            layer=layer,
        )
    )
    plot(
        charts.moved(
            frame,
            changed,
            {
                "token": _("Token"),
                "change": "‖Δ‖ / ‖·‖",
                "attention": _("attention"),
                "feed_forward": _("feed-forward network"),
            },
            colours(),
        ),
        key="positions_moved",
    )
    evidence(
        frame,
        _(
            "{model}, layer {layer}. Both sublayers get their native input but for one row, that "
            "of the exchanged token, taken from a run of the exchanged text; both passes have the "
            "same shape, so 0 means that not one bit moved."
        ).format(model=model_name(bench), layer=layer),
        {
            "position": _("position"),
            "token": _("token"),
            "attention": _("attention, ‖Δ‖ / ‖·‖"),
            "attention_largest": _("attention, largest |Δ|"),
            "feed_forward": _("feed-forward, ‖Δ‖ / ‖·‖"),
            "feed_forward_largest": _("feed-forward, largest |Δ|"),
        },
    )


def _settings(tokens: list[str]) -> int:
    state = st.session_state
    bring_back("changed", len(tokens) - 1)
    picking, writing = st.columns([3, 1])

    def spoken(place: int) -> str:
        return f"{place} · {isolated(visible(tokens[place]))}"

    places, label = range(len(tokens)), _("Exchange the token")
    if not single(label, places, "changed", picking, spoken):
        picking.select_slider(
            label, places, format_func=spoken, key="changed", persist_state="session"
        )
    writing.text_input(_("for the word"), key="replacement", persist_state="session", max_chars=BOX)
    return int(state["changed"])


def _exactly(value: float) -> str:
    return "0" if value == 0 else numeral(value, ".3g")


@st.cache_data(max_entries=48, show_spinner=False)
def _moved(
    name: str, text: Text, changed: int, replacement: int, layer: int, _bench: Bench
) -> pd.DataFrame:
    return position_wise(_bench, _bench.encode(text), changed, replacement, layer)
