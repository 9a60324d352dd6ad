"""The word that a reader types, and what the dictionary says of it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from model import ModelError
from model.training.tasks.pronunciation import (
    LETTERS,
    Part,
    Pronunciation,
    dictionary,
)
from model.training.tasks.pronunciation import words as words_of
from ui.i18n import N_, _

LONGEST_WORD = 30  # letters

PARTS: Mapping[Part, str] = {
    "training": N_("a word of the training"),
    "validation": N_("held out: a validation word"),
    "test": N_("held out: a test word"),
}


def as_word(typed: str) -> str:
    """What the model is to read.

    ModelError: "no-letters", "no-symbol" (field `characters`), "word-too-long" (`letters`,
    `limit`).
    """
    word = typed.strip().lower().replace("’", "'")
    strange = "".join(dict.fromkeys(c for c in word if c not in LETTERS))
    if strange:
        raise ModelError(
            "no-symbol",
            "the model has no symbol for {characters}",
            characters=" ".join("␣" if c.isspace() else c for c in strange[:10]),
        )
    if not any(c.isalpha() for c in word):
        raise ModelError("no-letters", "there is no word to pronounce")
    if len(word) > LONGEST_WORD:
        raise ModelError(
            "word-too-long",
            "the word has {letters} letters, the page reads at most {limit}",
            letters=len(word),
            limit=LONGEST_WORD,
        )
    return word


def lexicon() -> Mapping[str, tuple[Pronunciation, ...]]:
    """The dictionary; ModelError "data-missing"."""
    with st.spinner(_("Reading the dictionary …")):
        return dictionary()


def part_of(word: str) -> Part | None:
    """The part that a word of the dictionary is in, None for any other word."""
    if word not in lexicon():
        return None
    if word in _held_out("test"):
        return "test"
    return "validation" if word in _held_out("validation") else "training"


def tests(count: int) -> Sequence[str]:
    """The first test words, in their fixed random order."""
    return _words("test", count)


def lessons(count: int) -> Sequence[str]:
    """The first training words."""
    return _words("training", count)


@st.cache_data(max_entries=8, show_spinner=False)
def _words(part: Part, count: int) -> Sequence[str]:
    return words_of(part)[:count]


@st.cache_resource(max_entries=2, show_spinner=False)
def _held_out(part: Part) -> frozenset[str]:
    return frozenset(words_of(part))
