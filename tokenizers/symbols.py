"""Tokenizers whose tokens are whole symbols, nothing learnt: characters, or words from a list."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tokenizers.added_tokens import AddedToken
from tokenizers.normalizers import identity
from tokenizers.pretokenizers import Step
from tokenizers.processors import FIRST, Slot, Template
from tokenizers.section import Section, checked_token
from tokenizers.tokenizer import SpecialTokens, Tokenizer

FILE = "symbols.json"
MAX_SYMBOLS = 10_000
PAD, BEGIN, END, UNKNOWN = SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")  # ids 0 to 3


class Symbols:
    """One token a symbol; what is none becomes ``<unk>``."""

    kind: Literal["symbols"] = "symbols"

    def __init__(self, symbols: Sequence[str]) -> None:
        pieces = (*SPECIAL, *symbols)
        self.vocabulary: Mapping[str, int] = MappingProxyType(
            {piece: id for id, piece in enumerate(pieces)}
        )
        if len(self.vocabulary) != len(pieces):
            raise ValueError("a symbol occurs twice")

    def __call__(self, word: str) -> tuple[int, ...]:
        return (self.vocabulary.get(word, self.vocabulary[UNKNOWN]),)

    def label(self, piece: str) -> str:
        """The symbol as it is."""
        return piece


def character_tokenizer(symbols: Sequence[str], *, ends: bool = False) -> Tokenizer:
    """Every character of a text is a token. `ends`: a text is followed by ``</s>``."""
    return _tokenizer(symbols, list, "".join, ends)


def spaced_tokenizer(symbols: Sequence[str], *, ends: bool = False) -> Tokenizer:
    """Words between blanks: one that is a symbol is a token, any other gives its characters.

    So one vocabulary holds letters and, with names of several capitals, phonemes: ``cat`` is
    three tokens and ``K AE T`` too. `ends`: a text is followed by ``</s>``.
    """
    return _tokenizer(symbols, partial(_spaced, frozenset(symbols)), " ".join, ends)


def write_symbols(
    folder: Path, tokenizer: Tokenizer, kind: Literal["characters", "spaced"]
) -> None:
    """Write a tokenizer of this module beside its model, for `read_symbols`."""
    ends = len(tokenizer.encode("")) > 0
    symbols = [piece for piece in tokenizer.vocabulary if piece not in SPECIAL]
    facts = {"kind": kind, "ends": ends, "symbols": symbols}
    (folder / FILE).write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")


def read_symbols(folder: Path) -> Tokenizer:
    """The tokenizer that `write_symbols` wrote; raises TokenizerError with the field at fault."""
    facts = Section.of_json(folder / FILE)
    kind, ends = facts.required("kind", str), facts.flag("ends", False)
    if kind not in ("characters", "spaced"):
        raise facts.unsupported("kind", kind)
    symbols = facts.required("symbols", list)
    if len(symbols) > MAX_SYMBOLS or not all(
        checked_token(facts, f"symbols[{at}]", one) for at, one in enumerate(symbols)
    ):
        raise facts.bad("symbols", f"up to {MAX_SYMBOLS} pieces of text", type(symbols))
    if len({*symbols, *SPECIAL}) < len(symbols) + len(SPECIAL):
        raise facts.bad("symbols", "all different", "one that occurs twice")
    return (character_tokenizer if kind == "characters" else spaced_tokenizer)(symbols, ends=ends)


def _tokenizer(
    symbols: Sequence[str],
    words: Step,
    join: Callable[[Sequence[str]], str],
    ends: bool,
) -> Tokenizer:
    model = Symbols(symbols)
    ids = model.vocabulary
    return Tokenizer(
        model,
        normalize=identity,
        words=[words],
        decoder=join,
        template=Template((FIRST, Slot((ids[END],)))) if ends else Template(),
        added=[AddedToken(ids[piece], piece, special=True) for piece in SPECIAL],
        special=SpecialTokens(pad=ids[PAD], bos=ids[BEGIN], eos=ids[END], unk=ids[UNKNOWN]),
    )


def _spaced(symbols: frozenset[str], text: str) -> list[str]:
    words = text.split()
    return [piece for word in words for piece in ([word] if word in symbols else word)]
