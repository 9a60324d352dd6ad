"""Vocabularies measured: by hand, and against counting."""

import math
from collections.abc import Mapping

import pytest

from experiments.vocabularies import (
    SAMPLES,
    bare,
    fertility,
    learned_by_both,
    lost,
    overlap,
    parting,
    piece_bytes,
    sample,
    steps_table,
    summary,
    texts_of,
    unknown_id,
    words_of,
)
from model.catalogue import locate
from model.weights.gguf import read_gguf
from tokenizers import Tokenizer, from_gguf, load_tokenizer
from tokenizers.learned import count_words, learned_tokenizer
from tokenizers.training import Alphabet, Recipe, Score, Training, train


@pytest.fixture(scope="module")
def real() -> Mapping[str, Tokenizer]:
    return {
        "minilm": load_tokenizer(locate("minilm")),
        "smollm2": from_gguf(read_gguf(locate("smollm2")).metadata),
    }


def learned(score: Score, alphabet: Alphabet, text: str = "hug pug hugs hug") -> Training:
    return train(count_words(text, alphabet), 3, Recipe(score, alphabet))


def test_words_are_only_counted_where_they_are_set_apart() -> None:
    assert words_of("two words\n and three") == 4
    assert words_of("two 猫") is None
    assert words_of("") == 0


def test_fertility_by_hand(real: Mapping[str, Tokenizer]) -> None:
    rows = fertility(real, {"a": "the cat", "b": "猫"}).set_index(["vocabulary", "text"])
    assert rows.loc[("minilm", "a"), "tokens"] == 2
    assert rows.loc[("minilm", "a"), "tokens_per_word"] == 1
    assert rows.loc[("minilm", "a"), "tokens_per_character"] == pytest.approx(2 / 7)
    assert math.isnan(rows.loc[("smollm2", "b"), "tokens_per_word"])
    assert rows.loc[("minilm", "b"), "unknown"] == 1  # 猫 is none of its entries
    assert rows.loc[("smollm2", "b"), "unknown"] == 0


def test_every_sample_is_measured(real: Mapping[str, Tokenizer]) -> None:
    frame = fertility(real, {name: sample(name) for name in SAMPLES})
    assert (frame["tokens"] > 0).all()
    assert len(frame) == 2 * len(SAMPLES)
    english = frame[frame["text"] == "english"]
    chinese = frame[frame["text"] == "chinese"]
    assert english["tokens_per_character"].max() < chinese["tokens_per_character"].min()


def test_lost_is_what_decoding_does_not_bring_back(real: Mapping[str, Tokenizer]) -> None:
    smollm2 = real["smollm2"]
    control = "a\x06b"  # a byte that SmolLM2 has no token for
    assert len(lost(smollm2, control)) == 1
    assert smollm2.decode(smollm2.encode(control)) == "ab"
    assert lost(smollm2, "ab 猫 😀") == []
    assert lost(real["minilm"], control) == []
    assert lost(learned_tokenizer(learned("frequency", "bytes")), control) == []


def test_the_unknown(real: Mapping[str, Tokenizer]) -> None:
    assert unknown_id(real["minilm"]) == real["minilm"].vocabulary["[UNK]"]
    assert unknown_id(real["smollm2"]) == -1
    assert unknown_id(learned_tokenizer(learned("frequency", "characters"))) == 0
    assert unknown_id(learned_tokenizer(learned("ratio", "characters"))) == 0
    for score in ("frequency", "ratio"):
        assert unknown_id(learned_tokenizer(learned(score, "bytes"))) == -1


def test_pieces_as_text_and_bytes(real: Mapping[str, Tokenizer]) -> None:
    minilm, smollm2 = real["minilm"], real["smollm2"]
    assert (bare(minilm, "##ing"), bare(smollm2, "Ġthe")) == ("ing", "the")
    assert piece_bytes(minilm, "##ing") == b"ing"
    assert piece_bytes(smollm2, "Ġä¸") == b" \xe4\xb8"


def test_overlap(real: Mapping[str, Tokenizer]) -> None:
    own = learned_tokenizer(learned("frequency", "characters", "the the"))
    frame = overlap({name: texts_of(one) for name, one in {**real, "own": own}.items()})
    assert list(zip(frame["first"], frame["second"], strict=True)) == [
        ("minilm", "smollm2"),
        ("minilm", "own"),
        ("smollm2", "own"),
    ]
    last = frame.iloc[1]
    # t, h, e; he, the; [UNK]: all in MiniLM, the marked and the bare ones being one
    assert (last["second_size"], last["shared"], last["share"]) == (6, 6, 1.0)


def test_where_they_part() -> None:
    bpe, wordpiece = learned("frequency", "characters"), learned("ratio", "characters")
    assert parting(bpe, bpe) is None
    assert parting(bpe, bpe.after(2)) == 2
    assert parting(bpe, wordpiece) == next(
        i for i in range(3) if bpe.merges[i] != wordpiece.merges[i]
    )
    assert learned_by_both(bpe, bpe) == 3


def test_tables_of_a_training() -> None:
    training = learned("frequency", "characters")  # hug ×2, pug, hugs: ug 4, hug 3, then a tie
    table = steps_table(training)
    assert list(table["piece"][:2]) == ["##ug", "hug"]
    assert list(table["count"][:2]) == [4, 3]
    assert list(table["tokens"]) == training.tokens[1:]
    row = summary({"BPE": training}, words=4, characters=16).iloc[0]
    assert (row["merges"], row["tokens"]) == (3, training.tokens[-1])
    assert row["tokens_per_word"] == training.tokens[-1] / 4
    nothing = summary({"BPE": training.after(0)}, words=0, characters=0).iloc[0]
    assert (nothing["merges"], nothing["unused"]) == (0, 0)
