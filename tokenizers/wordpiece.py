"""WordPiece: greedy longest match from the left (Wu et al. 2016, §4.1; Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

CACHED_WORDS = 1 << 15


class Try(NamedTuple):
    """One look-up: whether `piece`, which starts at character `at` of the word, is an entry."""

    at: int
    piece: str
    found: bool


def longest_matches(
    word: str,
    vocabulary: Mapping[str, int],
    prefix: str,
    longest: int,
    tries: list[Try] | None = None,
) -> list[str] | None:
    """The pieces of `word`: the longest entry that starts it, then the longest that goes on.

    Args:
        word: without white space.
        vocabulary: the entries; those that continue a word start with `prefix`.
        prefix: usually ``##``.
        longest: the length of the longest entry; nothing longer is looked up.
        tries: if given, each look-up is appended to it.

    Returns:
        None where at some place no entry matches: the word as a whole is unknown then.
    """
    pieces: list[str] = []
    start = 0
    while start < len(word):
        mark = prefix if start else ""
        for end in range(min(len(word), start + longest), start, -1):
            piece = mark + word[start:end]
            found = piece in vocabulary
            if tries is not None:
                tries.append(Try(start, piece, found))
            if found:
                break
        else:
            return None
        pieces.append(piece)
        start = end
    return pieces


class WordPiece:
    """A WordPiece vocabulary as a function from a word to its ids.

    Args:
        vocabulary: entry → id; must hold `unknown`.
        unknown: the entry for a word that has no pieces.
        prefix: marks the entries that continue a word.
        longest_word: longer words (in characters) are unknown without a try.
    """

    kind: Literal["wordpiece"] = "wordpiece"

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        unknown: str = "[UNK]",
        prefix: str = "##",
        longest_word: int = 100,
    ) -> None:
        self.vocabulary = vocabulary
        self.unknown = unknown
        self.prefix = prefix
        self.longest_word = longest_word
        self._longest_entry = max(map(len, vocabulary))
        self._cached = lru_cache(CACHED_WORDS)(self._ids)

    def __call__(self, word: str) -> tuple[int, ...]:
        if len(word) > self.longest_word:
            return (self.vocabulary[self.unknown],)
        return self._cached(word)

    def label(self, piece: str) -> str:
        """The piece as it is: ``##`` says that it goes on with a word."""
        return piece

    def work(self, word: str) -> tuple[list[Try], list[str] | None]:
        """Each look-up for a word, and its pieces: None where it is unknown."""
        tries: list[Try] = []
        if len(word) > self.longest_word:
            return tries, None
        entries, longest = self.vocabulary, self._longest_entry
        return tries, longest_matches(word, entries, self.prefix, longest, tries)

    def _ids(self, word: str) -> tuple[int, ...]:
        pieces = longest_matches(word, self.vocabulary, self.prefix, self._longest_entry)
        return tuple(self.vocabulary[piece] for piece in pieces or [self.unknown])
