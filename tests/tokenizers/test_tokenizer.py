"""What a Tokenizer promises for every text, and what a reader sees of its tokens."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokenizers.strings import hostile_strings
from tokenizers import SpecialTokens, Tokenizer, TokenizerError, from_gguf, load_tokenizer
from tokenizers.alphabet import ALPHABET


@pytest.fixture(scope="module")
def gpt2(small_folders: Path) -> Tokenizer:
    """A vocabulary with all 256 bytes."""
    return load_tokenizer(small_folders / "gpt2")


anything = st.text(st.characters())  # lone surrogates too
valid = st.text()


@settings(max_examples=500)
@given(text=valid)
def test_byte_level_text_comes_back(gpt2: Tokenizer, text: str) -> None:
    assert gpt2.decode(gpt2.encode(text, special=False)) == text


def test_hostile_text_comes_back(gpt2: Tokenizer) -> None:
    for text in hostile_strings(3_000, seed=9):
        assert gpt2.decode(gpt2.encode(text, special=False)) == text


def test_bytes_that_smollm2_has_no_token_for_are_lost(smollm2: Tokenizer) -> None:
    """Its vocabulary misses bytes that its training text did not hold, and has no unknown token."""
    missing = bytes(byte for byte in range(256) if ALPHABET[byte] not in smollm2.vocabulary)
    assert len(missing) == 21
    for text in hostile_strings(3_000, seed=9):
        kept = text.encode().translate(None, missing).decode(errors="replace")
        assert smollm2.decode(smollm2.encode(text, special=False)) == kept


@settings(max_examples=300)
@given(text=anything, pair=st.none() | anything)
def test_any_text_gives_known_ids(
    minilm: Tokenizer, smollm2: Tokenizer, text: str, pair: str | None
) -> None:
    for tokenizer in (minilm, smollm2):
        for special in (True, False):
            ids, types = tokenizer.encode_with_types(text, pair, special=special)
            assert ids == tokenizer.encode(text, pair, special=special)
            assert types == tokenizer.token_types(text, pair, special=special)
            assert len(ids) == len(types)
            assert set(types) <= {0, 1}
            assert all(0 <= id < tokenizer.size for id in ids)
            assert len(tokenizer.tokens(ids)) == len(ids)
            tokenizer.decode(ids, skip_special=special)


def test_lone_surrogates_count_as_replacement_characters(smollm2: Tokenizer) -> None:
    assert smollm2.encode("a\ud800b") == smollm2.encode("a\ufffdb")


def test_pair(minilm: Tokenizer) -> None:
    ids, types = minilm.encode_with_types("a", "b c")
    assert minilm.tokens(ids) == ["[CLS]", "a", "[SEP]", "b", "c", "[SEP]"]
    assert types == [0, 0, 0, 1, 1, 1]
    assert minilm.token_types("a", "b c", special=False) == [0, 1, 1]
    assert minilm.tokens(minilm.encode("", "")) == ["[CLS]", "[SEP]", "[SEP]"]


def test_no_padding_and_no_truncation(minilm: Tokenizer) -> None:
    assert len(minilm.encode("a")) == 3
    assert len(minilm.encode("a " * 1_000)) == 1_002


def test_labels(minilm: Tokenizer, smollm2: Tokenizer) -> None:
    ids = minilm.encode("Unaffable [MASK]s", special=False)
    assert minilm.tokens(ids) == minilm.pieces(ids) == ["una", "##ffa", "##ble", "[MASK]", "s"]
    ids = smollm2.encode(" the 42\n<|im_end|>ẞ")
    assert smollm2.tokens(ids) == [
        *(" the", " ", "4", "2", "\n", "<|im_end|>"),
        *smollm2.tokens(smollm2.encode("ẞ")),
    ]
    assert smollm2.pieces(ids)[:6] == ["Ġthe", "Ġ", "4", "2", "Ċ", "<|im_end|>"]
    assert smollm2.tokens([smollm2.vocabulary["ä"]]) == ["⟨e4⟩"]


def test_roles(minilm: Tokenizer, smollm2: Tokenizer) -> None:
    assert minilm.special == SpecialTokens(cls=101, sep=102, mask=103, pad=0, unk=100)
    assert smollm2.special == SpecialTokens(bos=1, eos=2, unk=0, pad=2)
    assert minilm.special_ids == {0, 100, 101, 102, 103}
    assert smollm2.special_ids == set(range(17))
    assert (minilm.kind, smollm2.kind) == ("wordpiece", "byte-level BPE")
    assert (minilm.size, smollm2.size) == (30_522, 49_152)
    assert minilm.vocabulary["[MASK]"] == 103


def test_skipping_special_tokens(minilm: Tokenizer) -> None:
    ids = minilm.encode("hello, world")
    assert minilm.decode(ids) == "[CLS] hello, world [SEP]"
    assert minilm.decode(ids, skip_special=True) == "hello, world"


def test_unknown_ids(minilm: Tokenizer) -> None:
    for reading in (minilm.decode, minilm.tokens, minilm.pieces):
        with pytest.raises(TokenizerError, match="-1") as caught:
            reading([101, -1])
        assert caught.value.code == "unknown-id"
        assert caught.value.fields == {"id": -1}


@pytest.mark.parametrize("id", [30_522, 1 << 40])
def test_a_row_that_no_token_has_is_named(minilm: Tokenizer, id: int) -> None:
    # many models round their matrices up, and then predict such a row
    name = f"⟨row-{id}:no-token⟩"
    assert minilm.tokens([101, id, 102]) == ["[CLS]", name, "[SEP]"]
    assert minilm.decode([7592, id, 1010, 2088]) == f"hello{name}, world"
    with pytest.raises(TokenizerError, match=str(id)):
        minilm.pieces([id])


def test_the_vocabulary_cannot_be_changed(minilm: Tokenizer) -> None:
    vocabulary: Any = minilm.vocabulary
    with pytest.raises(TypeError):
        vocabulary["x"] = 1


def test_many_threads(smollm2_metadata: dict[str, Any]) -> None:
    texts = list(hostile_strings(600, seed=4))
    alone = from_gguf(smollm2_metadata)
    expected = [alone.encode(text) for text in texts]
    shared = from_gguf(smollm2_metadata)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(4):
            assert list(threads.map(shared.encode, texts)) == expected
