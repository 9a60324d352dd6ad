"""Text to words: the pieces within which a model may merge or match, never across.

A pre-tokenizer is a row of steps; each turns one stretch of text into several. The patterns are
written here and chosen by name or by their exact spelling: a pattern out of a file is never run,
since a crafted one can take exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import regex

from tokenizers import unicode8

Step = Callable[[str], list[str]]

_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3_PATTERN = rf"{_CONTRACTIONS}|{_WORD}|\p{{N}}{{1,3}}|{_REST}"
QWEN2_PATTERN = rf"{_CONTRACTIONS}|{_WORD}|\p{{N}}|{_REST}"


def _finder(pattern: str) -> Step:
    # Every pattern covers every character, so the matches alone are the pieces.
    return regex.compile(pattern).findall


SPLITS: Mapping[str, Step] = {
    pattern: _finder(pattern) for pattern in (GPT2_PATTERN, LLAMA3_PATTERN, QWEN2_PATTERN)
}
"""The patterns that may be asked for, by their spelling."""

gpt2_words = SPLITS[GPT2_PATTERN]
single_digits = _finder(r"\p{N}|\P{N}+")
digit_runs = _finder(r"\p{N}+|\P{N}+")

_PUNCTUATION = r"\p{P}$+<=>^~|"
LLAMA_CPP_DEFAULT: tuple[Step, ...] = (
    _finder(rf"[{_PUNCTUATION}]+|[^{_PUNCTUATION}]+"),
    gpt2_words,
    digit_runs,
    _finder(r"[0-9]{3}|(?s:(?![0-9]{3}).)+"),
)
"""What llama.cpp does where a file does not know better (src/llama-vocab.cpp, `llm_tokenizer_bpe`,
the last case)."""

# White space separates and is dropped; every punctuation character is a word of its own.
bert_words: Step = re.compile(
    f"[{unicode8.PUNCTUATION}]|[^ {unicode8.SPACES}{unicode8.PUNCTUATION}]+"
).findall


def with_leading_space(text: str) -> list[str]:
    """One piece that starts with a space, so that a first word looks like any other."""
    return [text if text.startswith(" ") else " " + text]


def split(text: str, steps: Iterable[Step]) -> list[str]:
    """`text` through all `steps`, in order; each works on every piece of the one before."""
    pieces = [text]
    for step in steps:
        pieces = [part for piece in pieces for part in step(piece)]
    return pieces
