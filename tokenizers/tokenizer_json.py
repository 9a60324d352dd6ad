"""tokenizer.json, the one-file format of Hugging Face's tokenizers, → a Tokenizer.

Each component is known or refused by name; presets for padding and truncation are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokenizers import sentencepiece
from tokenizers.added_tokens import AddedToken
from tokenizers.bpe import ByteLevelBPE
from tokenizers.declared import Declared
from tokenizers.decoders import Decoder, WordPieceDecoder, decode_bytes, decode_spaced
from tokenizers.errors import TokenizerError
from tokenizers.normalizers import BertNormalizer, Normalizer, identity, nfc
from tokenizers.pretokenizers import (
    SPLITS,
    Step,
    bert_words,
    digit_runs,
    gpt2_words,
    single_digits,
    with_leading_space,
)
from tokenizers.processors import Slot, Template, bert_template, roberta_template
from tokenizers.rules import Rules, settled
from tokenizers.section import Section
from tokenizers.sentencepiece import SentencePieceBPE
from tokenizers.tokenizer import Model, Tokenizer
from tokenizers.vocabulary import (
    check_count,
    read_added_token,
    read_merges,
    read_vocabulary,
    token_id,
)
from tokenizers.wordpiece import WordPiece

MAX_WORD_CHARS = 1_000
MAX_PARTS = 16  # of a component or a template: each is gone through for every text


def read_tokenizer_json(root: Section, said: Declared) -> Tokenizer:
    """A Tokenizer from the whole of tokenizer.json, and from what is said beside it: where the
    tokenizer's class settles something otherwise, that counts, as in transformers, and a notice
    says so.

    Raises:
        TokenizerError: with the file and the field, for whatever is malformed or not supported.
    """
    model = _model(_required_section(root, "model"))
    normalize, words, decoder = _around(root, model)
    stored = list(_added_tokens(root, model.vocabulary))
    tokens = said.tokens(model.vocabulary, stored)
    ids = {**model.vocabulary, **{token.content: token.id for token in tokens["added"]}}
    written = Rules(model, normalize, tuple(words), decoder, _template(root, ids))
    rules, notices = settled(written, said, ids)
    return Tokenizer(
        rules.model,
        normalize=rules.normalize,
        words=rules.words,
        decoder=rules.decoder,
        template=rules.template,
        notices=notices,
        **tokens,
    )


def _required_section(parent: Section, name: str) -> Section:
    parent.required(name, dict)
    section = parent.section(name)
    assert section is not None
    return section


def _components(root: Section, name: str, parts: str) -> list[tuple[str, Section]]:
    """The component in field `name` as a row of (type, component): one, or a Sequence's parts."""
    component = root.section(name)
    if component is None:
        return []
    row = [component]
    if component.required("type", str) == "Sequence":
        check_count(component, parts, len(component.required(parts, list)), MAX_PARTS)
        row = list(component.sections(parts))
    return [(part.required("type", str), part) for part in row]


def _model(model: Section) -> Model:
    kind = model.optional("type", str)
    if kind is None:  # older files leave the type out
        kind = "BPE" if "merges" in model.values else "WordPiece"
    if kind not in ("BPE", "WordPiece"):
        raise model.unsupported("type", kind)
    vocabulary = read_vocabulary(model, "vocab")
    return _bpe(model, vocabulary) if kind == "BPE" else _wordpiece(model, vocabulary)


def _around(root: Section, model: Model) -> tuple[Normalizer, list[Step], Decoder]:
    """What comes before the model and after it."""
    if isinstance(model, SentencePieceBPE):
        for kind, part in _components(root, "pre_tokenizer", "pretokenizers"):
            raise part.unsupported("type", kind)  # where there is one, no normalizer is written
        if root.values.get("normalizer") is None:
            raise root.unsupported("normalizer", "null, without a pre_tokenizer")
        root.expect("normalizer", sentencepiece.NORMALIZER)
        root.expect("decoder", sentencepiece.DECODER)
        return sentencepiece.spaces_marked, [], sentencepiece.decode_sentence
    byte_level = isinstance(model, ByteLevelBPE)
    return _normalizer(root, byte_level), _steps(root, byte_level), _decoder(root, byte_level)


def _wordpiece(model: Section, vocabulary: Mapping[str, int]) -> WordPiece:
    unknown = model.text("unk_token", "[UNK]")
    if unknown not in vocabulary:
        raise TokenizerError(
            "unknown-token", file=model.file, field=model.at("unk_token"), token=unknown
        )
    longest = model.optional("max_input_chars_per_word", int)
    if longest is not None and not 0 <= longest <= MAX_WORD_CHARS:
        raise model.bad("max_input_chars_per_word", f"between 0 and {MAX_WORD_CHARS}", longest)
    return WordPiece(
        vocabulary,
        unknown,
        prefix=model.text("continuing_subword_prefix", "##"),
        longest_word=100 if longest is None else longest,
    )


def _bpe(model: Section, vocabulary: Mapping[str, int]) -> Model:
    model.expect("dropout", None, 0.0)
    model.expect("continuing_subword_prefix", None, "")
    model.expect("end_of_word_suffix", None, "")
    merges = read_merges(model, "merges", model.required("merges", list), vocabulary)
    ignore_merges = model.flag("ignore_merges", False)
    if model.flag("byte_fallback", False):
        for piece in sentencepiece.BYTE_PIECES:
            if piece not in vocabulary:
                raise TokenizerError(
                    "unknown-token", file=model.file, field=model.at("byte_fallback"), token=piece
                )
        return SentencePieceBPE(vocabulary, merges, ignore_merges)
    unknown = model.text("unk_token", "")
    bpe = ByteLevelBPE(
        vocabulary,
        merges,
        unknown=unknown if unknown in vocabulary else None,
        fuse_unknown=model.flag("fuse_unk", False),
        ignore_merges=ignore_merges,
    )
    if unknown and bpe.unknown is None and bpe.missing:
        raise TokenizerError(
            "unknown-token", file=model.file, field=model.at("unk_token"), token=unknown
        )
    return bpe


