"""The bench: texts to batches to runs, with a small vocabulary of its own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from model.bench import Bench
from model.errors import ModelError
from model.shape import Shape
from model.tape import Tape
from model.training.tasks import Sequences
from tests.model.zoo import grown, tiny
from tokenizers import load_tokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on", "mat", "."]
PAD, UNK, CLS, SEP, MASK, THE, CAT, SAT, ON, MAT, DOT = range(11)


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """A bench with a BERT-like tokenizer of eleven words."""
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    tokenizer = load_tokenizer(tmp_path)

    def bench(**fields: Any) -> Bench:
        shape = tiny(**{"vocab_size": 11, "context": 12, "token_types": 2, "head": "mlm"} | fields)
        return Bench("small", shape, grown(shape), tokenizer)

    return bench


@pytest.fixture
def bench(make: Any) -> Bench:
    return make()


def bare(tmp_path: Path, shape: Shape) -> Bench:
    """A bench whose tokenizer puts nothing around a text: byte-level BPE of the letters a and b."""
    (tmp_path / "vocab.json").write_text(json.dumps({"a": 0, "b": 1, "ab": 2}), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\n", encoding="utf-8")
    return Bench("letters", shape, grown(shape), load_tokenizer(tmp_path))


def code(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ModelError) as caught:
        call(*arguments, **named)
    return caught.value.code


def test_one_text(bench: Bench) -> None:
    result = bench.run("The cat sat")
    assert result.tokens == [["[CLS]", "the", "cat", "sat", "[SEP]"]]
    assert result.source.ids.tolist() == [[CLS, THE, CAT, SAT, SEP]]
    assert result.source.ids.dtype == torch.int64
    assert result.source.real.all()
    assert not result.source.types.any()
    assert result.goal is None
    assert result.logits is not None
    assert result.logits.shape == (1, 5, 11)
    assert result.logits.equal(bench.transformer(result.source.ids))
    assert not result.logits.requires_grad


def test_a_batch_is_padded_on_the_right_and_padding_changes_nothing(bench: Bench) -> None:
    result = bench.run(["the cat sat on the mat", "the mat"])
    assert result.source.ids.tolist()[1] == [CLS, THE, MAT, SEP, PAD, PAD, PAD, PAD]
    assert result.source.real.tolist()[1] == [True] * 4 + [False] * 4
    assert [len(tokens) for tokens in result.tokens] == [8, 4]
    alone = bench.run("the mat")
    assert result.logits is not None
    assert alone.logits is not None
    torch.testing.assert_close(result.logits[1, :4], alone.logits[0])
    mask = result.attention(0).mask
    assert mask.sum((-1, -2)).tolist() == [[64] * 4, [32] * 4]
    assert not result.attention(1).weights[1, ..., 4:].any()


def test_a_pair_is_one_sequence_of_two_segments(bench: Bench) -> None:
    result = bench.run(("the cat", "sat"))
    assert result.source.ids.tolist() == [[CLS, THE, CAT, SEP, SAT, SEP]]
    assert result.source.types.tolist() == [[0, 0, 0, 0, 1, 1]]
    types = result.embedding("encoder").types
    assert types is not None
    table = bench.transformer.state_dict()["embedding.types.weight"]
    assert types[0].equal(table[result.source.types[0]])
    whole = bench.run_encoded(bench.batch(result.source.ids.tolist()))  # all of it one segment
    assert whole.source.ids.equal(result.source.ids)
    assert whole.logits is not None
    assert result.logits is not None
    assert (whole.logits - result.logits).abs().max() > 1e-3


def test_pairs_and_texts_share_a_batch(bench: Bench) -> None:
    result = bench.run([("the cat", "sat"), "the mat ."])
    assert result.source.types.tolist() == [[0, 0, 0, 0, 1, 1], [0] * 6]
    assert result.source.real.sum(1).tolist() == [6, 5]


def test_words_that_are_not_known(bench: Bench) -> None:
    assert bench.run("the dog").source.ids.tolist() == [[CLS, THE, UNK, SEP]]


def test_choices_and_tape_are_those_of_the_call(bench: Bench) -> None:
    choices, tape = replace(bench.native, scaled=False), Tape(keep=["logits"])
    result = bench.run("the cat", choices, tape)
    assert result.choices == choices
    assert list(result.kept) == ["logits"]
    assert result.logits is not None
    native = bench.run("the cat")
    assert native.choices == bench.native
    assert native.logits is not None
    assert (result.logits - native.logits).abs().max() > 1e-3


def test_ids_may_come_from_elsewhere(bench: Bench) -> None:
    result = bench.run_encoded(bench.batch([[CLS, CAT, SEP], [MASK]]))
    assert result.tokens == [["[CLS]", "cat", "[SEP]"], ["[MASK]"]]
    assert result.source.ids.tolist() == [[CLS, CAT, SEP], [MASK, PAD, PAD]]


def test_an_encoder_decoder_reads_two_texts(make: Any) -> None:
    bench = make(decoder_layers=1, head="lm")
    result = bench.run(["the cat sat", "the"], target=["on", "on the mat"])
    assert result.goal is not None
    assert result.goal.tokens[0] == ["[CLS]", "on", "[SEP]"]
    assert result.goal.real.sum(1).tolist() == [3, 5]
    assert result.logits.shape == (2, 5, 11)
    assert result.attention(2, "cross").weights.shape == (2, 4, 5, 5)
    alone = bench.run("the cat sat", target="on")
    torch.testing.assert_close(result.logits[0, :3], alone.logits[0])


def test_a_decoder_starts_where_its_vocabulary_has_a_beginning() -> None:
    task = Sequences("copy", length=3, letters=4)
    shape = tiny(vocab_size=task.tokenizer.size, decoder_layers=1, head="lm")
    bench = Bench("copier", shape, grown(shape), task.tokenizer)
    result = bench.run(["abc", "d"], target=["cba", "d"])
    assert result.goal is not None
    assert result.goal.tokens == [["<s>", "c", "b", "a"], ["<s>", "d"]]
    assert result.tokens == [["a", "b", "c"], ["d"]]


@pytest.mark.parametrize("texts", [[], ["ab", ""], "", [""]])
def test_empty_text(texts: Any, tmp_path: Path) -> None:
    bench = bare(tmp_path, tiny(vocab_size=3))
    assert code(bench.run, texts) == "empty-text"
    assert bench.run("ab").source.ids.tolist() == [[2]]


def test_an_empty_text_between_special_tokens_is_a_text(bench: Bench) -> None:
    assert bench.run("").tokens == [["[CLS]", "[SEP]"]]


def test_too_long(bench: Bench) -> None:
    assert bench.run("cat " * 10).source.ids.shape == (1, 12)
    with pytest.raises(ModelError, match=r"13 tokens.*at most 12") as caught:
        bench.run(["cat", "cat " * 11])
    assert caught.value.code == "too-long"
    assert caught.value.fields == {"tokens": 13, "context": 12}


def test_any_length_where_nothing_bounds_it(tmp_path: Path) -> None:
    bench = bare(tmp_path, tiny(vocab_size=3, context=0, positions="rope"))
    assert bench.run("a" * 300).attention(0).weights.shape == (1, 4, 300, 300)


def test_past_the_table_of_positions(make: Any) -> None:
    bench = make()
    text = "the cat sat"  # five tokens of at most twelve
    assert bench.run(text, replace(bench.native, offset=7)).logits is not None
    with pytest.raises(ModelError, match="position 12") as caught:
        bench.run(text, replace(bench.native, offset=8))
    assert caught.value.code == "past-positions"
    assert caught.value.fields == {"last": 12, "context": 12}
    for positions in ("sinusoidal", "rope", "alibi", "none"):
        bench.run(text, replace(bench.native, positions=positions, offset=800))


def test_positions_begin_at_the_row_that_the_shape_says(make: Any) -> None:
    bench = make(first_position=2)
    table = bench.transformer.state_dict()["embedding.positions.weight"]
    assert len(table) == 14
    read = bench.run("cat", replace(bench.native, offset=9)).embedding("encoder").positions
    assert read is not None
    assert read.equal(table[11:14])


def test_illegal_choices_and_unused_edits_are_errors(bench: Bench) -> None:
    swiglu = replace(bench.native, activation="swiglu")
    assert code(bench.run, "the cat", swiglu) == "illegal-choice"
    unused = Tape(edits={"decoder.0.*": torch.zeros_like})
    assert code(bench.run, "the cat", tape=unused) == "edit-unused"
    assert code(bench.run, "the cat", replace(bench.native, layers=(2,))) == "no-such-layer"


def test_a_text_with_a_separator_is_the_pair_that_it_spells(bench: Bench, make: Any) -> None:
    spelt, pair = bench.encode("The cat [SEP] sat on"), bench.encode(("The cat", "sat on"))
    assert spelt.ids.equal(pair.ids) and spelt.types.equal(pair.types)
    assert spelt.types[0].tolist() == [0, 0, 0, 0, 1, 1, 1]
    batch = bench.encode(["The cat [SEP] sat on", "on"])
    assert batch.types[0].equal(pair.types[0]) and not batch.types[1].any()
    one_segment = make(token_types=0).encode("The cat [SEP] sat on")
    assert one_segment.ids.equal(pair.ids) and not one_segment.types.any()


def test_padding_needs_a_row_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({"a": 0, "b": 1, "ab": 2}), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\n", encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text('{"pad_token": "<pad>"}', encoding="utf-8")
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.special.pad == 3
    shape = tiny(vocab_size=3)
    assert Bench("small", shape, grown(shape), tokenizer).run(["ab", "aab"]).source.ids.max() == 2
