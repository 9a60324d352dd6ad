"""Malformed, hostile or unsupported files: the error names the place."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizers import TokenizerError, from_gguf, load_tokenizer
from tokenizers.alphabet import ALPHABET
from tokenizers.declared import declared
from tokenizers.section import MAX_FILE_BYTES, Section
from tokenizers.sentencepiece import BYTE_PIECES, DECODER, NORMALIZER
from tokenizers.tokenizer_json import read_tokenizer_json

BYTES = {char: id for id, char in enumerate(ALPHABET)}

BPE = {
    "added_tokens": [{"id": 257, "content": "<s>", "special": True}],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
    "post_processor": {"type": "ByteLevel"},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {**BYTES, "ab": 256}, "merges": ["a b"]},
}

WORDPIECE = {
    "added_tokens": [{"id": 0, "content": "[UNK]", "special": True}],
    "normalizer": {"type": "BertNormalizer"},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3}},
}

GGUF = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": [*ALPHABET, "ab", "<s>"],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.token_type": [1] * 257 + [3],
    "tokenizer.ggml.bos_token_id": 257,
}


def changed(whole: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """A copy of `whole` with the value at a dotted place replaced; "…" takes it away."""
    whole = copy.deepcopy(whole)
    *path, last = place.split(".")
    inner: Any = whole
    for step in path:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    if value == "…":
        del inner[last]
    else:
        inner[last] = value
    return whole


NOTHING_SAID = declared(*(Section("config", {}) for _ in range(4)))


def read(values: dict[str, Any]) -> object:
    return read_tokenizer_json(Section("tokenizer.json", values), NOTHING_SAID)


def test_the_examples_are_fine() -> None:
    read(BPE)
    read(WORDPIECE)
    assert from_gguf(GGUF).encode("ab<s>a") == [256, 257, BYTES["a"]]


SPLIT = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}


@pytest.mark.parametrize(
    ("whole", "place", "value", "code", "field"),
    [
        (BPE, "model", "…", "missing-field", "model"),
        (BPE, "model", [], "bad-field", "model"),
        (BPE, "model.type", "Unigram", "unsupported", "model.type"),
        (BPE, "model.type", 7, "bad-field", "model.type"),
        (BPE, "model.vocab", "…", "missing-field", "model.vocab"),
        (BPE, "model.vocab", {}, "bad-field", "model.vocab"),
        (BPE, "model.vocab", {"a": -1}, "bad-field", "model.vocab['a']"),
        (BPE, "model.vocab", {"a": True}, "bad-field", "model.vocab['a']"),
        (BPE, "model.vocab", {"a": 1.0}, "bad-field", "model.vocab['a']"),
        (BPE, "model.vocab", {"a": 1 << 40}, "bad-field", "model.vocab['a']"),
        (BPE, "model.vocab", {"a": 1, "b": 1}, "bad-field", "model.vocab"),
        (BPE, "model.vocab", {"\ud800": 1}, "bad-field", "model.vocab"),
        (BPE, "model.vocab", {"a" * 70_000: 1}, "too-large", "model.vocab"),
        (BPE, "model.merges", "…", "missing-field", "model.merges"),
        (BPE, "model.merges", ["a b", "ab c"], "unknown-token", "model.merges[1]"),
        (BPE, "model.merges", ["a b c"], "bad-field", "model.merges[0]"),
        (BPE, "model.merges", [" ab"], "bad-field", "model.merges[0]"),
        (BPE, "model.merges", [["a"]], "bad-field", "model.merges[0]"),
        (BPE, "model.merges", [["a", 1]], "bad-field", "model.merges[0]"),
        (BPE, "model.dropout", 0.1, "unsupported", "model.dropout"),
        (BPE, "model.byte_fallback", True, "unknown-token", "model.byte_fallback"),
        (BPE, "model.end_of_word_suffix", "</w>", "unsupported", "model.end_of_word_suffix"),
        (BPE, "normalizer", {"type": "Lowercase"}, "unsupported", "normalizer.type"),
        (BPE, "normalizer", {}, "missing-field", "normalizer.type"),
        (
            BPE,
            "normalizer",
            {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"}]},
            "unsupported",
            "normalizer.normalizers[1].type",
        ),
        (
            BPE,
            "normalizer",
            {"type": "Sequence", "normalizers": [3]},
            "bad-field",
            "normalizer.normalizers[0]",
        ),
        (BPE, "pre_tokenizer", None, "unsupported", "pre_tokenizer"),
        (BPE, "pre_tokenizer", {"type": "Metaspace"}, "unsupported", "pre_tokenizer.type"),
        (BPE, "pre_tokenizer.use_regex", "yes", "bad-field", "pre_tokenizer.use_regex"),
        (BPE, "pre_tokenizer", SPLIT, "unsupported", "pre_tokenizer.pattern.Regex"),
        (
            BPE,
            "pre_tokenizer",
            {**SPLIT, "behavior": "Removed"},
            "unsupported",
            "pre_tokenizer.behavior",
        ),
        (BPE, "post_processor", {"type": "Magic"}, "unsupported", "post_processor.type"),
        (BPE, "decoder", {"type": "BPEDecoder"}, "unsupported", "decoder.type"),
        (BPE, "added_tokens.0.id", "x", "bad-field", "added_tokens[0].id"),
        (BPE, "added_tokens.0.content", "ab", "bad-field", "added_tokens[0].id"),
        (BPE, "added_tokens.0.content", 3, "bad-field", "added_tokens[0].content"),
        (BPE, "added_tokens.0.lstrip", 1, "bad-field", "added_tokens[0].lstrip"),
        (WORDPIECE, "model.unk_token", "<unk>", "unknown-token", "model.unk_token"),
        (
            WORDPIECE,
            "model.max_input_chars_per_word",
            -1,
            "bad-field",
            "model.max_input_chars_per_word",
        ),
        (WORDPIECE, "post_processor.cls", "…", "missing-field", "post_processor.cls"),
        (WORDPIECE, "post_processor.sep", ["[SEP]"], "bad-field", "post_processor.sep"),
        (WORDPIECE, "post_processor.sep", ["[SEP]", 9], "bad-field", "post_processor"),
        (
            WORDPIECE,
            "post_processor",
            {
                "type": "TemplateProcessing",
                "single": [{"Sequence": {"id": "A", "type_id": 2}}],
                "pair": [],
            },
            "bad-field",
            "post_processor.single[0]",
        ),
        (
            WORDPIECE,
            "post_processor",
            {"type": "TemplateProcessing", "single": [{"Sequence": 1}], "pair": []},
            "bad-field",
            "post_processor.single[0]",
        ),
        (
            WORDPIECE,
            "post_processor",
            {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}}],
                "pair": [],
            },
            "bad-field",
            "post_processor.single[0]",
        ),
    ],
)
def test_tokenizer_json(
    whole: dict[str, Any], place: str, value: object, code: str, field: str
) -> None:
    with pytest.raises(TokenizerError) as caught:
        read(changed(whole, place, value))
    error = caught.value
    assert error.code == code
    assert error.fields["file"] == "tokenizer.json"
    assert error.fields["field"] == field
    assert "tokenizer.json" in str(error)
    assert field in str(error)
    assert len(str(error)) < 1_000


def test_what_sentencepiece_needs_is_named_where_it_differs() -> None:
    pieces = {piece: id for id, piece in enumerate(BYTE_PIECES)}
    whole = {
        "normalizer": NORMALIZER,
        "decoder": DECODER,
        "model": {"type": "BPE", "vocab": pieces, "merges": [], "byte_fallback": True},
    }
    read(whole)
    for place, value, field in (
        ("pre_tokenizer", {"type": "Metaspace"}, "pre_tokenizer.type"),
        ("normalizer", None, "normalizer"),
        ("decoder", None, "decoder"),
    ):
        values = {**whole, "normalizer": None} if place == "pre_tokenizer" else whole
        with pytest.raises(TokenizerError) as caught:
            read({**values, place: value})
        assert caught.value.fields["field"] == field


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("model", "…", "missing-field"),
        ("model", "llama", "unsupported"),
        ("pre", "unheard-of", "unsupported"),
        ("tokens", "…", "missing-field"),
        ("tokens", [], "bad-field"),
        ("tokens[1]", ["a", 3], "bad-field"),
        ("tokens[1]", ["a", "a"], "bad-field"),
        ("merges", "…", "missing-field"),
        ("merges[0]", ["x yz"], "unknown-token"),
        ("token_type", [1], "bad-field"),
        ("token_type[0]", ["x"] * 258, "bad-field"),
        ("bos_token_id", 258, "bad-field"),
        ("bos_token_id", "1", "bad-field"),
        ("add_bos_token", 1, "bad-field"),
    ],
)
def test_gguf(key: str, value: object, code: str) -> None:
    name = f"tokenizer.ggml.{key.partition('[')[0]}"
    metadata = {key: value for key, value in GGUF.items() if key != name or value == "…"}
    metadata[name] = value
    if value == "…":
        del metadata[name]
    with pytest.raises(TokenizerError) as caught:
        from_gguf(metadata)
    assert caught.value.code == code
    assert caught.value.fields["field"] == f"tokenizer.ggml.{key}"


@pytest.mark.parametrize(
    ("pre", "text", "pieces"),
    [
        ("gpt-2", "a 123 DON'T", ["a", "Ġ", "1", "2", "3"]),
        ("smollm", "a 12", ["a", "Ġ", "1", "2"]),
        ("default", "ab(", ["ab", "("]),
        ("llama-bpe", "ab", ["<s>", "ab"]),
        ("qwen2", "e\u0301", ["Ã", "©"]),
    ],
)
def test_gguf_kinds(pre: str, text: str, pieces: list[str]) -> None:
    tokenizer = from_gguf({**GGUF, "tokenizer.ggml.pre": pre})
    assert tokenizer.pieces(tokenizer.encode(text))[: len(pieces)] == pieces


def test_a_gguf_that_does_not_know_how_to_split_says_so() -> None:
    unknown = from_gguf({**GGUF, "tokenizer.ggml.pre": "default"})
    unsaid = from_gguf({key: value for key, value in GGUF.items() if not key.endswith(".pre")})
    for tokenizer in (unknown, unsaid):
        assert [one.code for one in tokenizer.notices] == ["split-unknown"]
        words = tokenizer.words("It's 12345 (or $8) !?\n a_b  c")
        assert list(words) == [
            "It", "'", "s", " ", "123", "45", " ", "(", "or", " ", "$", "8", ")", " ", "!?", "\n",
            " a", "_", "b", " ", " c",
        ]  # fmt: skip
    assert not from_gguf(GGUF).notices


def test_gguf_begin_and_end() -> None:
    flags = {"tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_eos_token": True}
    tokenizer = from_gguf({**GGUF, **flags, "tokenizer.ggml.eos_token_id": 256})
    assert tokenizer.encode("a", "b") == [257, BYTES["a"], 256, 257, BYTES["b"], 256]
    assert tokenizer.encode("a", "b", special=False) == [BYTES["a"], BYTES["b"]]


def write(name: str, text: str | bytes) -> Callable[[Path], object]:
    data = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("prepare", "code", "place"),
    [
        (lambda folder: None, "no-tokenizer", ""),
        (write("vocab.json", "{}"), "no-merges", "merges.txt"),
        (write("tokenizer.model", b"\x0a\x0e"), "other-tokenizer", "tokenizer.model only"),
        (write("tekken.json", "{}"), "other-tokenizer", "tekken.json"),
        (write("tokenizer.json", ""), "bad-json", "tokenizer.json"),
        (write("tokenizer.json", "[" * 200_000), "bad-json", "tokenizer.json"),
        (write("tokenizer.json", '{"a":' * 200_000), "bad-json", "tokenizer.json"),
        (write("tokenizer.json", '{"a": NaN}'), "bad-json", "tokenizer.json"),
        (write("tokenizer.json", '{"a": ' + "9" * 10_000 + "}"), "bad-json", "tokenizer.json"),
        (write("tokenizer.json", b"\xff\xfe"), "unreadable", "tokenizer.json"),
        (write("tokenizer.json", "[]"), "bad-field", "tokenizer.json"),
        (write("tokenizer.json", "null"), "bad-field", "tokenizer.json"),
        (write("tokenizer_config.json", "{"), "bad-json", "tokenizer_config.json"),
        (write("vocab.txt", ""), "bad-field", "vocab.txt"),
        (write("vocab.txt", "[UNK]\n[CLS]\na\n"), "unknown-token", "vocab.txt"),
        (write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\na\n"), "bad-field", "vocab.txt"),
        (lambda folder: (folder / "tokenizer_config.json").mkdir(), "unreadable", "config"),
    ],
)
def test_folder(prepare: Callable[[Path], object], code: str, place: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(tmp_path)
    assert caught.value.code == code
    assert place in str(caught.value)


def test_classes_of_other_tokenizers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n")
    (tmp_path / "vocab.json").write_text(json.dumps(BYTES))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    config = {"tokenizer_class": "CanineTokenizer"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    for _ in range(2):
        with pytest.raises(TokenizerError, match="CanineTokenizer"):
            load_tokenizer(tmp_path)
        (tmp_path / "vocab.txt").unlink(missing_ok=True)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(tmp_path)
    assert caught.value.code == "too-large"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 300) | st.text("ab<s>", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=6,
)


def places(values: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path] if path else []
    if isinstance(values, dict) and len(values) < 50:
        for key, inner in values.items():
            found += places(inner, (*path, key))
    return found


@settings(max_examples=300)
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([BPE, WORDPIECE]))
    place = ".".join(data.draw(st.sampled_from(places(whole))))
    values = changed(whole, place, data.draw(json_values))
    try:
        tokenizer: Any = read(values)
    except TokenizerError:
        return
    tokenizer.encode("ab <s> [UNK] é")
