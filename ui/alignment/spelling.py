"""The word, how it is spelled out, and what the dictionary says."""

import math
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from model import Bench, ModelError
from model.decoding import Hypothesis
from ui.alignment import steps
from ui.alignment.lexicon import PARTS, as_word, lexicon, part_of
from ui.alignment.phonemes import ipa, key
from ui.alignment.written import candidates, spoken, trace_of
from ui.anatomy import badge, figures
from ui.errors import explain
from ui.i18n import _
from ui.indices import bring_back
from ui.numbers import numeral
from ui.spreadsheet import safe
from ui.texts import BOX
from ui.url import Parameter, number, one_of

DEFAULT = "nightmare"
EXAMPLES = ("nightmare", "physically", "knight", "rhythm", "colonel", "tomato", "blorptastic")
WIDEST = 8

PARAMETERS = (
    Parameter("word", DEFAULT),
    Parameter("search", "greedy", one_of("greedy", "beam")),
    Parameter("width", 4, number(2, WIDEST)),
    Parameter("candidate", 0, number(0, WIDEST - 1)),
    *steps.PARAMETERS,
)


@dataclass(frozen=True)
class View:
    """What the reader looks at: a word, the tokens written to it, a decoder layer and a head,
    None for the mean of all."""

    word: str
    tokens: tuple[int, ...]
    layer: int
    head: int | None


def show(bench: Bench) -> View:
    """Draw controls and picture. ModelError for a word that cannot be read."""
    badge("observed")
    width = _controls()
    word = as_word(st.session_state["word"])
    found = candidates(bench, word, width)
    if width:
        _best(bench, found)
    chosen = found[st.session_state["candidate"] if width else 0]
    said = spoken(bench, chosen.tokens)
    _headline(word, said, chosen)
    seen = trace_of(bench, word, chosen.tokens)
    layer, head = steps.place(bench)
    steps.show(bench, seen, layer, head)
    steps.unsure(bench, seen)
    if said:
        st.caption(key(said))
    return View(word, chosen.tokens, layer, head)


def _controls() -> int:
    """The word, and how it is decoded; returns the width of the beam, 0 for none."""
    state = st.session_state
    typing, searching, widening = st.columns([3, 2, 2], vertical_alignment="bottom")
    typing.text_input(
        _("Word"), key="word", persist_state="session", on_change=_afresh, max_chars=BOX
    )
    names = {"greedy": _("greedy"), "beam": _("beam search")}
    searching.segmented_control(
        _("Decoding"),
        list(names),
        format_func=names.__getitem__,
        key="search",
        required=True,
        persist_state="session",
        on_change=_afresh,
    )
    if state["search"] == "beam":
        widening.slider(
            _("Beam width"), 2, WIDEST, key="width", persist_state="session", on_change=_afresh
        )
    st.pills(_("Examples"), EXAMPLES, key="example", on_change=_take, label_visibility="collapsed")
    return int(state["width"]) if state["search"] == "beam" else 0


def _take() -> None:
    """Put the picked example into the box."""
    example = st.session_state["example"]
    if example is not None:
        # told so, the browser picks nothing: else it would say it again with every other change
        st.session_state["example"] = None
        st.session_state["word"] = example
        _afresh()


def _afresh() -> None:
    """Another word, or another way to write it: the best of it, complete."""
    st.session_state["candidate"] = 0
    steps.to_the_end()


def _best(bench: Bench, found: tuple[Hypothesis, ...]) -> None:
    """The spellings that the beam ended with, and which of them to look at."""
    said = [spoken(bench, one.tokens) for one in found]
    bring_back("candidate", len(found) - 1)
    table = pd.DataFrame(
        {
            "#": range(len(found)),
            _("phonemes"): [" ".join(one) for one in said],
            "IPA": [ipa(one) for one in said],
            "P": [numeral(math.exp(one.log_probability), ".2%") for one in found],
            _("log P, nats"): [round(one.log_probability, 3) for one in found],
            _("per token (ranks them)"): [round(one.score, 3) for one in found],
        }
    )
    st.dataframe(safe(table), hide_index=True, width="stretch")
    st.pills(
        _("Look at the spelling"),
        range(len(found)),
        format_func=lambda place: f"{place} · {' '.join(said[place])}",
        key="candidate",
        required=True,
        persist_state="session",
        on_change=steps.to_the_end,
    )


def _headline(word: str, said: list[str], chosen: Hypothesis) -> None:
    """What the model says, and the dictionary."""
    facts = [
        (_("The model says"), " ".join(said) or "–", ipa(said)),
        (
            _("Probability of the whole"),
            numeral(math.exp(chosen.log_probability), ".1%"),
            _("log P = {nats} nats").format(nats=numeral(chosen.log_probability, ".2f")),
        ),
    ]
    missing: ModelError | None = None
    try:
        right = lexicon().get(word)
        part = part_of(word)
    except ModelError as error:
        missing = error
    else:
        if right is None or part is None:
            facts.append((_("The dictionary"), "–", _("does not have this word")))
        else:
            others = [" ".join(one) for one in right[1:3]]
            kind = _(PARTS[part])
            note = kind + " · " + _("or {others}").format(others=", ".join(others))
            facts.append((_("The dictionary says"), " ".join(right[0]), note if others else kind))
    figures(*facts)
    if missing is not None:
        st.info(explain(missing), icon=":material/menu_book:")
    if not chosen.ended:
        st.warning(_("The model did not come to an end: it was stopped after the longest allowed."))
