"""Text to text, before anything is split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tokenizers import unicode8

Normalizer = Callable[[str], str]

_CONTROLS = re.compile(f"[\ufffd{unicode8.CONTROLS}]")
_SPACES = re.compile(f"[{unicode8.SPACES}]")
_IDEOGRAPHS = re.compile(f"[{unicode8.IDEOGRAPHS}]")
_MARKS = re.compile(f"[{unicode8.MARKS}]+")
_NEWER_MARKS = re.compile(f"([{unicode8.NEWER_MARKS}])")
SURROGATES = re.compile("[\ud800-\udfff]")


def identity(text: str) -> str:
    """No normalisation."""
    return text


def without_surrogates(text: str) -> str:
    """`text` with U+FFFD for each lone surrogate: those have no UTF-8, and so no tokens."""
    return text if text.isascii() else SURROGATES.sub("\ufffd", text)


def canonical(form: Literal["NFC", "NFD"], text: str) -> str:
    """Canonical composition or decomposition as Unicode 9.0 had it, like the reference's.

    Marks that came later neither move nor compose there: they stand like letters between the
    stretches that are normalised.
    """
    if text.isascii():
        return text
    if _NEWER_MARKS.search(text) is None:
        return unicodedata.normalize(form, text)
    stretches = _NEWER_MARKS.split(text)
    stretches[::2] = [unicodedata.normalize(form, stretch) for stretch in stretches[::2]]
    return "".join(stretches)


nfc: Normalizer = partial(canonical, "NFC")


@dataclass(frozen=True)
class BertNormalizer:
    """The cleaning that precedes BERT's WordPiece (Devlin et al. 2019; their released code).

    Attributes:
        clean_text: drop control characters, NUL and U+FFFD; every white space becomes a space.
        handle_chinese_chars: put spaces around each CJK ideograph.
        strip_accents: decompose and drop non-spacing marks; None means: when lowercasing.
        lowercase: character by character, so a final Σ is σ as anywhere else.
    """

    clean_text: bool = True
    handle_chinese_chars: bool = True
    strip_accents: bool | None = None
    lowercase: bool = True

    def __call__(self, text: str) -> str:
        if self.clean_text:
            text = _SPACES.sub(" ", _CONTROLS.sub("", text))
        if self.handle_chinese_chars:
            text = _IDEOGRAPHS.sub(r" \g<0> ", text)
        if self.lowercase if self.strip_accents is None else self.strip_accents:
            text = _MARKS.sub("", canonical("NFD", text))
        if self.lowercase:
            text = text.replace("Σ", "σ").lower()
        return text
