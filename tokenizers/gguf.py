"""A Tokenizer from the metadata of a GGUF file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from tokenizers.added_tokens import AddedToken
from tokenizers.bpe import ByteLevelBPE
from tokenizers.decoders import decode_bytes
from tokenizers.normalizers import Normalizer, identity, nfc
from tokenizers.notices import Notice, notice
from tokenizers.pretokenizers import (
    LLAMA3_PATTERN,
    LLAMA_CPP_DEFAULT,
    QWEN2_PATTERN,
    SPLITS,
    Step,
    gpt2_words,
    single_digits,
    with_leading_space,
)
from tokenizers.processors import Template, around
from tokenizers.section import Section
from tokenizers.tokenizer import SpecialTokens, Tokenizer
from tokenizers.vocabulary import (
    MAX_ADDED_CHARS,
    check_count,
    numbered_vocabulary,
    read_merges,
    token_id,
)

_CONTROL, _USER_DEFINED = 3, 4

_ROLE_KEYS = {
    "cls": "cls_token_id",
    "sep": "seperator_token_id",  # spelled so in the format
    "mask": "mask_token_id",
    "pad": "padding_token_id",
    "bos": "bos_token_id",
    "eos": "eos_token_id",
    "unk": "unknown_token_id",
}


@dataclass(frozen=True)
class _Pre:
    """What one value of ``tokenizer.ggml.pre`` stands for."""

    words: tuple[Step, ...]
    normalize: Normalizer = identity
    ignore_merges: bool = False
    add_bos: bool = False


DEFAULT = "default"  # the converter did not know
_PRE: Mapping[str, _Pre] = {
    "gpt-2": _Pre((gpt2_words,)),
    DEFAULT: _Pre(LLAMA_CPP_DEFAULT),
    "smollm": _Pre((single_digits, gpt2_words)),
    "llama-bpe": _Pre((SPLITS[LLAMA3_PATTERN],), ignore_merges=True, add_bos=True),
    "qwen2": _Pre((SPLITS[QWEN2_PATTERN],), normalize=nfc),
}


def from_gguf(metadata: Mapping[str, object]) -> Tokenizer:
    """The byte-level BPE tokenizer that a GGUF file carries.

    Args:
        metadata: the file's keys (``tokenizer.ggml.model``, ``.tokens``, …) → decoded values.

    Raises:
        TokenizerError: naming the key, for a kind of tokenizer that is not supported.
    """
    prefix = "tokenizer.ggml"
    section = Section(
        "GGUF",
        {
            key.removeprefix(f"{prefix}."): metadata[key]
            for key in metadata
            if key.startswith(prefix)
        },
        prefix,
    )
    if section.required("model", str) != "gpt2":
        raise section.unsupported("model", section.values["model"])
    name = section.text("pre", DEFAULT)
    if name not in _PRE:
        raise section.unsupported("pre", name)
    pre = _PRE[name]
    tokens = section.required("tokens", list)
    vocabulary = numbered_vocabulary(section, "tokens", tokens)
    special = _roles(section, len(tokens))
    steps = list(pre.words)
    if section.flag("add_space_prefix", False):
        steps.insert(0, with_leading_space)
    model = ByteLevelBPE(
        vocabulary,
        read_merges(section, "merges", section.required("merges", list), vocabulary),
        ignore_merges=pre.ignore_merges,
    )
    return Tokenizer(
        model,
        normalize=pre.normalize,
        words=steps,
        decoder=decode_bytes,
        template=_template(section, special, pre.add_bos),
        added=_added(section, tokens),
        special=special,
        notices=(_guessed(section),) if name == DEFAULT else (),
    )


def _guessed(section: Section) -> Notice:
    return notice(
        "split-unknown",
        "{file} does not say how this model's text is split into words ({field} = {value}); it is "
        "split as llama.cpp does then, so some tokens may be others than in training",
        file=section.file,
        field=section.at("pre"),
        value=DEFAULT,
    )


def _roles(section: Section, count: int) -> SpecialTokens:
    found: dict[str, int] = {}
    for role in fields(SpecialTokens):
        key = _ROLE_KEYS[role.name]
        value = section.optional(key, int)
        if value is not None:
            if not 0 <= value < count:
                raise section.bad(key, f"a token id below {count}", value)
            found[role.name] = value
    return SpecialTokens(**found)


def _template(section: Section, special: SpecialTokens, add_bos: bool) -> Template:
    """A begin and an end token around each text, where the file says so."""
    begin = special.bos if section.flag("add_bos_token", add_bos) else None
    return around(begin, special.eos if section.flag("add_eos_token", False) else None)


def _added(section: Section, tokens: list[object]) -> list[AddedToken]:
    types = section.optional("token_type", list) or []
    if types and len(types) != len(tokens):
        raise section.bad("token_type", f"{len(tokens)} numbers", f"{len(types)} of them")
    found: list[AddedToken] = []
    for id, (token, kind) in enumerate(zip(tokens, types, strict=False)):
        if token_id(section, f"token_type[{id}]", kind) in (_CONTROL, _USER_DEFINED):
            check_count(section, f"tokens[{id}]", len(str(token)), MAX_ADDED_CHARS)
            found.append(AddedToken(id, str(token), special=kind == _CONTROL))
    return found
