"""Tokens that are found in the text as they stand, before the model sees the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

from tokenizers.normalizers import Normalizer

_WORD = regex.compile(r"\w")
_SPACES = regex.compile(r"\s+")
_SPACE_CHARS = "".join(char for char in map(chr, range(0x3001)) if regex.match(r"\s", char))


@dataclass(frozen=True)
class AddedToken:
    """One added token.

    Attributes:
        id: its id.
        content: the text that stands for it.
        special: carries no text of its own ([CLS], <s>, …): left out by ``skip_special``.
        single_word: only found where no letter, digit or underscore touches it.
        lstrip: takes white space before it along.
        rstrip: takes white space after it along.
        normalized: looked for in the normalised text rather than in the text as given.
    """

    id: int
    content: str
    special: bool = False
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = False


class _Finder:
    """Finds tokens by their spelling: leftmost first, then longest."""

    def __init__(self, spelled: Iterable[tuple[str, AddedToken]]) -> None:
        self._tokens = {spelling: token for spelling, token in spelled if spelling}
        lengths: dict[str, set[int]] = {}
        for spelling in self._tokens:
            lengths.setdefault(spelling[0], set()).add(len(spelling))
        self._lengths = {first: sorted(all_, reverse=True) for first, all_ in lengths.items()}
        self._firsts = regex.compile(f"[{regex.escape(''.join(lengths))}]") if lengths else None

    def _matches(self, text: str) -> Iterator[tuple[int, int, AddedToken]]:
        if self._firsts is None:
            return
        end = 0
        for first in self._firsts.finditer(text):
            start = first.start()
            if start < end:
                continue
            for length in self._lengths[first[0]]:
                token = self._tokens.get(text[start : start + length])
                if token is not None:
                    end = start + length
                    yield start, end, token
                    break

    def split(self, text: str) -> list[str | AddedToken]:
        """`text` as the tokens found in it and the stretches between them."""
        parts: list[str | AddedToken] = []
        done = 0
        for start, end, token in self._matches(text):
            if token.single_word and (
                (start > 0 and _WORD.match(text, start - 1)) or _WORD.match(text, end)
            ):
                continue
            if token.lstrip:
                start = max(done, len(text[:start].rstrip(_SPACE_CHARS)))
            if token.rstrip and (spaces := _SPACES.match(text, end)):
                end = spaces.end()
            if done < start:
                parts.append(text[done:start])
            parts.append(token)
            done = end
        if done < len(text):
            parts.append(text[done:])
        return parts


class AddedTokens:
    """All added tokens of a tokenizer, and the order in which text is searched for them.

    Tokens with ``normalized=False`` are looked for in the text as given; what is left is
    normalised, and then searched for the others, in their normalised spelling.
    """

    def __init__(self, tokens: Iterable[AddedToken], normalize: Normalizer) -> None:
        self.tokens = tuple(tokens)
        self._normalize = normalize
        # Special tokens come first, and of two with one spelling the later is found.
        ordered = sorted(self.tokens, key=lambda token: not token.special)
        self._as_given = _Finder((t.content, t) for t in ordered if not t.normalized)
        self._normalized = _Finder((normalize(t.content), t) for t in ordered if t.normalized)

    def split(self, text: str) -> Iterator[str | AddedToken]:
        """Added tokens, and normalised text between them."""
        for part in self._as_given.split(text):
            if isinstance(part, AddedToken):
                yield part
            else:
                yield from self._normalized.split(self._normalize(part))
