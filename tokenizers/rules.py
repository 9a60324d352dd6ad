"""Where a tokenizer's class and its settings overrule what tokenizer.json says.

transformers builds the tokenizers of its classes anew, from the vocabulary of tokenizer.json and
the settings of tokenizer_config.json; what else stands in tokenizer.json is then not asked. Source:
its `TokenizersBackend.convert_to_native_format` and the classes' constructors, version 5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace

from tokenizers.bpe import ByteLevelBPE
from tokenizers.declared import Declared
from tokenizers.decoders import Decoder, WordPieceDecoder
from tokenizers.normalizers import BertNormalizer, Normalizer, identity, nfc
from tokenizers.notices import Notice, notice
from tokenizers.pretokenizers import (
    QWEN2_PATTERN,
    SPLITS,
    Step,
    bert_words,
    gpt2_words,
    with_leading_space,
)
from tokenizers.processors import Template, bert_template, roberta_template
from tokenizers.sentencepiece import SentencePieceBPE, spaces_inside, spaces_marked
from tokenizers.tokenizer import Model
from tokenizers.vocabulary_files import bert_normalizer, prefixed
from tokenizers.wordpiece import WordPiece

_KEYS = {  # of tokenizer_config.json → of a BertNormalizer
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


@dataclass(frozen=True)
class Rules:
    """All that a tokenizer does but for its tokens."""

    model: Model
    normalize: Normalizer
    words: tuple[Step, ...]
    decoder: Decoder
    template: Template


def settled(
    written: Rules, said: Declared, ids: Mapping[str, int]
) -> tuple[Rules, tuple[Notice, ...]]:
    """The rules that count, and what to tell of where tokenizer.json says otherwise.

    Args:
        written: the rules of tokenizer.json.
        ids: every token → its id.
    """
    model = written.model
    if said.as_bert and isinstance(model, WordPiece):
        rules = _bert(written, model, said, ids)
        found = [*_cleaning(written, rules, said), *_surrounding(written, rules, said)]
    elif said.family in ("GPT2", "Roberta", "Qwen2") and isinstance(model, ByteLevelBPE):
        rules = replace(written, words=tuple(prefixed(written.words, said.settings)))
        if said.family == "Roberta":
            rules = replace(rules, template=_template(written, said, ids, roberta_template))
        found = [*_spaces(written, rules, said), *_surrounding(written, rules, said)]
        if not _splits_alike(rules, said.family):
            found.append(_kept(said))
    elif said.family == "Llama" and isinstance(model, SentencePieceBPE):
        prefix = said.settings.optional("add_prefix_space", bool)
        rules = replace(written, normalize=spaces_inside) if prefix is False else written
        found = [*_spaces(written, rules, said), _kept(said)]
    else:
        rules, found = written, []
    return rules, tuple(found)


def _bert(written: Rules, model: WordPiece, said: Declared, ids: Mapping[str, int]) -> Rules:
    return Rules(
        WordPiece(model.vocabulary, model.unknown),
        bert_normalizer(said.settings),
        (bert_words,),
        WordPieceDecoder(),
        _template(written, said, ids, bert_template),
    )


def _template(
    written: Rules, said: Declared, ids: Mapping[str, int], make: Callable[[int, int], Template]
) -> Template:
    """The class's template around its own tokens; tokenizer.json's where there are none."""
    begin, end = (ids.get(said.names.get(role, "")) for role in ("cls", "sep"))
    return written.template if begin is None or end is None else make(begin, end)


def _cleaning(written: Rules, rules: Rules, said: Declared) -> Iterator[Notice]:
    """Notices of what is cleaned otherwise."""
    before, after = written.normalize, rules.normalize
    assert isinstance(after, BertNormalizer)
    if not isinstance(before, BertNormalizer):
        yield _overruled(said, "normalizer", "none" if before is identity else "NFC", "BERT's")
        return
    for field in fields(BertNormalizer):
        old, new = (getattr(one, field.name) for one in (before, after))
        if old != new:
            key = next((key for key, name in _KEYS.items() if name == field.name), "")
            yield _overruled(said, field.name, old, new, key)


def _spaces(written: Rules, rules: Rules, said: Declared) -> Iterator[Notice]:
    """A notice where another text gets a space in front of it."""

    def prefixes(one: Rules) -> bool:
        return with_leading_space in one.words or one.normalize is spaces_marked

    old, new = prefixes(written), prefixes(rules)
    if old != new:
        yield _overruled(said, "add_prefix_space", old, new, "add_prefix_space")


def _surrounding(written: Rules, rules: Rules, said: Declared) -> Iterator[Notice]:
    """A notice where other special tokens stand around a text."""
    if written.template != rules.template:
        around = " … ".join(said.names[role] for role in ("cls", "sep"))
        yield _overruled(said, "post_processor", "others", around, "cls_token")


def _splits_alike(rules: Rules, family: str) -> bool:
    """Whether tokenizer.json splits a text as the class does."""
    steps = [step for step in rules.words if step is not with_leading_space]
    if family == "Qwen2":
        return steps == [SPLITS[QWEN2_PATTERN]] and rules.normalize is nfc
    return steps == [gpt2_words] and rules.normalize is identity


def _overruled(said: Declared, field: str, old: object, new: object, key: str = "") -> Notice:
    values = said.settings.values
    source = said.settings.file if values.get(key) is not None else f"{said.family}Tokenizer"
    return notice(
        "tokenizer-overruled",
        "tokenizer.json says {field} = {old}, but {source} says {new}; the latter counts, as in "
        "transformers",
        field=field,
        old=_json(old),
        new=_json(new),
        source=source,
    )


def _kept(said: Declared) -> Notice:
    return notice(
        "tokenizer-kept",
        "tokenizer.json is followed as it stands; transformers puts rules of {family} in its "
        "place, which may give some texts other tokens",
        family=f"{said.family}Tokenizer",
    )


def _json(value: object) -> str:
    """A value as the files write it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
