"""What was learnt as a tokenizer: text to words before it, pieces after it, and tokenizer.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Literal

from tokenizers.alphabet import readable, to_bytes, to_symbols
from tokenizers.bpe import CACHED_WORDS, ByteLevelBPE, Merge, Pair, apply_merges, ranked
from tokenizers.decoders import WordPieceDecoder, decode_bytes
from tokenizers.normalizers import BertNormalizer, Normalizer, identity, without_surrogates
from tokenizers.pretokenizers import Step, bert_words, gpt2_words, split
from tokenizers.processors import Template
from tokenizers.tokenizer import Model, SpecialTokens, Tokenizer
from tokenizers.training import PREFIX, UNKNOWN, Alphabet, Training, joined_piece, symbols_of
from tokenizers.wordpiece import Try, WordPiece

LONGEST_WORD = 1_000  # symbols; WordPiece gives longer words up

# BERT sets every ideograph apart, so that it can learn no Chinese word of two; here it may.
_NORMALIZE: Mapping[Alphabet, Normalizer] = {
    "bytes": identity,
    "characters": BertNormalizer(handle_chinese_chars=False),
}
_WORDS: Mapping[Alphabet, Step] = {"bytes": gpt2_words, "characters": bert_words}


def count_words(text: str, alphabet: Alphabet) -> dict[str, int]:
    """The words of a corpus, each with how often it occurs, in the order of first occurrence.

    Bytes: GPT-2's words of the text as it is. Characters: BERT's words of the cleaned, lower-case
    text, without accents; a run of Chinese is one word.
    """
    clean = _NORMALIZE[alphabet](without_surrogates(text))
    return dict(Counter(split(clean, [_WORDS[alphabet]])))


def marked(piece: str) -> str:
    """A piece of characters in BPE's own writing, which marks words by their blank: a space before
    what begins one, nothing before what goes on with one. ``##`` is WordPiece's mark; stored
    vocabularies of both are written with it."""
    if piece == UNKNOWN:
        return piece
    return piece.removeprefix(PREFIX) if piece.startswith(PREFIX) else f" {piece}"


_join_letters = partial(joined_piece, alphabet="characters")


class CharacterBPE:
    """BPE on characters; those that go on with a word start with ``##``.

    Args:
        vocabulary: entry → id; must hold ``[UNK]``, for a character that is no entry.
        merges: the pairs in the order they were learnt.
    """

    kind: Literal["character BPE"] = "character BPE"

    def __init__(self, vocabulary: Mapping[str, int], merges: Iterable[Pair]) -> None:
        self.vocabulary = vocabulary
        self.ranks = ranked(merges)
        self._cached = lru_cache(CACHED_WORDS)(self._ids)

    def __call__(self, word: str) -> tuple[int, ...]:
        return self._cached(word)

    def label(self, piece: str) -> str:
        """The piece as BPE marks it, see `marked`."""
        return marked(piece)

    def work(self, word: str) -> tuple[list[str], list[Merge], list[str]]:
        """The symbols of a word, each merge, and the pieces that are left."""
        symbols = [
            symbol if symbol in self.vocabulary else UNKNOWN
            for symbol in symbols_of(word, "characters")
        ]
        merges: list[Merge] = []
        return symbols, merges, apply_merges(symbols, self.ranks, merges, _join_letters)

    def _ids(self, word: str) -> tuple[int, ...]:
        return tuple(self.vocabulary[piece] for piece in self.work(word)[2])


class BytesWordPiece:
    """WordPiece on the byte alphabet: the longest match counts bytes, and none is ever unknown.

    Only a word of more than `LONGEST_WORD` bytes is given up.
    """

    kind: Literal["wordpiece"] = "wordpiece"

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._pieces = WordPiece(vocabulary, UNKNOWN, prefix="", longest_word=LONGEST_WORD)
        self.vocabulary = vocabulary

    def __call__(self, word: str) -> tuple[int, ...]:
        return self._pieces(to_symbols(word))

    def label(self, piece: str) -> str:
        """The piece as text; bytes that are no whole character as hex."""
        return readable(to_bytes(piece))

    def work(self, word: str) -> tuple[list[Try], list[str] | None]:
        """Each look-up for a word, and its pieces: None where it is unknown."""
        return self._pieces.work(to_symbols(word))


def learned_tokenizer(training: Training) -> Tokenizer:
    """What was learnt, ready to encode: by merges in their order where the score was frequency
    (BPE), by the longest match where it was another (WordPiece)."""
    recipe = training.recipe
    bytewise = recipe.alphabet == "bytes"
    vocabulary = {piece: id for id, piece in enumerate(_entries(training))}
    model: Model
    if recipe.score == "frequency":
        bpe = ByteLevelBPE if bytewise else CharacterBPE
        model = bpe(vocabulary, training.merges)
    elif bytewise:
        model = BytesWordPiece(vocabulary)
    else:
        model = WordPiece(vocabulary, UNKNOWN, PREFIX, LONGEST_WORD)
    return Tokenizer(
        model,
        normalize=_NORMALIZE[recipe.alphabet],
        words=[_WORDS[recipe.alphabet]],
        decoder=decode_bytes if bytewise else WordPieceDecoder(cleanup=False),
        template=Template(),
        added=(),
        special=SpecialTokens(unk=vocabulary.get(UNKNOWN)),
    )


def by_merges(training: Training) -> Tokenizer:
    """A tokenizer that divides words as the training itself does: by its merges in their order,
    whatever their score."""
    return learned_tokenizer(replace(training, recipe=replace(training.recipe, score="frequency")))


def tokenizer_json(training: Training) -> str:
    """What was learnt in the one-file format of Hugging Face's tokenizers, which gives the same
    ids from it as `learned_tokenizer`."""
    recipe = training.recipe
    bytewise = recipe.alphabet == "bytes"
    vocabulary = {piece: id for id, piece in enumerate(_entries(training))}
    prefix = "" if bytewise else PREFIX
    unknown = UNKNOWN if UNKNOWN in vocabulary else None
    model: dict[str, Any]
    if recipe.score == "frequency":
        model = {
            "type": "BPE",
            "dropout": None,
            "unk_token": unknown,
            "continuing_subword_prefix": prefix or None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": [list(pair) for pair in training.merges],
        }
    else:
        model = {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": prefix,
            "max_input_chars_per_word": LONGEST_WORD,
            "vocab": vocabulary,
        }
    around: dict[str, Any]
    if bytewise:
        byte_level = {
            "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True
        }  # fmt: skip
        around = {"normalizer": None, "pre_tokenizer": byte_level, "decoder": byte_level}
    else:
        around = {
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": False,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "decoder": {"type": "WordPiece", "prefix": PREFIX, "cleanup": False},
        }
    whole = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        **around,
        "post_processor": None,
        "model": model,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _entries(training: Training) -> list[str]:
    """The pieces; WordPiece needs an entry for the unknown even where nothing is."""
    pieces = training.pieces
    lacking = training.recipe.score != "frequency" and UNKNOWN not in pieces
    return [*pieces, UNKNOWN] if lacking else pieces
