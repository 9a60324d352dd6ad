"""BERT's 80/10/10 rule on the reader's text, rolled as often as wished."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from experiments.corruption import (
    Corruption,
    Fate,
    candidates_of,
    corrupt,
    selected_of,
    tally,
)
from model import Bench
from ui import texts
from ui.i18n import _
from ui.inert import inert
from ui.numbers import numeral
from ui.texts import BOX
from ui.url import Parameter, number

ROLLS = 1000
MOST_TOKENS = 256
PASSAGE = (
    "The ship left the harbour before dawn. Nobody on the pier waved, for the town was still "
    "asleep, and only the lighthouse keeper wrote its name into his book. By noon the coast was a "
    "thin grey line; in the evening there was nothing left but water, wind and the slow sound of "
    "the engine."
)
PARAMETERS = (Parameter("passage", PASSAGE), Parameter("seed", 0, number(0, 10**9)))

ICONS = {Fate.MASK: "visibility_off", Fate.RANDOM: "shuffle", Fate.KEPT: "check"}


def show(bench: Bench) -> None:
    """Corrupt a passage once for all to see, and count many rolls."""
    st.subheader(_("How BERT hides tokens in training: 80 / 10 / 10"), anchor=False)
    if bench.tokenizer.special.mask is None:
        st.info(_("This model's vocabulary has no [MASK]."))
        return
    st.text_area(_("Passage"), key="passage", height=100, persist_state="session", max_chars=BOX)
    texts.as_text(st.session_state["passage"], bench, MOST_TOKENS)
    ids = bench.tokenizer.encode(st.session_state["passage"])
    seed = int(st.session_state["seed"])
    corruption = corrupt(ids, bench.tokenizer, seed)
    candidates = len(candidates_of(ids, bench.tokenizer))
    st.markdown(
        _("Of {n} tokens {chosen} are selected. The model has to predict those:").format(
            n=candidates, chosen=selected_of(candidates)
        )
    )
    st.markdown(" ".join(_tokens(bench, ids, corruption)))
    rolling, typing = st.columns([2, 1], vertical_alignment="bottom")
    rolling.button(
        _("Roll again"), icon=":material/casino:", on_click=_roll, key="roll", width="stretch"
    )
    typing.number_input(_("Seed"), 0, 10**9, key="seed", persist_state="session")
    fates = _names()
    table = _tally(candidates, seed)
    st.dataframe(
        pd.DataFrame(
            {
                _("a selected token"): [fates[Fate[name]] for name in table["fate"]],
                _("this roll"): table["first"],
                _("expected per roll"): table["expected"].round(3),
                _("mean of {n} rolls").format(n=ROLLS): table["mean"].round(3),
                _("their standard deviation"): table["std"].round(3),
                _("share of all selected"): [numeral(share, ".1%") for share in table["share"]],
            }
        ),
        hide_index=True,
        width="stretch",
    )
    said = _("Seed {seed}; {tokens} selected tokens in {n} rolls, of which the first is above.")
    st.caption(said.format(seed=seed, tokens=ROLLS * selected_of(candidates), n=ROLLS))


@st.cache_data(max_entries=64, show_spinner=False)
def _tally(candidates: int, seed: int) -> pd.DataFrame:
    return tally(candidates, ROLLS, seed)


def _names() -> dict[Fate, str]:
    return {
        Fate.MASK: _("becomes [MASK]"),
        Fate.RANDOM: _("becomes a random token"),
        Fate.KEPT: _("stays as it is"),
    }


def _roll() -> None:
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10**9


def _tokens(bench: Bench, ids: Sequence[int], corruption: Corruption) -> list[str]:
    """The text as Markdown: each selected token with what became of it."""
    before = bench.tokenizer.tokens(ids)
    after = bench.tokenizer.tokens(corruption.ids.tolist())
    pieces = []
    for old, new, number_of in zip(before, after, corruption.fates.tolist(), strict=True):
        fate = Fate(number_of)
        if fate is Fate.UNTOUCHED:
            pieces.append(inert(old))
            continue
        change = inert(old) if fate is Fate.KEPT else f"{inert(old)} → {inert(new)}"
        pieces.append(f":violet-badge[:material/{ICONS[fate]}: {change}]")
    return pieces
