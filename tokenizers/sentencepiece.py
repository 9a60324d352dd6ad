"""SentencePiece's BPE (Kudo and Richardson 2018) as tokenizer.json writes it: Llama 2, Mistral.

Text is not split into words first: a space becomes "▁", which merges like any letter. A character
that the vocabulary lacks falls back to its UTF-8 bytes, for each of which there is an entry
``<0xE4>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from tokenizers.alphabet import readable
from tokenizers.bpe import CACHED_WORDS, LONGEST_CACHED_WORD, Pair, apply_merges, ranked

SPACE = "▁"

# The components around the model, as the file spells them; their work is done below.
NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": SPACE},
        {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
    ],
}
DECODER = {
    "type": "Sequence",
    "decoders": [
        {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ],
}
BYTE_PIECES = tuple(f"<0x{byte:02X}>" for byte in range(256))

_BYTE_OF: Mapping[str, int] = {piece: byte for byte, piece in enumerate(BYTE_PIECES)}
_WORD = re.compile(f"{SPACE}+[^{SPACE}]*|[^{SPACE}]+")
_SPACE_INSIDE = re.compile(f"[^{SPACE}]{SPACE}")


def spaces_marked(text: str) -> str:
    """Normalises: "▁" for each space, and one more in front."""
    return SPACE + text.replace(" ", SPACE) if text else text


def spaces_inside(text: str) -> str:
    """Normalises: "▁" for each space, and none in front."""
    return text.replace(" ", SPACE)


def decode_sentence(pieces: Sequence[str]) -> str:
    """Pieces back to text, without the space that was put in front.

    A run of byte pieces that is no UTF-8 gives one U+FFFD for each of its bytes.
    """
    parts: list[str] = []
    run = bytearray()
    for piece in (*pieces, ""):
        if piece in _BYTE_OF:
            run.append(_BYTE_OF[piece])
            continue
        try:
            parts.append(run.decode())
        except UnicodeDecodeError:
            parts.append("\ufffd" * len(run))
        run.clear()
        parts.append(piece.replace(SPACE, " "))
    return "".join(parts).removeprefix(" ")


class SentencePieceBPE:
    """A SentencePiece BPE vocabulary as a function from a stretch of text to its ids.

    Args:
        vocabulary: entry → id; holds all of `BYTE_PIECES`.
        merges: the pairs in the order they were learnt; both parts and their join are entries.
        ignore_merges: a stretch that is itself an entry is not taken apart.
    """

    kind: Literal["SentencePiece BPE"] = "SentencePiece BPE"

    def __init__(
        self, vocabulary: Mapping[str, int], merges: Iterable[Pair], ignore_merges: bool = False
    ) -> None:
        self.vocabulary = vocabulary
        self.ranks = ranked(merges)
        self.ignore_merges = ignore_merges
        # Where no merge reaches over the end of a word, words can be merged one by one.
        self._by_word = not any(_SPACE_INSIDE.search(a + b) for a, b in self.ranks)
        self._cached = lru_cache(CACHED_WORDS)(self._ids)

    def __call__(self, text: str) -> list[int]:
        if self.ignore_merges and text in self.vocabulary:
            return [self.vocabulary[text]]
        ids: list[int] = []
        for word in _WORD.findall(text) if self._by_word else [text]:
            ids.extend((self._cached if len(word) <= LONGEST_CACHED_WORD else self._ids)(word))
        return ids

    def label(self, piece: str) -> str:
        """The piece with "▁" as a space; a byte as its character or as hex."""
        byte = _BYTE_OF.get(piece)
        return piece.replace(SPACE, " ") if byte is None else readable(bytes([byte]))

    def _ids(self, word: str) -> tuple[int, ...]:
        symbols: list[str] = []
        for char in word:
            if char in self.vocabulary:
                symbols.append(char)
            else:
                symbols.extend(BYTE_PIECES[byte] for byte in char.encode())
        return tuple(self.vocabulary[piece] for piece in apply_merges(symbols, self.ranks))
