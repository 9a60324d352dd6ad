"""A Tokenizer from a model's folder, in Hugging Face's layout or with our own list of symbols."""

from __future__ import annotations

import os
from pathlib import Path

from tokenizers.declared import declared
from tokenizers.errors import TokenizerError
from tokenizers.files import called, whereabouts
from tokenizers.section import Section
from tokenizers.symbols import FILE as SYMBOLS
from tokenizers.symbols import read_symbols
from tokenizers.tokenizer import Tokenizer
from tokenizers.tokenizer_json import read_tokenizer_json
from tokenizers.vocabulary_files import read_merges_txt, read_vocab_txt

OTHERS = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "tekken.json")
BESIDE = ("tokenizer_config.json", "config.json", "special_tokens_map.json", "added_tokens.json")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint: tokenizer.json if there, else vocab.txt (WordPiece), else
    vocab.json and merges.txt (byte-level BPE), else symbols.json.

    Raises:
        TokenizerError: ``no-tokenizer``, ``other-tokenizer``, ``no-merges``, ``file-outside``,
            ``unreadable``, or with the file and the field at fault.
    """
    beside = [_section(folder, file) for file in BESIDE]
    said = declared(*beside)
    if _has(folder, "tokenizer.json"):
        return read_tokenizer_json(Section.of_json(folder / "tokenizer.json"), said)
    if _has(folder, "vocab.txt"):
        return read_vocab_txt(folder / "vocab.txt", said)
    if _has(folder, "vocab.json") and _has(folder, "merges.txt"):
        return read_merges_txt(folder / "vocab.json", folder / "merges.txt", said)
    if _has(folder, SYMBOLS):
        return read_symbols(folder)
    for file in OTHERS:
        if _has(folder, file):
            raise TokenizerError("other-tokenizer", folder=called(folder), file=file)
    if _has(folder, "vocab.json"):
        raise TokenizerError("no-merges", folder=called(folder))
    raise TokenizerError("no-tokenizer", folder=called(folder))


def _section(folder: Path, file: str) -> Section:
    """What a JSON file holds; nothing where it is not there."""
    return Section.of_json(folder / file) if _has(folder, file) else Section(file, {})


def _has(folder: Path, file: str) -> bool:
    """Whether the file is there.

    Raises:
        TokenizerError: ``file-outside`` where it is a link that leads out of the folder,
            ``unreadable`` where it is no file but a folder, a pipe, a device, a circle of links.
    """
    place = whereabouts(folder, file)
    if place == "nowhere" and os.path.lexists(folder / file):
        raise TokenizerError("unreadable", file=file, reason="not a regular file")
    if place == "outside":
        raise TokenizerError("file-outside", file=file, folder=called(folder))
    return place == "here"
