"""The tasks: batches that step and seed decide, labels that are right, parts that stay apart."""

from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.training.loop import losses
from model.training.tasks import IGNORED, Batch, Characters, Phonemes, Sequences, Task
from model.training.tasks.characters import HELD_OUT, TEXT
from model.training.tasks.pronunciation import dictionary, words
from model.training.tasks.task import epoch_order
from tests.model.zoo import grown, tiny

Name = Literal["copy", "reverse"]
TASKS: list[Task] = [Sequences("copy"), Sequences("reverse"), Characters(16), Phonemes()]


def tensors(batch: Batch) -> list[torch.Tensor]:
    parts = (batch.ids, batch.labels, batch.real, batch.target, batch.target_real)
    return [part for part in parts if part is not None]


def equal(one: Batch, other: Batch) -> bool:
    pairs = list(zip(tensors(one), tensors(other), strict=True))
    return all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


def spelled(task: Task, ids: torch.Tensor) -> str:
    return "".join(task.tokenizer.tokens(ids.tolist()))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_batch_is_decided_by_step_and_seed(task: Task) -> None:
    batch = task.batch(4, 7, 1)
    task.batch(4, 3, 9)  # whatever came in between
    assert equal(batch, task.batch(4, 7, 1))
    assert not equal(batch, task.batch(4, 8, 1))
    assert not equal(batch, task.batch(4, 7, 2))


@pytest.mark.parametrize("task", TASKS[:3], ids=lambda task: task.name)
def test_what_is_held_out_is_the_same_every_time(task: Task) -> None:
    for one, other in zip(task.held_out(64), task.held_out(64), strict=True):
        assert equal(one, other)


@pytest.mark.parametrize(("name", "keys"), [("copy", [0, 1, 2, 3]), ("reverse", [3, 2, 1, 0])])
def test_the_right_keys_worked_by_hand(name: Name, keys: list[int]) -> None:
    assert Sequences(name, length=4).right_keys().tolist() == keys


@given(
    name=st.sampled_from(["copy", "reverse"]),
    length=st.integers(1, 9),
    letters=st.integers(2, 26),
    step=st.integers(1, 100),
)
@settings(max_examples=30)
def test_answers_are_the_letters_again(name: Name, length: int, letters: int, step: int) -> None:
    task = Sequences(name, length, letters)
    batch = task.batch(3, step, 0)
    assert batch.ids.shape == batch.labels.shape == (3, 2 * length)
    for ids, labels in zip(batch.ids, batch.labels, strict=True):
        text = spelled(task, ids)
        source, answer = text[:length], spelled(task, labels[length:])
        assert set(source) <= set("abcdefghijklmnopqrstuvwxyz"[:letters])
        assert answer == (source if name == "copy" else source[::-1])
        assert text == f"{source}|{answer[:-1]}"
        assert (labels[:length] == IGNORED).all()
        assert torch.equal(ids[task.right_keys()], labels[length:])


def test_characters_are_cut_from_nine_paragraphs_of_ten() -> None:
    lines = TEXT.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for n, line in enumerate(lines) if n % HELD_OUT != HELD_OUT - 1)
    apart = "".join(lines[HELD_OUT - 1 :: HELD_OUT])
    task = Characters(48)
    batch = task.batch(16, 1, 0)
    for ids, labels in zip(batch.ids, batch.labels, strict=True):
        window = task.tokenizer.decode(ids.tolist())
        assert window in kept and window not in apart
        assert torch.equal(ids[1:], labels[:-1])  # the next character
    ids = torch.cat([batch.ids.flatten() for batch in task.held_out(100)])
    assert apart.startswith(task.tokenizer.decode(ids.tolist()))
    assert len(apart) - len(ids) <= 48
    for batch in task.held_out(100):
        assert torch.equal(batch.ids[:, 1:], batch.labels[:, :-1])


def test_every_word_is_in_one_part() -> None:
    parts = [set(words(part)) for part in ("training", "validation", "test")]
    assert [len(part) for part in parts][1:] == [2_000, 12_000]
    assert sum(map(len, parts)) == len(dictionary()) == len(set().union(*parts))


def test_letters_and_phonemes_of_a_batch_belong_together() -> None:
    task, batch = Phonemes(), Phonemes().batch(16, 5, 0)
    assert batch.target is not None and batch.real is not None
    special, training = task.tokenizer.special, set(words("training"))
    for row in range(16):
        letters = batch.ids[row, batch.real[row]]
        word = task.tokenizer.decode(letters.tolist()).replace(" ", "").removesuffix("</s>")
        labels = batch.labels[row][batch.labels[row] != IGNORED]
        spoken = tuple(task.tokenizer.tokens(labels.tolist()))
        assert word in training
        assert spoken[:-1] in dictionary()[word] and labels[-1] == special.eos
        # the decoder reads <s>, then what it should have said so far
        assert batch.target[row, : len(labels)].tolist() == [special.bos, *labels[:-1].tolist()]


def test_padding_carries_no_label_and_changes_no_loss() -> None:
    task, batch = Phonemes(), next(Phonemes().held_out(12))
    assert batch.target is not None and batch.real is not None and batch.target_real is not None
    pad = task.tokenizer.special.pad
    assert torch.equal(batch.real, batch.ids != pad)
    assert torch.equal(batch.target_real, batch.target != pad)
    asked = batch.labels != IGNORED
    assert not (asked & ~batch.target_real).any()
    model = grown(
        tiny(
            vocab_size=task.tokenizer.size,
            encoder_layers=1,
            decoder_layers=1,
            positions="sinusoidal",
            head="lm",
        )
    )
    together = losses(model, batch, model.native)
    assert len(set(batch.real.sum(1).tolist())) > 1  # there is padding to leak
    for row in range(len(batch.ids)):
        source, spoken = int(batch.real[row].sum()), int(asked[row].sum())
        alone = Batch(
            batch.ids[row : row + 1, :source],
            batch.labels[row : row + 1, :spoken],
            target=batch.target[row : row + 1, :spoken],
        )
        torch.testing.assert_close(
            losses(model, alone, model.native)[0], together[row, :spoken], rtol=1e-4, atol=1e-5
        )


@given(
    lengths=st.lists(st.integers(1, 9), min_size=3, max_size=60),
    size=st.integers(1, 3),
    epoch=st.integers(0, 5),
)
def test_an_epoch_shows_every_example_at_most_once(
    lengths: list[int], size: int, epoch: int
) -> None:
    batches = epoch_order(tuple(lengths), size, epoch, seed=3)
    shown = batches.flatten().tolist()
    assert batches.shape == (len(lengths) // size, size)
    assert len(set(shown)) == len(shown) and set(shown) <= set(range(len(lengths)))


def test_another_epoch_has_another_order() -> None:
    lengths = tuple(range(40))
    one, other = (epoch_order(lengths, 4, epoch, seed=0) for epoch in (0, 1))
    assert not torch.equal(one, other)
    for batch in one.tolist():  # like length together: neighbours, here
        assert max(batch) - min(batch) == 3
