"""Vocabularies, merges, added tokens and roles, checked as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from tokenizers.added_tokens import AddedToken
from tokenizers.bpe import Pair
from tokenizers.errors import TokenizerError
from tokenizers.section import MAX_TOKENS, Section, checked_token
from tokenizers.tokenizer import SpecialTokens

_ROLES: Mapping[str, tuple[str, ...]] = {
    "cls": ("[CLS]", "<s>"),
    "sep": ("[SEP]", "</s>"),
    "mask": ("[MASK]", "<mask>"),
    "pad": ("[PAD]", "<pad>", "<|pad|>"),
    "bos": ("<s>", "<|begin_of_text|>", "<|endoftext|>"),
    "eos": ("</s>", "<|end_of_text|>", "<|endoftext|>"),
    "unk": ("[UNK]", "<unk>", "<|endoftext|>"),
}


MAX_ADDED_CHARS = 256  # of an added token: every length is tried at every place of a text


def check_count(section: Section, name: str, count: int, limit: int = MAX_TOKENS) -> None:
    """Refuse more than `limit` of anything."""
    if count > limit:
        raise TokenizerError(
            "too-large", file=section.file, field=section.at(name), size=count, limit=limit
        )


def token_id(section: Section, name: object, value: object) -> int:
    """`value`, if it can be a token id."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise section.bad(name, "a token id", value)
    return value


def read_vocabulary(section: Section, name: str) -> dict[str, int]:
    """An object of entry → id, not empty, no id twice."""
    entries = section.required(name, dict)
    check_count(section, name, len(entries))
    vocabulary = {
        checked_token(section, name, token): token_id(section, f"{name}[{token!r}]", id)
        for token, id in entries.items()
    }
    if not vocabulary:
        raise section.bad(name, "at least one entry", entries)
    if len(set(vocabulary.values())) < len(vocabulary):
        seen: set[int] = set()
        twice = next(id for id in vocabulary.values() if id in seen or seen.add(id))
        raise section.bad(name, "a different id for each entry", f"{twice} more than once")
    return vocabulary


def numbered_vocabulary(section: Section, name: str, tokens: Sequence[object]) -> dict[str, int]:
    """A list of entries, each one's id its place in the list; no entry twice."""
    check_count(section, name, len(tokens))
    vocabulary: dict[str, int] = {}
    for id, token in enumerate(tokens):
        place = f"{name}[{id}]"
        if vocabulary.setdefault(checked_token(section, place, token), id) != id:
            raise section.bad(place, "an entry of its own", token)
    if not vocabulary:
        raise section.bad(name, "at least one entry", tokens)
    return vocabulary


def read_merges(
    section: Section, name: str, merges: Sequence[object], vocabulary: Mapping[str, int]
) -> list[Pair]:
    """Pairs in the order they were learnt, each written ``"a b"`` or ``["a", "b"]``."""
    check_count(section, name, len(merges))
    pairs: list[Pair] = []
    for at, merge in enumerate(merges):
        parts = merge.split(" ") if isinstance(merge, str) else merge
        match parts:
            case [str(left), str(right)] if left and right:
                pass
            case _:
                raise section.bad(f"{name}[{at}]", "two tokens", merge)
        for token in (left, right, left + right):
            if token not in vocabulary:
                raise TokenizerError(
                    "unknown-token",
                    file=section.file,
                    field=section.at(f"{name}[{at}]"),
                    token=token,
                )
        pairs.append((left, right))
    return pairs


def read_added_token(section: Section, id: int) -> AddedToken:
    """One entry of ``added_tokens``."""
    content = checked_token(section, "content", section.required("content", str))
    check_count(section, "content", len(content), MAX_ADDED_CHARS)
    special = section.flag("special", False)
    return AddedToken(
        id=id,
        content=content,
        special=special,
        single_word=section.flag("single_word", False),
        lstrip=section.flag("lstrip", False),
        rstrip=section.flag("rstrip", False),
        normalized=section.flag("normalized", not special),
    )


def roles(config: Section, vocabulary: Mapping[str, int]) -> SpecialTokens:
    """The ids of the tokens with a role.

    What `config` (tokenizer_config.json) says of ``cls_token`` and so on counts, null included;
    for roles it does not mention, the names that are usual.
    """
    found: dict[str, int | None] = {}
    for role in fields(SpecialTokens):
        name = f"{role.name}_token"
        usual = _ROLES[role.name]
        names: Iterable[object] = (config.values[name],) if name in config.values else usual
        contents = (value.get("content") if isinstance(value, dict) else value for value in names)
        ids = (
            vocabulary[text] for text in contents if isinstance(text, str) and text in vocabulary
        )
        found[role.name] = next(ids, None)
    return SpecialTokens(**found)
