"""What the files beside a vocabulary say of it: its class, its settings, its added tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from tokenizers.added_tokens import AddedToken
from tokenizers.errors import TokenizerError
from tokenizers.section import Section, checked_token
from tokenizers.tokenizer import SpecialTokens
from tokenizers.vocabulary import read_added_token, roles, token_id

_NUMBER = re.compile("[0-9]{1,10}")
_MANY = ("additional_special_tokens", "extra_special_tokens")
ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")  # in the order in which they are added

# model_type in config.json → the tokenizer's class where no file names one, as transformers has it
_CLASSES = {
    "bert": "Bert", "distilbert": "Bert", "roberta": "Roberta", "gpt2": "GPT2",
    "qwen2": "Qwen2", "llama": "Llama", "mistral": "Llama",
}  # fmt: skip
_ALWAYS = {"qwen2": "Qwen2"}  # whatever is named
_USUAL: Mapping[str, Mapping[str, str]] = {  # class → role → token, where the files do not say
    "Bert": {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"},
    "GPT2": dict.fromkeys(("unk", "bos", "eos"), "<|endoftext|>"),
    "Roberta": {
        "bos": "<s>", "eos": "</s>", "sep": "</s>", "cls": "<s>",
        "unk": "<unk>", "pad": "<pad>", "mask": "<mask>",
    },
    "Qwen2": dict.fromkeys(("unk", "eos", "pad"), "<|endoftext|>"),
}  # fmt: skip
_AS_BERT = ("Bert", "DistilBert", "Electra", "MobileBert", "ConvBert")


class _Tokens(TypedDict):
    added: list[AddedToken]
    special: SpecialTokens


@dataclass(frozen=True)
class Declared:
    """What is said of a tokenizer beside its vocabulary.

    Attributes:
        family: the class, without the words that all classes share: "Bert" for BertTokenizerFast;
            None where nothing names one.
        source: where that stands, for messages: a file, its key and the value there.
        settings: tokenizer_config.json, with what special_tokens_map.json says laid over it.
        numbered: id → added token.
        listed: where they stand: added_tokens_decoder, or added_tokens.json.
    """

    family: str | None
    source: tuple[Section, str]
    settings: Section
    numbered: Mapping[int, AddedToken]
    listed: Section

    @property
    def as_bert(self) -> bool:
        """Whether it is one of the classes that do as BERT's."""
        return self.family in _AS_BERT

    @property
    def names(self) -> dict[str, str]:
        """Role → token: what the files say, else what is usual for the class."""
        usual = _USUAL.get("Bert" if self.as_bert else self.family or "", {})
        named = {}
        for role in ROLES:
            value = self.settings.values.get(f"{role}_token", usual.get(role))
            content = value.get("content") if isinstance(value, dict) else value
            if isinstance(content, str):
                named[role] = content
        return named

    def special(self, vocabulary: Mapping[str, int]) -> SpecialTokens:
        """The ids of the tokens with a role: of a known class those it names, else those whose
        names are usual anywhere."""
        if self.family not in _USUAL and not self.as_bert:
            return roles(self.settings, vocabulary)
        named = {role: vocabulary.get(token) for role, token in self.names.items()}
        return SpecialTokens(**named)

    def added(
        self, vocabulary: Mapping[str, int], stored: Sequence[AddedToken] = ()
    ) -> list[AddedToken]:
        """All added tokens: those of tokenizer.json, then those that are declared, by number; then
        tokens with a role, and further special ones. What the vocabulary lacks gets the next id
        that is free, as in Hugging Face's library; but a usual token that it lacks is left out.

        Raises:
            TokenizerError: ``bad-field`` for a number that contradicts that.
        """
        tokens = {token.content: token for token in stored}
        free = max(len(vocabulary), max((token.id for token in stored), default=-1) + 1)

        def place(content: str) -> int:
            if content in tokens:
                return tokens[content].id
            return vocabulary.get(content, free)

        for number, token in sorted(self.numbered.items()):
            id = place(token.content)
            if id != number:
                raise self.listed.bad(number, f"{id}, the id of {token.content}", number)
            tokens.setdefault(token.content, token)
            free = max(free, id + 1)
        usual = [AddedToken(0, name) for name in self.names.values() if name in vocabulary]
        for token in (*self._named(), *usual):
            id = place(token.content)
            tokens.setdefault(token.content, replace(token, id=id, special=True))
            free = max(free, id + 1)
        return list(tokens.values())

    def tokens(self, vocabulary: Mapping[str, int], stored: Sequence[AddedToken] = ()) -> _Tokens:
        """Added and special tokens, as a Tokenizer takes them."""
        added = self.added(vocabulary, stored)
        whole = {**vocabulary, **{token.content: token.id for token in added}}
        return {"added": added, "special": self.special(whole)}

    def unsupported(self) -> TokenizerError:
        """The error for a class whose rules are not known."""
        section, key = self.source
        return section.unsupported(key, section.values.get(key))

    def _named(self) -> Iterator[AddedToken]:
        """The special tokens that the settings name, without ids."""
        values = self.settings.values
        others = [key for key in values if key.endswith("_token") and key[:-6] not in ROLES]
        keys = [*(f"{role}_token" for role in ROLES), *others]
        named = [(key, values[key]) for key in keys if isinstance(values.get(key), str | dict)]
        for key in _MANY:
            held = values.get(key)
            listed = list(held.values()) if isinstance(held, dict) else held
            named += [(key, one) for one in listed] if isinstance(listed, list) else []
        for key, value in named:
            if isinstance(value, dict) and "content" in value:
                section = Section(self.settings.file, value, key)
                yield read_added_token(section, 0)
            elif isinstance(value, str):
                yield AddedToken(0, checked_token(self.settings, key, value), special=True)


def declared(settings: Section, model: Section, special_map: Section, legacy: Section) -> Declared:
    """What tokenizer_config.json, config.json, special_tokens_map.json and added_tokens.json say.

    The two last are older than ``added_tokens_decoder``, and count only where that is missing.

    Raises:
        TokenizerError: with the file and the field at fault.
    """
    listed = settings.section("added_tokens_decoder")
    if listed is None:
        settings = Section(settings.file, {**settings.values, **special_map.values})
        found = Declared(*_family(settings, model), settings, {}, legacy)
        special = {token.content for token in found._named()}
        numbered = {
            token_id(legacy, content, id): AddedToken(
                token_id(legacy, content, id),
                checked_token(legacy, content, content),
                special=content in special,
                normalized=content not in special,
            )
            for content, id in legacy.values.items()
        }
        return replace(found, numbered=numbered)
    numbered = dict(_numbered(settings, listed))
    return Declared(*_family(settings, model), settings, numbered, listed)


def _family(settings: Section, model: Section) -> tuple[str | None, tuple[Section, str]]:
    """The class, and where it is named."""
    kind = model.values.get("model_type")
    kind = kind if isinstance(kind, str) else ""
    if kind not in _ALWAYS:
        for section in (settings, model):
            name = section.optional("tokenizer_class", str)
            if name is not None:
                short = name.removesuffix("Fast").removesuffix("Tokenizer")
                return short, (section, "tokenizer_class")
    return _CLASSES.get(kind), (model, "model_type")


def _numbered(settings: Section, listed: Section) -> Iterator[tuple[int, AddedToken]]:
    for number in listed.values:
        entry = listed.section(number)
        if entry is not None:
            id = int(number) if _NUMBER.fullmatch(number) else number
            checked = token_id(settings, f"added_tokens_decoder.{number}", id)
            yield checked, read_added_token(entry, checked)
