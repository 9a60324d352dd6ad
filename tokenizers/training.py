"""Learning a vocabulary merge by merge: one loop, three scores.

Words start as their smallest symbols, and each step joins one pair of neighbours everywhere. Which
pair is a matter of the score:

- ``frequency``, BPE: count(ab) (Sennrich, Haddow and Birch 2016, arXiv 1508.07909, §3.2);
- ``gain``, WordPiece: count(ab) · ln(N · count(ab) / (count(a) · count(b))) with the N tokens of
  the corpus, close to what the merge adds to the corpus's log-likelihood under a unigram model of
  the pieces, which the papers maximise (Schuster and Nakajima 2012, §2; Wu et al. 2016,
  arXiv 1609.08144, §4.1);
- ``ratio``, WordPiece as it is widely taught: count(ab) / (count(a) · count(b)), how much more
  often the two meet than they would by chance, whatever their count (a reconstruction: Hugging
  Face, LLM Course, chapter 6; Google's trainer was never published).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, NamedTuple

import numpy as np

from tokenizers.alphabet import ALPHABET, to_symbols

Score = Literal["frequency", "ratio", "gain"]
Alphabet = Literal["bytes", "characters"]

UNKNOWN = "[UNK]"
PREFIX = "##"
END = -1  # the id that closes each word
SNAPSHOTS = 24


class Join(NamedTuple):
    """The ids of two neighbours and of what they become."""

    left: int
    right: int
    new: int


@dataclass(frozen=True)
class Recipe:
    """What is learnt, and from what.

    Attributes:
        score: which pair wins.
        alphabet: ``bytes``: 256 symbols, any text can be written with them; ``characters``: those
            of the corpus, and ``##`` in front of each that goes on with a word, as BERT has it.
        least: a pair that occurs less often is never joined (at least 1).
    """

    score: Score = "frequency"
    alphabet: Alphabet = "bytes"
    least: int = 1


@dataclass(frozen=True)
class Candidate:
    """A pair of neighbours, and what speaks for joining it.

    Attributes:
        left, right: the two pieces.
        count: how often they are neighbours.
        left_count, right_count: how often each piece occurs.
        total: the tokens that the corpus is divided into.
    """

    left: str
    right: str
    count: int
    left_count: int
    right_count: int
    total: int

    @property
    def ratio(self) -> float:
        """count(ab) / (count(a) · count(b))."""
        return self.count / (self.left_count * self.right_count)

    @property
    def gain(self) -> float:
        """count(ab) · ln(total · count(ab) / (count(a) · count(b))), in nats."""
        return self.count * math.log(self.total * self.ratio)


@dataclass(frozen=True)
class Step(Candidate):
    """One merge: the pair that won, as it was before.

    Attributes:
        piece: what the two become.
        tokens: what the corpus is divided into after the step, each word as often as it occurs.
        joins: what was joined, as ids: the pair, and, where the new piece was known already (two
            ways lead to "ing"), the earlier merges that it makes possible again.
    """

    piece: str
    tokens: int
    joins: tuple[Join, ...]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Distinct words in a row, as they are divided at one step; never changed in place.

    Attributes:
        symbols: (n,) int32, the id of each symbol; `END` after each word.
        weights: (n,) int64, how often the word at this place occurs; 0 at `END`.
    """

    symbols: np.ndarray
    weights: np.ndarray

    @property
    def tokens(self) -> int:
        """The symbols of all words, each as often as its word occurs."""
        return int(self.weights.sum())

    @property
    def words(self) -> int:
        """The words, each as often as it occurs."""
        starts = np.diff(self.symbols == END, prepend=True) & (self.symbols != END)
        return int(self.weights[starts].sum())

    def places(self, left: int, right: int) -> np.ndarray:
        """Where the pair starts; of overlapping ones (aaa) the leftmost."""
        at = np.flatnonzero(self.symbols[:-1] == left)
        at = at[self.symbols[at + 1] == right]
        if left != right or len(at) < 2:
            return at
        order = np.arange(len(at))
        first = np.where(np.diff(at, prepend=-2) > 1, order, 0)
        return at[(order - np.maximum.accumulate(first)) % 2 == 0]

    def joined(self, at: np.ndarray, new: int) -> Corpus:
        """With the pairs that start at `at` as the one symbol `new`."""
        symbols = self.symbols.copy()
        symbols[at] = new
        keep = np.ones(len(symbols), bool)
        keep[at + 1] = False
        return Corpus(symbols[keep], self.weights[keep])

    def replayed(self, step: Step) -> Corpus:
        """After one more step."""
        corpus = self
        for left, right, new in step.joins:
            corpus = corpus.joined(corpus.places(left, right), new)
        return corpus

    def pairs(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pairs that start at `at`, as keys (left · 2³² + right), and their weights, without
        those that reach over the end of a word."""
        left, right = self.symbols[at].astype(np.int64), self.symbols[at + 1]
        inside = (left != END) & (right != END)
        return (left << 32 | right)[inside], self.weights[at][inside]


class _Counts:
    """How often each symbol and each pair occurs, kept up to date."""

    def __init__(self, corpus: Corpus, size: int) -> None:
        inside = corpus.symbols != END
        totals = np.bincount(corpus.symbols[inside], corpus.weights[inside], size)
        self.symbols = totals.astype(np.int64)
        self.slots: dict[int, int] = {}  # key of a pair → its row in the arrays below
        self.free: list[int] = []
        self.keys = np.zeros(0, np.int64)
        self.pairs = np.zeros(0, np.int64)
        self.change(*corpus.pairs(np.arange(len(corpus.symbols) - 1)))

    def change(self, keys: np.ndarray, amounts: np.ndarray) -> None:
        """Add to the counts of pairs; a pair that no longer occurs gives its row away."""
        unique, inverse = np.unique(keys, return_inverse=True)
        totals = np.bincount(inverse, amounts, len(unique)).astype(np.int64)
        for key, amount in zip(unique.tolist(), totals.tolist(), strict=True):
            if amount == 0:
                continue
            slot = self.slots.get(key)
            if slot is None:
                slot = self.slots[key] = self._row()
                self.keys[slot] = key
            self.pairs[slot] += amount
            if self.pairs[slot] == 0:
                del self.slots[key]
                self.free.append(slot)

    def _row(self) -> int:
        if not self.free:
            used = len(self.pairs)
            more = max(1024, used)
            self.keys = np.concatenate([self.keys, np.zeros(more, np.int64)])
            self.pairs = np.concatenate([self.pairs, np.zeros(more, np.int64)])
            self.free = list(range(used + more - 1, used - 1, -1))
        return self.free.pop()

    def best(self, score: Score, least: int) -> tuple[int, int, int] | None:
        """The ids of the pair that wins and its count; of equals the one with the smaller ids."""
        enough = self.pairs >= max(least, 1)
        if not enough.any():
            return None
        values = np.where(enough, self.values(score), -np.inf)
        winners = np.flatnonzero(values == values.max())
        slot = winners[np.argmin(self.keys[winners])]
        left, right = divmod(int(self.keys[slot]), 1 << 32)
        return left, right, int(self.pairs[slot])

    def values(self, score: Score) -> np.ndarray:
        """The score of each row."""
        if score == "frequency":
            return self.pairs
        left, right = self.symbols[self.keys >> 32], self.symbols[self.keys & 0xFFFFFFFF]
        ratios = self.pairs / np.maximum(left * right, 1)
        if score == "ratio":
            return ratios
        return self.pairs * np.log(np.maximum(self.symbols.sum() * ratios, 1e-300))  # a row of none

    def join(self, corpus: Corpus, join: Join) -> Corpus:
        """Join a pair everywhere, and count anew around each place."""
        at = corpus.places(join.left, join.right)
        after = corpus.joined(at, join.new)
        moved = at - np.arange(len(at))  # each place, less the symbols that vanished before it
        gone, less = corpus.pairs(_around(at, 1, len(corpus.symbols)))
        come, more = after.pairs(_around(moved, 0, len(after.symbols)))
        self.change(np.concatenate([gone, come]), np.concatenate([-less, more]))
        if join.new == len(self.symbols):
            self.symbols = np.append(self.symbols, 0)
        total = int(corpus.weights[at].sum())
        self.symbols[join.left] -= total
        self.symbols[join.right] -= total
        self.symbols[join.new] += total
        return after


def _around(at: np.ndarray, reach: int, size: int) -> np.ndarray:
    """The pairs from one before each place to `reach` behind it, each once."""
    near = np.unique(np.concatenate([at + offset for offset in range(-1, reach + 1)]))
    return near[(near >= 0) & (near < size - 1)]


@dataclass(frozen=True, eq=False)
class Training:
    """A corpus, and what was learnt from it so far.

    Attributes:
        recipe: what it is to learn.
        start: the corpus in its smallest symbols.
        alphabet: the vocabulary before the first step; an entry's id is its place.
        steps: in the order they were learnt.
    """

    recipe: Recipe
    start: Corpus
    alphabet: tuple[str, ...]
    steps: tuple[Step, ...] = ()

    def after(self, steps: int) -> Training:
        """As it stood after the first `steps` steps."""
        return replace(self, steps=self.steps[:steps])

    @property
    def pieces(self) -> list[str]:
        """All entries; an entry's id is its place."""
        return list(dict.fromkeys([*self.alphabet, *(step.piece for step in self.steps)]))

    @property
    def tokens(self) -> list[int]:
        """The tokens of the corpus after each step, from 0 on."""
        return [self.start.tokens, *(step.tokens for step in self.steps)]

    @property
    def merges(self) -> list[tuple[str, str]]:
        """The pairs in the order they were learnt."""
        return [(step.left, step.right) for step in self.steps]


def symbols_of(word: str, alphabet: Alphabet) -> list[str]:
    """What a word is made of before anything is learnt."""
    if alphabet == "bytes":
        return list(to_symbols(word))
    return [*word[:1], *(PREFIX + letter for letter in word[1:])]


def joined_piece(left: str, right: str, alphabet: Alphabet) -> str:
    """What two pieces become."""
    return left + (right.removeprefix(PREFIX) if alphabet == "characters" else right)


def begin(words: Mapping[str, int], recipe: Recipe) -> Training:
    """A training that has learnt nothing yet.

    Args:
        words: what the pre-tokenizer makes of the corpus → how often each word occurs. No merge
            ever reaches over the end of a word.
    """
    if recipe.alphabet == "bytes":
        alphabet = sorted(ALPHABET)
    else:
        letters = sorted({letter for word in words for letter in word})
        alphabet = [UNKNOWN, *letters, *(PREFIX + letter for letter in letters)]
    ids = {piece: id for id, piece in enumerate(alphabet)}
    symbols: list[int] = []
    weights: list[int] = []
    for word, count in words.items():
        row = [ids[symbol] for symbol in symbols_of(word, recipe.alphabet)]
        symbols += [*row, END]
        weights += [count] * len(row) + [0]
    corpus = Corpus(np.array(symbols, np.int32), np.array(weights, np.int64))
    return Training(recipe, corpus, tuple(alphabet))


def learn(training: Training) -> Iterator[Step]:
    """Step after step, from the corpus as it is at the beginning, until no pair is left that
    occurs often enough.

    Deterministic: of pairs with the same score the one with the smaller ids wins (first the left
    piece's, then the right one's), as in Hugging Face's trainer. Ratios and gains are compared as
    the nearest float64. A step takes time in proportion to the corpus and its distinct pairs,
    as whole arrays, not as a loop over them.
    """
    recipe, corpus = training.recipe, training.start
    pieces = list(training.alphabet)
    ids = {piece: id for id, piece in enumerate(pieces)}
    counts = _Counts(corpus, len(pieces))
    known: dict[tuple[int, int], Join] = {}  # in the order they were learnt
    while (best := counts.best(recipe.score, recipe.least)) is not None:
        left, right, count = best
        piece = joined_piece(pieces[left], pieces[right], recipe.alphabet)
        new = ids.setdefault(piece, len(pieces))
        fresh = new == len(pieces)
        if fresh:
            pieces.append(piece)
        left_count, right_count = int(counts.symbols[left]), int(counts.symbols[right])
        total = int(counts.symbols.sum())
        joins = [Join(left, right, new)]
        corpus = counts.join(corpus, joins[0])
        if not fresh:
            while again := _known_again(known, counts):
                joins.append(again)
                corpus = counts.join(corpus, again)
        known[left, right] = joins[0]
        yield Step(
            left=pieces[left],
            right=pieces[right],
            count=count,
            left_count=left_count,
            right_count=right_count,
            total=total,
            piece=piece,
            tokens=int(counts.symbols.sum()),
            joins=tuple(joins),
        )


def _known_again(known: Mapping[tuple[int, int], Join], counts: _Counts) -> Join | None:
    """The earliest merge whose pair occurs again, since its parts were made another way."""
    return next((j for (a, b), j in known.items() if a << 32 | b in counts.slots), None)


def train(words: Mapping[str, int], merges: int, recipe: Recipe | None = None) -> Training:
    """Learn `merges` steps, fewer if no pair is left; see `begin` and `learn`."""
    training = begin(words, recipe or Recipe())
    return replace(training, steps=tuple(islice(learn(training), merges)))


class Replay:
    """Any step of a training, forwards and backwards: from snapshots, which are taken on the way.

    One object may be used from many threads.
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        self._every = max(1, -(-len(training.steps) // SNAPSHOTS))
        self._snapshots = {0: training.start}

    def at(self, step: int) -> Corpus:
        """The corpus after the first `step` steps."""
        nearest = max(taken for taken in tuple(self._snapshots) if taken <= step)
        corpus = self._snapshots[nearest]
        steps = self.training.steps[nearest:step]
        for number, later in enumerate(steps, start=nearest + 1):
            corpus = corpus.replayed(later)
            if number % self._every == 0:
                self._snapshots[number] = corpus
        return corpus


def candidates(training: Training, corpus: Corpus, score: Score, limit: int) -> list[Candidate]:
    """The best `limit` pairs of a corpus under a score, the winner first; the same order, the
    same tie-break and the same least count as in `learn`."""
    pieces = training.pieces
    counts = _Counts(corpus, len(pieces))
    rows = np.flatnonzero(counts.pairs >= max(training.recipe.least, 1))
    values, keys = counts.values(score)[rows], counts.keys[rows]
    found: list[Candidate] = []
    for row in rows[np.lexsort((keys, -values))[:limit]]:
        left, right = divmod(int(counts.keys[row]), 1 << 32)
        found.append(
            Candidate(
                pieces[left],
                pieces[right],
                int(counts.pairs[row]),
                int(counts.symbols[left]),
                int(counts.symbols[right]),
                corpus.tokens,
            )
        )
    return found
