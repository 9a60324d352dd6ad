"""Vocabulary entries back to text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokenizers.alphabet import to_bytes

Decoder = Callable[[Sequence[str]], str]

# What BERT's splitting at punctuation leaves behind, and how it is written, in this order.
_CONTRACTED = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)


def decode_bytes(pieces: Sequence[str]) -> str:
    """Byte-level pieces: their bytes in a row, as UTF-8; U+FFFD for what is none."""
    return b"".join(map(to_bytes, pieces)).decode(errors="replace")


def decode_spaced(pieces: Sequence[str]) -> str:
    """No decoder: the pieces with a space between."""
    return " ".join(pieces)


@dataclass(frozen=True)
class WordPieceDecoder:
    """Words with a space between; a piece that starts with `prefix` goes on with its word.

    Attributes:
        prefix: usually ``##``.
        cleanup: no space before a punctuation mark or a contraction's second half.
    """

    prefix: str = "##"
    cleanup: bool = True

    def __call__(self, pieces: Sequence[str]) -> str:
        return "".join(self._text(piece, bool(at)) for at, piece in enumerate(pieces))

    def _text(self, piece: str, follows: bool) -> str:
        if follows:
            joined = piece.removeprefix(self.prefix)
            piece = joined if piece.startswith(self.prefix) else f" {piece}"
        if self.cleanup:
            for spaced, tight in _CONTRACTED:
                piece = piece.replace(spaced, tight)
        return piece