def _normalizer(root: Section, byte_level: bool) -> Normalizer:
    components = _components(root, "normalizer", "normalizers")
    for kind, part in components[1:]:
        raise part.unsupported("type", kind)
    for kind, part in components:
        if kind == "NFC":
            return nfc
        if kind == "BertNormalizer" and not byte_level:
            return BertNormalizer(
                clean_text=part.flag("clean_text", True),
                handle_chinese_chars=part.flag("handle_chinese_chars", True),
                strip_accents=part.optional("strip_accents", bool),
                lowercase=part.flag("lowercase", True),
            )
        raise part.unsupported("type", kind)
    return identity


def _steps(root: Section, byte_level: bool) -> list[Step]:
    steps: list[Step] = []
    components = _components(root, "pre_tokenizer", "pretokenizers")
    for kind, part in components:
        match kind:
            case "BertPreTokenizer" if not byte_level:
                steps.append(bert_words)
            case "Digits":
                one = part.flag("individual_digits", False)
                steps.append(single_digits if one else digit_runs)
            case "Split":
                steps.append(_split(part))
            case "ByteLevel" if byte_level and part is components[-1][1]:
                if part.flag("add_prefix_space", True):
                    steps.append(with_leading_space)
                if part.flag("use_regex", True):
                    steps.append(gpt2_words)
            case _:
                raise part.unsupported("type", kind)
    if byte_level and not (components and components[-1][0] == "ByteLevel"):
        raise root.unsupported("pre_tokenizer", "BPE without ByteLevel")
    return steps


def _split(part: Section) -> Step:
    pattern = _required_section(part, "pattern").required("Regex", str)
    part.expect("behavior", "Isolated")
    part.expect("invert", None, False)
    if pattern not in SPLITS:
        raise part.unsupported("pattern.Regex", pattern)
    return SPLITS[pattern]


def _decoder(root: Section, byte_level: bool) -> Decoder:
    components = _components(root, "decoder", "decoders")
    for kind, part in components[1:]:
        raise part.unsupported("type", kind)
    for kind, part in components:
        if kind == "WordPiece" and not byte_level:
            return WordPieceDecoder(part.text("prefix", "##"), part.flag("cleanup", True))
        if kind == "ByteLevel" and byte_level:
            return decode_bytes
        raise part.unsupported("type", kind)
    return decode_spaced


def _template(root: Section, vocabulary: Mapping[str, int]) -> Template:
    templates: list[Template] = []
    for kind, part in _components(root, "post_processor", "processors"):
        match kind:
            case "ByteLevel":  # only moves offsets
                continue
            case "BertProcessing":
                template = bert_template(_named(part, "cls"), _named(part, "sep"))
            case "RobertaProcessing":
                template = roberta_template(_named(part, "cls"), _named(part, "sep"))
            case "TemplateProcessing":
                special = _template_tokens(part)
                template = Template(
                    single=tuple(_slots(part, "single", special)),
                    pair=tuple(_slots(part, "pair", special)),
                )
            case _:
                raise part.unsupported("type", kind)
        if templates:
            raise part.unsupported("type", f"{kind}, a second template")
        templates.append(template)
    template = templates[0] if templates else Template()
    ids = set(vocabulary.values())
    for slot in (*template.single, *template.pair):
        if isinstance(slot.holds, tuple) and not ids.issuperset(slot.holds):
            raise root.bad("post_processor", "ids of the vocabulary", slot.holds)
    return template


def _named(part: Section, name: str) -> int:
    """The id in a ``["[CLS]", 101]`` pair."""
    match part.required(name, list):
        case [str(), id]:
            return token_id(part, name, id)
        case found:
            raise part.bad(name, "a token and its id", found)


def _template_tokens(part: Section) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    tokens = part.section("special_tokens")
    if tokens is not None:
        for name in tokens.values:
            token = _required_section(tokens, name)
            ids = token.required("ids", list)
            check_count(token, "ids", len(ids), MAX_PARTS)
            found[name] = tuple(token_id(token, "ids", id) for id in ids)
    return found


def _slots(part: Section, name: str, special: Mapping[str, tuple[int, ...]]) -> Iterator[Slot]:
    check_count(part, name, len(part.required(name, list)), MAX_PARTS)
    for slot in part.sections(name):
        match slot.values:
            case {"Sequence": {"id": "A", "type_id": 0 | 1 as type}}:
                yield Slot("first", type)
            case {"Sequence": {"id": "B", "type_id": 0 | 1 as type}} if name == "pair":
                yield Slot("second", type)
            case {"SpecialToken": {"id": str(token), "type_id": 0 | 1 as type}} if token in special:
                yield Slot(special[token], type)
            case found:
                raise part.bad(slot.path.removeprefix(f"{part.path}."), "a slot", found)


def _added_tokens(root: Section, vocabulary: Mapping[str, int]) -> Iterator[AddedToken]:
    for entry in root.sections("added_tokens"):
        token = read_added_token(entry, token_id(entry, "id", entry.values.get("id")))
        if vocabulary.get(token.content, token.id) != token.id:
            raise entry.bad(
                "id", f"{vocabulary[token.content]}, its id in the vocabulary", token.id
            )
        yield token
