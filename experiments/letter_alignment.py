"""Which letter stands for which phoneme, learnt from a dictionary alone, without any network.

Each letter, independently of its neighbours, writes no phoneme, one, or two (the x of "six" writes
K S), from left to right. Expectation–maximisation estimates how probable each of these is, from
words whose alignment nobody has marked: the one-letter case of Jiampojamarn et al. 2007 (NAACL,
"Applying Many-to-Many Alignments and HMMs to Letter-to-Phoneme Conversion", §3), close to the
epsilon scattering of Black, Lenzo and Pagel 1998.

Expected counts are p · ∂ log P / ∂p of the likelihood, so autograd is the backward pass (Eisner
2016, "Inside-Outside and Forward-Backward Algorithms Are Just Backprop", §3).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

Pair = tuple[str, Sequence[str]]  # a word and its phonemes

WRITES = (0.25, 0.65, 0.10)  # at first: no phoneme, one, two
SMOOTHING = 0.1  # counts of that first guess that every letter keeps


@dataclass(frozen=True)
class Aligner:
    """How probable it is that a letter writes nothing, `none` (letters,), one phoneme, `one`
    (letters, phonemes), or two, `two` (letters, phonemes, phonemes): sums to 1 a letter."""

    letters: Mapping[str, int]
    phonemes: Mapping[str, int]
    none: Tensor
    one: Tensor
    two: Tensor

    @property
    def tables(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.none, self.one, self.two

    def align(self, word: str, phonemes: Sequence[str]) -> Tensor | None:
        """(phonemes, letters): how probable it is that a letter wrote a phoneme, given the whole
        word; rows sum to 1. None where two phonemes a letter are not enough."""
        if not phonemes or not alignable((word, phonemes)):
            return None
        batch = _Batch([(word, phonemes)], self)
        one, two = batch.one.requires_grad_(), batch.two.requires_grad_()
        with torch.enable_grad():
            slopes = torch.autograd.grad(batch.log_likelihood().sum(), (one, two))
        single, double = (
            (p.detach() * slope)[0] for p, slope in zip((one, two), slopes, strict=True)
        )
        wrote = single + F.pad(double, (0, 1)) + F.pad(double, (1, 0))  # (letters, phonemes)
        return wrote.T.float()


def alignable(pair: Pair) -> bool:
    """Whether the letters can write that many phonemes."""
    return len(pair[1]) <= 2 * len(pair[0])


def learn(
    pairs: Sequence[Pair], letters: Sequence[str], phonemes: Sequence[str], rounds: int
) -> Iterator[tuple[Aligner, float]]:
    """After each round of EM the aligner, and the mean log-likelihood of a word before it, in
    nats, which never falls but for the smoothing. Pairs that no alignment explains are left
    out."""
    learnt = prior = first_guess(letters, phonemes)
    batch = [pair for pair in pairs if alignable(pair)]
    for _round in range(rounds):
        counts, likelihood = _expected(learnt, batch)
        none, one, two = (
            count + SMOOTHING * guess for count, guess in zip(counts, prior.tables, strict=True)
        )
        total = none + one.sum(1) + two.sum((1, 2))  # (letters,)
        learnt = Aligner(
            prior.letters,
            prior.phonemes,
            none / total,
            one / total[:, None],
            two / total[:, None, None],
        )
        yield learnt, likelihood / len(batch)


def first_guess(letters: Sequence[str], phonemes: Sequence[str]) -> Aligner:
    """Every letter writes every phoneme, and every two, equally often."""
    n, m = len(letters), len(phonemes)
    none, one, two = WRITES
    exact = torch.float64  # a long word is very improbable
    return Aligner(
        {letter: place for place, letter in enumerate(letters)},
        {phoneme: place for place, phoneme in enumerate(phonemes)},
        torch.full((n,), none, dtype=exact),
        torch.full((n, m), one / m, dtype=exact),
        torch.full((n, m, m), two / m**2, dtype=exact),
    )


def _expected(aligner: Aligner, pairs: Sequence[Pair]) -> tuple[list[Tensor], float]:
    """How often each letter is expected to have written nothing, one, two, as the aligner's
    tables; and the log-likelihood of all pairs."""
    tables = [table.clone().requires_grad_() for table in aligner.tables]
    with torch.enable_grad():
        learner = Aligner(aligner.letters, aligner.phonemes, *tables)
        likelihood = _Batch(pairs, learner).log_likelihood().sum()
        slopes = torch.autograd.grad(likelihood, tables)
    counts = [p.detach() * slope for p, slope in zip(tables, slopes, strict=True)]
    return counts, likelihood.item()


class _Batch:
    """What each letter of some words would give for each of their phonemes: `none` (words,
    letters), `one` (words, letters, phonemes), `two` (words, letters, phonemes − 1: that one and
    the next). Padding letters write nothing."""

    def __init__(self, pairs: Sequence[Pair], aligner: Aligner) -> None:
        rows = [torch.tensor([aligner.letters[c] for c in word]) for word, _phonemes in pairs]
        sounds = [torch.tensor([aligner.phonemes[p] for p in spoken]) for _word, spoken in pairs]
        letters = pad_sequence(rows, batch_first=True)[:, :, None]  # (words, letters, 1)
        phonemes = pad_sequence(sounds, batch_first=True)[:, None]  # (words, 1, phonemes)
        real = torch.arange(letters.shape[1]) < torch.tensor([[len(row)] for row in rows])
        self.lengths = torch.tensor([len(sound) for sound in sounds])
        self.none = torch.where(real, aligner.none[letters[:, :, 0]], 1.0)
        self.one = aligner.one[letters, phonemes] * real[:, :, None]
        pairwise = aligner.two[letters, phonemes[..., :-1], phonemes[..., 1:]]
        self.two = pairwise * real[:, :, None]

    def log_likelihood(self) -> Tensor:
        """log P(phonemes | letters) of each word, over all alignments, in nats: (words,)."""
        words, letters, phonemes = self.one.shape
        # (words, phonemes + 1): that the letters so far have written just the first 0, 1, 2, …
        written = F.one_hot(torch.zeros(words, dtype=torch.long), phonemes + 1).double()
        for i in range(letters):
            written = (
                written * self.none[:, i, None]
                + F.pad(written[:, :-1] * self.one[:, i], (1, 0))
                + F.pad(written[:, :-2] * self.two[:, i], (2, 0))
            )
        return written.gather(1, self.lengths[:, None])[:, 0].log()
