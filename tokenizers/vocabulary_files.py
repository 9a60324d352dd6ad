"""The older formats: vocab.txt for WordPiece, vocab.json with merges.txt for byte-level BPE.

These files hold the vocabulary only; the rest is the default of the tokenizer class that
tokenizer_config.json names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokenizers.added_tokens import AddedToken
from tokenizers.bpe import ByteLevelBPE
from tokenizers.decoders import WordPieceDecoder, decode_bytes
from tokenizers.errors import TokenizerError
from tokenizers.normalizers import BertNormalizer, identity, nfc
from tokenizers.pretokenizers import (
    QWEN2_PATTERN,
    SPLITS,
    Step,
    bert_words,
    gpt2_words,
    with_leading_space,
)
from tokenizers.processors import Template, bert_template, roberta_template
from tokenizers.section import Section, read_text
from tokenizers.tokenizer import Tokenizer
from tokenizers.vocabulary import (
    numbered_vocabulary,
    read_added_token,
    read_merges,
    read_vocabulary,
    roles,
    token_id,
)
from tokenizers.wordpiece import WordPiece

_BERT_CLASSES = ("Bert", "DistilBert", "Electra", "MobileBert", "ConvBert")
_BERT_TOKENS = {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}
_GPT2_TOKENS: dict[str, str] = dict.fromkeys(("unk", "bos", "eos"), "<|endoftext|>")
_ROBERTA_TOKENS = {
    "bos": "<s>", "eos": "</s>", "sep": "</s>", "cls": "<s>",
    "unk": "<unk>", "pad": "<pad>", "mask": "<mask>",
}  # fmt: skip
_NUMBER = re.compile("[0-9]{1,10}")
_QWEN2_TOKENS: dict[str, str] = dict.fromkeys(("eos", "pad"), "<|endoftext|>")


def read_vocab_txt(path: Path, config: Section) -> Tokenizer:
    """WordPiece as BERT's: one entry a line, its id the line's number from 0.

    Raises:
        TokenizerError: with the file and the field at fault.
    """
    family = _family(config)
    if family not in (None, *_BERT_CLASSES):
        raise config.unsupported("tokenizer_class", config.values["tokenizer_class"])
    lines = [line.rstrip() for line in read_text(path).split("\n")]
    file = Section(path.name, {})
    vocabulary = numbered_vocabulary(file, "line", lines[:-1] if lines[-1] == "" else lines)
    names = _special_names(config, _BERT_TOKENS)
    for role in ("unk", "cls", "sep"):
        if names.get(role) not in vocabulary:
            raise TokenizerError(
                "unknown-token", file=path.name, field=f"{role}_token", token=names.get(role)
            )
    return Tokenizer(
        WordPiece(vocabulary, names["unk"]),
        normalize=BertNormalizer(
            handle_chinese_chars=config.flag("tokenize_chinese_chars", True),
            strip_accents=config.optional("strip_accents", bool),
            lowercase=config.flag("do_lower_case", True),
        ),
        words=[bert_words],
        decoder=WordPieceDecoder(),
        template=bert_template(vocabulary[names["cls"]], vocabulary[names["sep"]]),
        added=_added(config, vocabulary, names),
        special=roles(config, vocabulary),
    )


def read_merges_txt(vocab: Path, merges: Path, config: Section) -> Tokenizer:
    """Byte-level BPE as GPT-2's, RoBERTa's or Qwen2's, by tokenizer_config.json's class.

    Raises:
        TokenizerError: with the file and the field at fault.
    """
    vocabulary = read_vocabulary(
        Section(vocab.name, {"vocab": Section.of_json(vocab).values}), "vocab"
    )
    lines = [line for line in read_text(merges).split("\n") if line.strip()]
    lines = [line.rstrip("\r") for line in lines if not line.startswith("#version")]
    family = _family(config)
    template, normalize, split = Template(), identity, gpt2_words
    match family:
        case None | "GPT2":
            names = _special_names(config, _GPT2_TOKENS)
        case "Roberta":
            names = _special_names(config, _ROBERTA_TOKENS)
            for role in ("cls", "sep"):
                if names.get(role) not in vocabulary:
                    raise TokenizerError(
                        "unknown-token",
                        file=vocab.name,
                        field=f"{role}_token",
                        token=names.get(role),
                    )
            template = roberta_template(vocabulary[names["cls"]], vocabulary[names["sep"]])
        case "Qwen2":
            names = _special_names(config, _QWEN2_TOKENS)
            normalize, split = nfc, SPLITS[QWEN2_PATTERN]
        case _:
            raise config.unsupported("tokenizer_class", config.values["tokenizer_class"])
    steps: list[Step] = [split]
    if config.flag("add_prefix_space", False):
        steps.insert(0, with_leading_space)
    unknown = names.get("unk")
    return Tokenizer(
        ByteLevelBPE(
            vocabulary,
            read_merges(Section(merges.name, {}), "merge", lines, vocabulary),
            unknown=unknown if unknown in vocabulary else None,
        ),
        normalize=normalize,
        words=steps,
        decoder=decode_bytes,
        template=template,
        added=_added(config, vocabulary, names),
        special=roles(config, vocabulary),
    )


def _family(config: Section) -> str | None:
    """The tokenizer class without the words all of them share: "Bert" for BertTokenizerFast."""
    name = config.optional("tokenizer_class", str)
    return None if name is None else name.removesuffix("Fast").removesuffix("Tokenizer")


def _special_names(config: Section, usual: Mapping[str, str]) -> dict[str, str]:
    """Role → token: what the config says, else what is usual for the class."""
    names = {}
    for role in ("cls", "sep", "mask", "pad", "bos", "eos", "unk"):
        value = config.values.get(f"{role}_token", usual.get(role))
        content = value.get("content") if isinstance(value, dict) else value
        if isinstance(content, str):
            names[role] = content
    return names


def _added(
    config: Section, vocabulary: Mapping[str, int], names: Mapping[str, str]
) -> Iterator[AddedToken]:
    """The special tokens of the vocabulary, and the tokens that the config adds."""
    listed = config.section("added_tokens_decoder")
    seen: set[str] = set()
    for id in listed.values if listed else ():
        entry = listed.section(id) if listed else None
        if entry is not None:
            place = f"added_tokens_decoder.{id}"
            number = int(id) if _NUMBER.fullmatch(id) else id
            token = read_added_token(entry, token_id(config, place, number))
            if vocabulary.get(token.content, token.id) != token.id:
                raise config.bad(
                    place, f"{vocabulary[token.content]}, its id in the vocabulary", id
                )
            seen.add(token.content)
            yield token
    for role, content in names.items():
        if content in vocabulary and content not in seen:
            seen.add(content)
            yield AddedToken(
                vocabulary[content],
                content,
                special=True,
                lstrip=role == "mask" and content == "<mask>",
            )
