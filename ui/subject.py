"""What a page looks at: a model and a text, picked by two controls that every such page shares."""

from collections.abc import Sequence

import streamlit as st

from model import Bench, ModelError
from model.bench import Text
from ui import texts
from ui.i18n import _
from ui.indices import bring_back
from ui.models import bench_of
from ui.notices import tell
from ui.offers import model_parameter, pick_model
from ui.single import single
from ui.texts import BOX
from ui.unknown import tell_unknown
from ui.url import Parameter

MOST_SENTENCES = 6  # of a batch
MOST_TOKENS = 64  # of one of its sentences


def subject_parameters(
    text: str = texts.DEFAULT, model: str = "minilm"
) -> tuple[Parameter, Parameter]:
    """The page's part of the URL for `subject`, with the page's own defaults."""
    return Parameter("text", text), model_parameter(model)


def subject(
    model: str = "model", limit: int = texts.MAX_TOKENS, only: Sequence[str] | None = None
) -> tuple[Bench, Text]:
    """Draw text box and model list; returns the loaded model and what it is to read.

    model: the parameter that holds the model, where a page keeps another than the shared one.
    limit: tokens that the text may have. only: the models to choose from, by default all.

    ModelError: the model cannot be loaded, or the text cannot be read (see `texts.as_text`).
    """
    typing, choosing = st.columns([2, 1], vertical_alignment="bottom")
    typing.text_input(_("Text"), key="text", persist_state="session", max_chars=BOX)
    with choosing:
        picked = pick_model(model, only)
    bench = bench_of(picked)
    tell(bench)
    text = texts.as_text(st.session_state["text"], bench, limit)
    tell_unknown(bench, [text], model, only)
    return bench, text


def batch_subject() -> tuple[Bench, tuple[str, ...]]:
    """Draw the text box of a batch (the parameter `sentences`, one a line) and the model list;
    returns the loaded model and the sentences.

    ModelError: as `subject`, and "too-many-sentences".
    """
    typing, choosing = st.columns([2, 1])
    typing.text_area(
        _("A batch: one sentence per line"),
        key="sentences",
        height=100,
        persist_state="session",
        max_chars=BOX,
    )
    with choosing:
        picked = pick_model()
    bench = bench_of(picked)
    tell(bench)
    lines = [line.strip() for line in st.session_state["sentences"].splitlines() if line.strip()]
    if len(lines) > MOST_SENTENCES:
        raise ModelError(
            "too-many-sentences",
            "the batch has {count} sentences, this page reads at most {limit}",
            count=len(lines),
            limit=MOST_SENTENCES,
        )
    for line in lines or [""]:
        texts.as_text(line, bench, MOST_TOKENS)
    tell_unknown(bench, lines)
    return bench, tuple(lines)


def place(bench: Bench) -> tuple[int, int]:
    """Draw the choice of a layer and a head of this model (the page's parameters `layer` and
    `head`); returns both, counted from 0."""
    state, shape = st.session_state, bench.shape
    picking = st.columns(2)
    chosen = []
    for column, name, label, count in (
        (picking[0], "layer", _("Layer"), shape.n_layers),
        (picking[1], "head", _("Head"), shape.n_heads),
    ):
        bring_back(name, count - 1)  # another model may have fewer
        options = range(count)
        if not single(label, options, name, column):
            column.select_slider(label, options, key=name, persist_state="session")
        chosen.append(int(state[name]))
    return chosen[0], chosen[1]
