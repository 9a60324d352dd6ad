"""The older formats: vocab.txt for WordPiece, vocab.json with merges.txt for byte-level BPE.

These files hold the vocabulary only; the rest is the default of the tokenizer class that
tokenizer_config.json or config.json names, or that goes with the model's type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tokenizers.bpe import ByteLevelBPE
from tokenizers.declared import Declared
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
from tokenizers.processors import Template, around, bert_template, roberta_template
from tokenizers.section import Section, read_text
from tokenizers.tokenizer import SpecialTokens, Tokenizer
from tokenizers.vocabulary import (
    numbered_vocabulary,
    read_merges,
    read_vocabulary,
)
from tokenizers.wordpiece import WordPiece


def read_vocab_txt(path: Path, said: Declared) -> Tokenizer:
    """WordPiece as BERT's: one entry a line, its id the line's number from 0.

    Raises:
        TokenizerError: with the file and the field at fault.
    """
    if said.family is None:
        said = replace(said, family="Bert")
    if not said.as_bert:
        raise said.unsupported()
    lines = [line.rstrip() for line in read_text(path).split("\n")]
    file = Section(path.name, {})
    vocabulary = numbered_vocabulary(file, "line", lines[:-1] if lines[-1] == "" else lines)
    names = said.names
    _check_roles(path.name, names, ("unk", "cls", "sep"), vocabulary)
    return Tokenizer(
        WordPiece(vocabulary, names["unk"]),
        normalize=bert_normalizer(said.settings),
        words=[bert_words],
        decoder=WordPieceDecoder(),
        template=bert_template(vocabulary[names["cls"]], vocabulary[names["sep"]]),
        **said.tokens(vocabulary),
    )


def bert_normalizer(settings: Section) -> BertNormalizer:
    """The cleaning that BERT's class does under these settings."""
    return BertNormalizer(
        handle_chinese_chars=settings.flag("tokenize_chinese_chars", True),
        strip_accents=settings.optional("strip_accents", bool),
        lowercase=settings.flag("do_lower_case", True),
    )


def read_merges_txt(vocab: Path, merges: Path, said: Declared) -> Tokenizer:
    """Byte-level BPE as GPT-2's, RoBERTa's or Qwen2's, by the class that is named.

    Raises:
        TokenizerError: with the file and the field at fault.
    """
    if said.family is None:
        said = replace(said, family="GPT2")
    vocabulary = read_vocabulary(
        Section(vocab.name, {"vocab": Section.of_json(vocab).values}), "vocab"
    )
    lines = [line for line in read_text(merges).split("\n") if line.strip()]
    lines = [line.rstrip("\r") for line in lines if not line.startswith("#version")]
    normalize, split = identity, gpt2_words
    tokens = said.tokens(vocabulary)
    special = tokens["special"]
    match said.family:
        case "GPT2":
            template = _begun_and_ended(said.settings, special)
        case "Roberta":
            _check_roles(vocab.name, said.names, ("cls", "sep"), vocabulary)
            template = roberta_template(special.cls or 0, special.sep or 0)
        case "Qwen2":
            normalize, split = nfc, SPLITS[QWEN2_PATTERN]
            template = _begun_and_ended(said.settings, special)
        case _:
            raise said.unsupported()
    return Tokenizer(
        ByteLevelBPE(vocabulary, read_merges(Section(merges.name, {}), "merge", lines, vocabulary)),
        normalize=normalize,
        words=prefixed([split], said.settings),
        decoder=decode_bytes,
        template=template,
        **tokens,
    )


def prefixed(words: Sequence[Step], settings: Section) -> list[Step]:
    """These steps, with a leading space exactly where the settings want one."""
    steps = [step for step in words if step is not with_leading_space]
    if settings.flag("add_prefix_space", False):
        # Qwen2's pattern splits first, and every piece then begins with a space
        steps.insert(1 if steps[:1] == [SPLITS[QWEN2_PATTERN]] else 0, with_leading_space)
    return steps


def _check_roles(
    file: str, names: Mapping[str, str], needed: Sequence[str], vocabulary: Mapping[str, int]
) -> None:
    for role in needed:
        if names.get(role) not in vocabulary:
            raise TokenizerError(
                "unknown-token", file=file, field=f"{role}_token", token=names.get(role)
            )


def _begun_and_ended(settings: Section, special: SpecialTokens) -> Template:
    """A begin and an end token around each text, where the settings say so."""
    before = settings.flag("add_bos_token", False) and special.bos is not None
    after = settings.flag("add_eos_token", False) and special.eos is not None
    return around(special.bos if before else None, special.eos if after else None)
