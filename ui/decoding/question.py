"""Question 17: a text written token by token, what that costs, and what it keeps in memory."""

import streamlit as st

from model import Bench, ModelError
from model.catalogue import CATALOGUE, installed
from ui import texts
from ui.anatomy import badge
from ui.decoding import clock, held, written
from ui.i18n import _
from ui.models import bench_of
from ui.notices import tell
from ui.offers import Offer, model_parameter, offered, pick_model
from ui.texts import BOX
from ui.unknown import tell_unknown
from ui.url import Parameter, among, number, one_of

MOST_PROMPT = 64  # tokens
MOST_NEW = 48
PROMPT = "The capital of France is"


def writers() -> dict[str, Offer]:
    """The models on offer that might write: causal ones, and the server's own folders."""
    found = {}
    for name, offer in offered().items():
        entry = CATALOGUE.get(name)
        ours = entry is not None and not entry.requirement  # trained here: there, or not yet
        if entry is None or (entry.kind == "causal" and (installed(name) or not ours)):
            found[name] = offer
    return found


PARAMETERS = (
    Parameter("prompt", PROMPT),
    model_parameter("smollm2", among=writers),
    Parameter("tokens", 8, number(1, MOST_NEW)),
    Parameter("temperature", 0.0, number(0, 2, float)),
    Parameter("seed", 0, number(0, 9999)),
    Parameter("timed", "fresh", one_of("fresh", "model")),
    Parameter("width", 512, among(*clock.WIDTHS)),
    Parameter("longest", 64, among(*clock.LONGEST)),
)


def show() -> None:
    """The text, the clock, the memory."""
    bench, prompt = _subject()
    badge("observed")
    limit, temperature = _settings()
    moments = written.show(bench, prompt, limit, temperature, int(st.session_state["seed"]))
    st.subheader(_("Time against length"), anchor=False)
    badge("computed")
    clock.show(bench)
    st.subheader(_("What the cache holds"), anchor=False)
    badge("observed")
    held.show(bench, moments)


def _subject() -> tuple[Bench, str]:
    typing, choosing = st.columns([3, 1], vertical_alignment="bottom")
    typing.text_input(_("Prompt"), key="prompt", persist_state="session", max_chars=BOX)
    with choosing:
        picked = pick_model(only=writers())
    bench = bench_of(picked)
    tell(bench)
    if bench.shape.kind != "decoder" or bench.shape.head != "lm":
        raise ModelError("cannot-write", "this model cannot write: it needs a decoder with a head")
    text = texts.as_text(st.session_state["prompt"], bench, MOST_PROMPT)
    tell_unknown(bench, [text], only=writers())
    return bench, text if isinstance(text, str) else " ".join(text)


def _settings() -> tuple[int, float]:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(_("New tokens"), 1, MOST_NEW, key="tokens", persist_state="session", width=260)
        st.slider(
            _("Temperature (0: always the likeliest)"),
            0.0,
            2.0,
            step=0.1,
            key="temperature",
            persist_state="session",
            width=260,
        )
        st.number_input(
            _("Seed"),
            0,
            9999,
            key="seed",
            persist_state="session",
            width=140,
            disabled=not state["temperature"],
        )
    return int(state["tokens"]), float(state["temperature"])
