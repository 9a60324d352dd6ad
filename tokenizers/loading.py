"""A Tokenizer from a model's folder, in Hugging Face's layout or with our own list of symbols."""

from __future__ import annotations

from pathlib import Path

from tokenizers.errors import TokenizerError
from tokenizers.section import Section
from tokenizers.symbols import FILE as SYMBOLS
from tokenizers.symbols import read_symbols
from tokenizers.tokenizer import Tokenizer
from tokenizers.tokenizer_json import read_tokenizer_json
from tokenizers.vocabulary_files import read_merges_txt, read_vocab_txt


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint: tokenizer.json if there, else vocab.txt (WordPiece), else
    vocab.json and merges.txt (byte-level BPE), else symbols.json.

    Raises:
        TokenizerError: ``no-tokenizer``, or with the file and the field at fault.
    """
    config = Section.of_json(folder / "tokenizer_config.json", optional=True)
    if (folder / "tokenizer.json").is_file():
        return read_tokenizer_json(Section.of_json(folder / "tokenizer.json"), config)
    if (folder / "vocab.txt").is_file():
        return read_vocab_txt(folder / "vocab.txt", config)
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        return read_merges_txt(folder / "vocab.json", folder / "merges.txt", config)
    if (folder / SYMBOLS).is_file():
        return read_symbols(folder)
    raise TokenizerError("no-tokenizer", folder=folder)
