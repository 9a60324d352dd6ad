"""Symbol tokenizers: round trips, unknown symbols, and the file beside a model."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizers import TokenizerError, load_tokenizer
from tokenizers.symbols import FILE, character_tokenizer, spaced_tokenizer, write_symbols

LETTERS = list("abcdefghijklmnopqrstuvwxyz '-")
PHONEMES = ["AA", "AE", "B", "HH", "K", "T"]


@given(st.text(alphabet="".join(LETTERS)))
def test_characters_come_back(text: str) -> None:
    tokenizer = character_tokenizer(LETTERS)
    ids = tokenizer.encode(text)
    assert len(ids) == len(text)
    assert tokenizer.decode(ids) == text


@given(st.lists(st.sampled_from(PHONEMES)))
def test_phonemes_come_back(phonemes: list[str]) -> None:
    tokenizer = spaced_tokenizer([*LETTERS, *PHONEMES])
    assert tokenizer.tokens(tokenizer.encode(" ".join(phonemes))) == phonemes


def test_letters_and_phonemes_share_a_vocabulary() -> None:
    tokenizer = spaced_tokenizer([*LETTERS, *PHONEMES], ends=True)
    assert tokenizer.tokens(tokenizer.encode("cat")) == ["c", "a", "t", "</s>"]
    assert tokenizer.tokens(tokenizer.encode("K AE T", special=False)) == ["K", "AE", "T"]


def test_what_is_no_symbol_is_unknown() -> None:
    tokenizer = character_tokenizer(list("ab"))
    assert tokenizer.tokens(tokenizer.encode("aéb")) == ["a", "<unk>", "b"]


def test_special_tokens_have_their_roles() -> None:
    special = character_tokenizer(["a"]).special
    assert (special.pad, special.bos, special.eos, special.unk) == (0, 1, 2, 3)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("kind", ["characters", "spaced"])
def test_the_file_gives_the_same_tokenizer(tmp_path: Path, kind: str, ends: bool) -> None:
    build = character_tokenizer if kind == "characters" else spaced_tokenizer
    tokenizer = build(["a", "b", "AA", "中"], ends=ends)
    write_symbols(tmp_path, tokenizer, "characters" if kind == "characters" else "spaced")
    again = load_tokenizer(tmp_path)
    assert dict(again.vocabulary) == dict(tokenizer.vocabulary)
    for text in ("abba", "AA b 中", "<s>a", ""):
        assert again.encode(text) == tokenizer.encode(text)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "words", "ends": False, "symbols": ["a"]},
        {"kind": "spaced", "ends": False},
        {"kind": "spaced", "ends": False, "symbols": ["a", "a"]},
        {"kind": "spaced", "ends": False, "symbols": ["<s>"]},
        {"kind": "spaced", "ends": False, "symbols": [3]},
        {"kind": "spaced", "ends": 3, "symbols": ["a"]},
        ["spaced"],
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, facts: object) -> None:
    (tmp_path / FILE).write_text(json.dumps(facts))
    with pytest.raises(TokenizerError, match=r"symbols\.json"):
        load_tokenizer(tmp_path)
