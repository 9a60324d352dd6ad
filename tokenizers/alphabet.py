"""The byte alphabet of byte-level BPE: one printable character for each of the 256 bytes.

Byte-level BPE (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", §2.2)
merges bytes, but its vocabulary files are text. So each byte is written as one character: a byte
whose Latin-1 character is printable stands for itself, the other 68 take the characters from
U+0100 on, in order. A space is "Ġ", a newline "Ċ".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PRINTABLE = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]

ALPHABET = "".join(
    chr(byte) if byte in _PRINTABLE else chr(0x100 + _OTHERS.index(byte)) for byte in range(256)
)
"""The character of byte b is ``ALPHABET[b]``."""

_BYTE_OF: Mapping[str, int] = {char: byte for byte, char in enumerate(ALPHABET)}

# What decoding with "surrogateescape" makes of bytes that are not UTF-8.
_STRAY = re.compile("[\udc80-\udcff]+")


def to_symbols(text: str) -> str:
    """The UTF-8 bytes of `text`, one alphabet character each."""
    return text.encode().decode("latin-1").translate(ALPHABET)


def to_bytes(piece: str) -> bytes:
    """The bytes a vocabulary entry stands for.

    An entry with a character outside the alphabet (some added tokens) is plain text, and stands
    for its own UTF-8.
    """
    try:
        return bytes([_BYTE_OF[char] for char in piece])
    except KeyError:
        return piece.encode()


def readable(data: bytes) -> str:
    """`data` as text for a label; bytes that are no complete UTF-8 as hex, like ``⟨e4 b8⟩``."""
    return _STRAY.sub(
        lambda run: f"⟨{run[0].encode(errors='surrogateescape').hex(' ')}⟩",
        data.decode(errors="surrogateescape"),
    )
