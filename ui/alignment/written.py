"""What the model writes to a word, shared by all sessions in bounded caches."""

from collections.abc import Sequence

import streamlit as st

from experiments.cross_attention import Trace, trace
from experiments.pronunciation import LONGEST
from model import Bench
from model.decoding import Hypothesis, beam, greedy, prompt


def candidates(bench: Bench, word: str, width: int) -> tuple[Hypothesis, ...]:
    """What a beam of this width ends with, best first; for width 0 what greedy decoding writes."""
    return _candidates(bench.name, word, width, bench)


def trace_of(bench: Bench, word: str, tokens: tuple[int, ...]) -> Trace:
    """All steps of writing these tokens; read only."""
    return _trace(bench.name, word, tokens, bench)


def spoken(bench: Bench, tokens: Sequence[int]) -> list[str]:
    """The phonemes among these tokens."""
    special = bench.tokenizer.special_ids
    return bench.tokenizer.tokens([token for token in tokens if token not in special])


@st.cache_data(max_entries=256, show_spinner=False)
def _candidates(name: str, word: str, width: int, _bench: Bench) -> tuple[Hypothesis, ...]:
    begin = prompt(_bench, word)
    if width:
        *_before, last = beam(_bench.transformer, begin, limit=LONGEST, width=width)
        return last.finished
    steps = list(greedy(_bench.transformer, begin, limit=LONGEST))
    tokens = tuple(step.token for step in steps)
    total = sum(float(step.logits.double().log_softmax(-1)[step.token]) for step in steps)
    return (Hypothesis(tokens, total, total / len(tokens), tokens[-1] in begin.stop),)


@st.cache_resource(max_entries=128, show_spinner=False)
def _trace(name: str, word: str, tokens: tuple[int, ...], _bench: Bench) -> Trace:
    return trace(_bench, word, tokens)
