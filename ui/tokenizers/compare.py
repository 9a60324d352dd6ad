"""Compare: one text in real vocabularies and in those that were learnt here."""

from collections.abc import Hashable

import pandas as pd
import streamlit as st

from charts import tokenizers as charts
from experiments.vocabularies import SAMPLES, fertility, overlap, sample, texts_of
from model import ModelError
from tokenizers import Tokenizer
from ui import unknown
from ui.anatomy import evidence
from ui.i18n import N_, _
from ui.numbers import numeral
from ui.page import INSTALL_MODELS
from ui.plot import plot
from ui.scene import colours
from ui.spreadsheet import gaps
from ui.texts import BOX, MAX_CHARACTERS
from ui.tokenizers import lesson
from ui.tokenizers.pieces import MOST, described, row, styled
from ui.url import Parameter, flag

DEFAULT = "The unhappiest lighthouse keeper 猫坐在窗台上 def f(x): return x*2 🦊 👩‍🚀"
KINDS = {
    "english": N_("English"),
    "chinese": N_("Chinese"),
    "code": N_("Python"),
    "emoji": N_("Emoji"),
}

PARAMETERS = (Parameter("text", DEFAULT), Parameter("ids", True, flag))


def show() -> None:
    """Coloured pieces of the reader's text; then bundled texts and the vocabularies in numbers."""
    state = st.session_state
    st.text_area(_("Text"), key="text", height=90, persist_state="session", max_chars=BOX)
    st.toggle(_("Show ids"), key="ids", persist_state="session")
    text = state["text"]
    if not text.strip():
        raise ModelError("empty-text", "there is no text to compare")
    if len(text) > MAX_CHARACTERS:
        raise ModelError(
            "text-too-long",
            "the text has {characters} characters, at most {limit} are read",
            characters=len(text),
            limit=MAX_CHARACTERS,
        )
    real = lesson.real_tokenizers()
    if len(real) < len(lesson.REAL):
        st.info(_("The real vocabularies are not all installed. This command adds them:"))
        st.code(INSTALL_MODELS, language="bash", wrap_lines=True)
    with st.expander(_("What your own vocabularies are learnt from"), icon=":material/tune:"):
        lesson.controls()
        own = {
            method: lesson.own_tokenizer(method, lesson.learned(method))
            for method in lesson.METHODS
        }
    names = {name: _(lesson.REAL[name]) for name in real}
    names |= {method: _("Learnt here: {method}").format(method=method) for method in own}
    tokenizers = {**real, **own}
    for name, tokenizer in tokenizers.items():
        _one(names[name], tokenizer, text)
    _evidence(tokenizers, names)


def _one(name: str, tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text, special=False)
    each = _("{tokens} tokens, {each} per character").format(
        tokens=len(ids), each=numeral(len(ids) / len(text), ".2f")
    )
    facts = [f"**{name}**", each, *unknown.facts(tokenizer, [text])]
    st.markdown(" · ".join(facts))
    styled(row(described(tokenizer, ids[:MOST]), ids=st.session_state["ids"]))
    if len(ids) > MOST:
        st.caption(_("The first {shown} of {tokens} tokens.").format(shown=MOST, tokens=len(ids)))


def _key(name: str) -> Hashable:
    """What a vocabulary depends on: a real one on its name, a learnt one on its training."""
    if name not in lesson.METHODS:
        return name
    wanted = lesson.lesson(name)
    return wanted.digest, wanted.recipe, len(lesson.learned(name).steps)


def _evidence(tokenizers: dict[str, Tokenizer], names: dict[str, str]) -> None:
    kinds = {name: _(title) for name, title in KINDS.items()}
    measured = [_measured(name, _key(name), tokenizer) for name, tokenizer in tokenizers.items()]
    frame = pd.concat([rows for rows, _texts in measured], ignore_index=True)
    shared = overlap(
        {name: texts for name, (_rows, texts) in zip(tokenizers, measured, strict=True)}
    )
    st.subheader(_("Four kinds of text"), anchor=False)
    plot(
        charts.per_character(
            frame,
            names,
            kinds,
            {"tokens": _("tokens per character"), "kind": _("kind of text")},
            colours(),
        ),
        key="per_character",
    )
    st.caption(
        _(
            "?: the share of tokens for the unknown. "
            "What is unknown takes few tokens and says nothing."
        )
    )
    table = frame.assign(
        vocabulary=[names[name] for name in frame["vocabulary"]],
        text=[kinds[kind] for kind in frame["text"]],
    )
    table = table.round(3)
    counted = ["words", "tokens_per_word"]  # not where a text has no white space
    table[counted] = table[counted].apply(gaps)
    evidence(
        table,
        _(
            "The bundled texts, written for this project; no special tokens around them. Words "
            "stand between white space; Chinese has none, so there they are not counted. "
            "“lost”: characters with a byte that the vocabulary lacks; they vanish."
        ),
        {
            "vocabulary": _("vocabulary"),
            "text": _("text"),
            "characters": _("characters"),
            "words": _("words"),
            "tokens": _("tokens"),
            "tokens_per_character": _("tokens per character"),
            "tokens_per_word": _("tokens per word"),
            "unknown": _("unknown"),
            "lost": _("lost characters"),
        },
    )
    st.markdown(_("**What the vocabularies share**"))
    st.dataframe(
        shared.assign(
            first=[names[name] for name in shared["first"]],
            second=[names[name] for name in shared["second"]],
        ).rename(
            columns={
                "first": _("one"),
                "second": _("the other"),
                "first_size": _("its texts"),
                "second_size": _("the other's texts"),
                "shared": _("texts in both"),
                "share": _("share of the smaller"),
            }
        ),
        hide_index=True,
        width="stretch",
        column_config={_("share of the smaller"): st.column_config.NumberColumn(format="percent")},
    )
    st.caption(_("Entries are compared by their text, without ## and without a leading space."))


@st.cache_resource(max_entries=24, show_spinner=False)
def _measured(
    name: str, key: Hashable, _tokenizer: Tokenizer
) -> tuple[pd.DataFrame, frozenset[str]]:
    texts = {kind: sample(kind) for kind in SAMPLES}
    return fertility({name: _tokenizer}, texts), texts_of(_tokenizer)
