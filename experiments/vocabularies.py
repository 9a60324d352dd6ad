"""What vocabularies make of texts: tokens per character and per word, what is lost, what they
share."""

from collections.abc import Mapping
from itertools import combinations, zip_longest
from pathlib import Path

import pandas as pd
import regex

from tokenizers import Tokenizer
from tokenizers.alphabet import to_bytes, to_symbols
from tokenizers.bpe import ByteLevelBPE
from tokenizers.learned import BytesWordPiece
from tokenizers.training import PREFIX, Replay, Training

SAMPLES = ("english", "chinese", "code", "emoji")
_FOLDER = Path(__file__).parent / "samples"

# Scripts that put no white space between words: there, words are not counted.
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def sample(name: str) -> str:
    """One of `SAMPLES`: a tale in English, the same in Chinese, Python, emoji. Written for this
    project, and under its licence."""
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def bytewise(tokenizer: Tokenizer) -> bool:
    """Whether its entries are written in the byte alphabet."""
    return isinstance(tokenizer.model, ByteLevelBPE | BytesWordPiece)


def piece_bytes(tokenizer: Tokenizer, piece: str) -> bytes:
    """The bytes of the text that an entry stands for."""
    return to_bytes(piece) if bytewise(tokenizer) else piece.removeprefix(PREFIX).encode()


def bare(tokenizer: Tokenizer, piece: str) -> str:
    """An entry as text, without what marks its place in the word: no ``##``, no leading space."""
    if bytewise(tokenizer):
        return tokenizer.model.label(piece).removeprefix(" ")
    return piece.removeprefix(PREFIX)


def lost(tokenizer: Tokenizer, text: str) -> list[str]:
    """The characters that vanish without a trace: those that need a byte which the vocabulary
    lacks, where it has no token for the unknown either."""
    model = tokenizer.model
    if not isinstance(model, ByteLevelBPE) or model.unknown is not None or not model.missing:
        return []
    return [letter for letter in text if not model.missing.isdisjoint(to_symbols(letter))]


def unread(tokenizer: Tokenizer, text: str) -> list[str]:
    """What stands in the text, normalised, where the token for the unknown takes its place, one
    entry a token; not that token where the text itself spells it."""
    unknown, model = unknown_id(tokenizer), tokenizer.model
    words = (word for word in tokenizer.words(text) if isinstance(word, str))
    return [word for word in words for id in model(word) if id == unknown]


def words_of(text: str) -> int | None:
    """The words between white space; None for a text that writes some without."""
    return None if _UNSPACED.search(text) else len(text.split())


def fertility(tokenizers: Mapping[str, Tokenizer], texts: Mapping[str, str]) -> pd.DataFrame:
    """One row per vocabulary and text.

    tokens: without special tokens around. characters: Unicode code points. words: see `words_of`.
    tokens_per_character, tokens_per_word: quotients of these; NaN without words ("fertility":
    Rust et al. 2021, arXiv 2012.15613, §4.1). unknown: tokens for the unknown. lost: see `lost`.
    """
    rows = []
    for name, tokenizer in tokenizers.items():
        for kind, text in texts.items():
            ids = tokenizer.encode(text, special=False)
            words = words_of(text)
            rows.append(
                {
                    "vocabulary": name,
                    "text": kind,
                    "characters": len(text),
                    "words": words,
                    "tokens": len(ids),
                    "tokens_per_character": len(ids) / max(len(text), 1),
                    "tokens_per_word": len(ids) / words if words else float("nan"),
                    "unknown": ids.count(unknown_id(tokenizer)),
                    "lost": len(lost(tokenizer, text)),
                }
            )
    return pd.DataFrame(rows)


def unknown_id(tokenizer: Tokenizer) -> int:
    """The id of the token for the unknown, −1 where the model never falls back to one."""
    unknown = getattr(tokenizer.model, "unknown", None)
    if unknown is None and tokenizer.kind in ("character BPE", "symbols"):
        unknown = tokenizer.pieces([tokenizer.special.unk or 0])[0]
    return -1 if unknown is None else tokenizer.vocabulary[unknown]


def texts_of(tokenizer: Tokenizer) -> frozenset[str]:
    """What its entries say, each text once: "the", "##the" and "␣the" are one (see `bare`)."""
    return frozenset(bare(tokenizer, piece) for piece in tokenizer.vocabulary)


def overlap(texts: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """One row per two vocabularies: how many texts both can write with one piece.

    texts: of each vocabulary, as from `texts_of`. share: of the smaller of the two.
    """
    return pd.DataFrame(
        [
            {
                "first": a,
                "second": b,
                "first_size": len(texts[a]),
                "second_size": len(texts[b]),
                "shared": len(texts[a] & texts[b]),
                "share": len(texts[a] & texts[b]) / min(len(texts[a]), len(texts[b])),
            }
            for a, b in combinations(texts, 2)
        ]
    )


def parting(first: Training, second: Training) -> int | None:
    """The first step (from 0) at which two trainings join different pairs; None if never."""
    pairs = zip_longest(first.merges, second.merges)
    return next((step for step, (a, b) in enumerate(pairs) if a != b), None)


def learned_by_both(first: Training, second: Training) -> int:
    """How many pieces both have learnt, in whatever order."""
    return len({s.piece for s in first.steps} & {s.piece for s in second.steps})


def steps_table(training: Training) -> pd.DataFrame:
    """One row per step, from 1 on, with the counts that decided it, taken before the merge;
    tokens: of the corpus after it."""
    return pd.DataFrame(
        [
            {
                "step": number,
                "left": step.left,
                "right": step.right,
                "piece": step.piece,
                "id": step.joins[0].new,
                "count": step.count,
                "count_left": step.left_count,
                "count_right": step.right_count,
                "ratio": step.ratio,
                "gain": step.gain,
                "tokens": step.tokens,
            }
            for number, step in enumerate(training.steps, start=1)
        ]
    )


def summary(trainings: Mapping[str, Training], words: int, characters: int) -> pd.DataFrame:
    """One row per training: what its merges bought.

    words, characters: of the corpus, as the pre-tokenizer counts them. median_count: of the pairs
    that won. length: mean characters (or bytes) of a learnt piece. unused: learnt pieces that the
    corpus, as it is divided in the end, no longer contains: they only served to build others.
    """
    rows = []
    for name, training in trainings.items():
        steps = training.steps
        final = set(Replay(training).at(len(steps)).symbols.tolist())
        lengths = [len(step.piece.removeprefix(PREFIX)) for step in steps]
        rows.append(
            {
                "method": name,
                "merges": len(steps),
                "vocabulary": len(training.pieces),
                "tokens": training.tokens[-1],
                "tokens_per_word": training.tokens[-1] / max(words, 1),
                "tokens_per_character": training.tokens[-1] / max(characters, 1),
                "median_count": pd.Series([step.count for step in steps], dtype=float).median(),
                "length": sum(lengths) / max(len(lengths), 1),
                "unused": len({step.joins[0].new for step in steps} - final),
            }
        )
    return pd.DataFrame(rows)
