"""Tokenizers with real vocabularies: text to token ids and back."""

from tokenizers.errors import TokenizerError
from tokenizers.gguf import from_gguf
from tokenizers.loading import load_tokenizer
from tokenizers.notices import Notice
from tokenizers.processors import Encoded
from tokenizers.tokenizer import SpecialTokens, Tokenizer

__all__ = [
    "Encoded",
    "Notice",
    "SpecialTokens",
    "Tokenizer",
    "TokenizerError",
    "from_gguf",
    "load_tokenizer",
]
