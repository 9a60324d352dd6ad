"""Byte-pair encoding (Sennrich, Haddow and Birch 2016, §3.2), on the byte alphabet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from operator import add
from typing import Literal, NamedTuple

from tokenizers.alphabet import ALPHABET, readable, to_bytes, to_symbols

Pair = tuple[str, str]

CACHED_WORDS = 1 << 15
LONGEST_CACHED_WORD = 64


class Merge(NamedTuple):
    """One step: the symbols `left` and `right`, `left` starting at symbol `at` of the input."""

    rank: int
    at: int
    left: str
    right: str


def ranked(merges: Iterable[Pair]) -> dict[Pair, int]:
    """Merges in the order they were learnt → the rank of each (0 first)."""
    return {pair: rank for rank, pair in enumerate(merges)}


def apply_merges(
    symbols: Sequence[str],
    ranks: Mapping[Pair, int],
    steps: list[Merge] | None = None,
    join: Callable[[str, str], str] = add,
) -> list[str]:
    """Join neighbours until no pair is left that has a rank: lowest rank first, then leftmost.

    A heap of candidate pairs over a linked list of symbols: O(n log n) for n symbols.

    Args:
        symbols: what to start from, e.g. the characters of a word.
        ranks: the rank of each pair that may be joined.
        steps: if given, each merge is appended to it.
        join: what two symbols become.
    """
    joined = list(symbols)  # the symbol that starts here; "" once it is part of the one before
    n = len(joined)
    following = list(range(1, n + 1))
    preceding = list(range(-1, n - 1))
    # rank * n + position orders by rank, then by position, and is one number to compare.
    heap = [
        rank * n + at
        for at, pair in enumerate(pairwise(joined))
        if (rank := ranks.get(pair)) is not None
    ]
    heapify(heap)
    while heap:
        rank, at = divmod(heappop(heap), n)
        right_at = following[at]
        if right_at == n:
            continue
        left, right = joined[at], joined[right_at]
        if ranks.get((left, right)) != rank:
            continue  # one of the two has been joined to another since
        if steps is not None:
            steps.append(Merge(rank, at, left, right))
        joined[at], joined[right_at] = join(left, right), ""
        following[at] = after = following[right_at]
        if after < n:
            preceding[after] = at
            new_rank = ranks.get((joined[at], joined[after]))
            if new_rank is not None:
                heappush(heap, new_rank * n + at)
        before = preceding[at]
        if before >= 0:
            new_rank = ranks.get((joined[before], joined[at]))
            if new_rank is not None:
                heappush(heap, new_rank * n + before)
    return [symbol for symbol in joined if symbol]


class ByteLevelBPE:
    """A byte-level BPE vocabulary as a function from a word to its ids.

    Attributes:
        missing: the symbols of the byte alphabet that are no entries. Usually none; but SmolLM2
            has no token for 21 bytes, and a character that needs one is lost.

    Args:
        vocabulary: entry, in the byte alphabet → id.
        merges: the pairs in the order they were learnt; both parts and their join are entries.
        unknown: the entry for a byte that is none; without it such a byte is dropped.
        fuse_unknown: one `unknown` for a run of such bytes.
        ignore_merges: a word that is itself an entry is not taken apart.
    """

    kind: Literal["byte-level BPE"] = "byte-level BPE"

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        merges: Iterable[Pair],
        unknown: str | None = None,
        fuse_unknown: bool = False,
        ignore_merges: bool = False,
    ) -> None:
        self.vocabulary = vocabulary
        self.ranks = ranked(merges)
        self.unknown = unknown
        self.fuse_unknown = fuse_unknown
        self.ignore_merges = ignore_merges
        self.missing = frozenset(ALPHABET).difference(vocabulary)
        self._cached = lru_cache(CACHED_WORDS)(self._ids)

    def __call__(self, word: str) -> tuple[int, ...]:
        return self._cached(word) if len(word) <= LONGEST_CACHED_WORD else self._ids(word)

    def label(self, piece: str) -> str:
        """The piece as text; bytes that are no whole character as hex."""
        return readable(to_bytes(piece))

    def work(self, word: str) -> tuple[list[str], list[Merge], list[str]]:
        """The symbols of a word, each merge, and the pieces that are left."""
        symbols = to_symbols(word)
        if self.ignore_merges and symbols in self.vocabulary:
            return [symbols], [], [symbols]
        known, merges = self._known(symbols), list[Merge]()
        return known, merges, apply_merges(known, self.ranks, merges)

    def _ids(self, word: str) -> tuple[int, ...]:
        symbols = to_symbols(word)
        if self.ignore_merges and symbols in self.vocabulary:
            return (self.vocabulary[symbols],)
        known = symbols if self.missing.isdisjoint(symbols) else self._known(symbols)
        return tuple(self.vocabulary[piece] for piece in apply_merges(known, self.ranks))

    def _known(self, symbols: str) -> list[str]:
        known: list[str] = []
        fusing = False
        for symbol in symbols:
            if symbol not in self.missing:
                known.append(symbol)
                fusing = False
            elif self.unknown is not None and not fusing:
                known.append(self.unknown)
                fusing = self.fuse_unknown
        return known
