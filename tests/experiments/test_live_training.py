"""Two trainings side by side: deterministic, examined as they should be, and bounded."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from experiments.live_training import (
    EXAMINED,
    LOOKS,
    Look,
    Moment,
    Plan,
    Setting,
    TaskName,
    examinations,
    example,
    marks,
    memory,
    moments,
    outcome,
    recipe,
    right_keys,
    steps_taken,
    strongest,
    task_of,
)
from model import ModelError, Tape
from model.training import Progress, Training
from model.training.tasks import IGNORED

pytestmark = pytest.mark.usefixtures("one_core")

SMALL = Plan(layers=1, heads=2, width=16, steps=12, batch=4)
PAIR = (Setting(warmup=4), Setting(warmup=0, dropout=0.2))


def test_every_step_is_told_and_some_are_examined() -> None:
    plan = replace(SMALL, steps=50)
    seen = list(moments(plan, PAIR))
    assert [moment.step for moment in seen] == list(range(51))
    assert seen[0].progress is None
    assert all(moment.progress is not None for moment in seen[1:])
    assert tuple(m.step for m in seen if m.looks is not None) == marks(50)
    assert len(steps_taken(seen)) == 2 * 50
    assert len(examinations(seen)) == 2 * len(marks(50))


@pytest.mark.parametrize("steps", [1, 2, 39, 40, 41, 240, 2000])
def test_examined_steps_are_few_even_and_reach_both_ends(steps: int) -> None:
    found = marks(steps)
    assert found[0] == 0 and found[-1] == steps
    assert len(found) == min(LOOKS, steps) + 1
    gaps = [b - a for a, b in pairwise(found)]
    assert min(gaps) >= 1 and max(gaps) - min(gaps) <= 1


def test_each_side_is_the_training_that_its_recipe_describes() -> None:
    seen = list(moments(SMALL, PAIR))
    for number, setting in enumerate(PAIR):
        training = Training(recipe(SMALL, setting))
        told = [moment.progress for moment in seen if moment.progress is not None]
        assert [pair[number] for pair in told] == [training.advance() for _ in range(12)]


def test_both_sides_start_from_the_same_weights() -> None:
    first = next(moments(SMALL, PAIR))
    assert first.looks is not None
    one, other = first.looks
    assert one.loss == other.loss and torch.equal(one.attention, other.attention)
    elsewhere = next(moments(replace(SMALL, seed=1), PAIR))
    assert elsewhere.looks is not None and elsewhere.looks[0].loss != one.loss


@pytest.mark.parametrize("name", ["copy", "reverse"])
def test_an_examination_against_a_pass_of_its_own(name: TaskName) -> None:
    plan = replace(SMALL, task=name)
    first = next(moments(plan, PAIR))
    assert first.looks is not None
    look = first.looks[0]
    training, task = Training(recipe(plan, PAIR[0])), task_of(plan)
    exam = next(iter(task.held_out(EXAMINED)))
    tape = Tape()
    with torch.no_grad():
        logits = training.transformer(exam.ids, choices=training.recipe.trained, tape=tape)
    weights = tape.kept["decoder.0.self_attention.weights"]  # (batch, heads, queries, keys)
    right, total, surprise, share = 0, 0, 0.0, torch.zeros(2)
    for row in range(len(exam.ids)):
        for place, label in enumerate(exam.labels[row].tolist()):
            if label == IGNORED:
                continue
            total += 1
            right += int(logits[row, place].argmax() == label)
            surprise -= logits[row, place].log_softmax(-1)[label].item()
            key = place - 8 if name == "copy" else 15 - place
            share += weights[row, :, place, key]
    assert total == 8 * EXAMINED
    assert look.accuracy == pytest.approx(right / total)
    assert look.loss == pytest.approx(surprise / total, rel=1e-4)
    assert look.right is not None
    torch.testing.assert_close(look.right[0], share / total, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(look.attention[0].float(), weights[0], rtol=1e-2, atol=1e-3)


def test_the_example_and_its_right_keys_agree() -> None:
    read, answers = example(Plan(task="reverse"))
    assert read[8] == "|" and answers == read[:8][::-1]
    target = right_keys(Plan(task="reverse"))
    assert target is not None and target.sum() == 8
    for place, answer in enumerate(answers):
        assert read[int(target[8 + place].argmax())] == answer
    assert right_keys(Plan(task="characters")) is None


def test_characters_are_examined_too() -> None:
    plan = replace(SMALL, task="characters", steps=4)
    last = list(moments(plan, PAIR))[-1]
    assert last.looks is not None
    assert last.looks[0].right is None and last.looks[0].attention.shape == (1, 2, 32, 32)
    assert strongest(last.looks[0]) == (0, 0)
    assert len(last.looks[0].answers) == len(example(plan)[1]) == 32


def test_warm_up_makes_the_difference_in_post_ln() -> None:
    """What the page shows on opening, cut short."""
    plan = Plan(steps=130)
    table = outcome(list(moments(plan, (Setting(), Setting(warmup=0))))).set_index("side")
    assert table.loc["a", "accuracy"] > 0.9 and table.loc["a", "right"] > 0.6
    assert table.loc["b", "accuracy"] < 0.3 and table.loc["b", "right"] < 0.3
    assert table.loc["a", "learnt"] <= 130 and math.isnan(table.loc["b", "learnt"])


def test_the_outcome_of_a_made_up_training() -> None:
    def look(accuracy: float) -> Look:
        right = torch.tensor([[0.1, 0.2], [0.7, 0.3]])
        return Look(1.0, accuracy, torch.zeros(2, 2, 1, 1), right, ())

    def moment(step: int, losses: tuple[float, float], looks: tuple[Look, Look] | None) -> Moment:
        one, other = (Progress(step, loss, 0.1, 1.0) for loss in losses)
        return Moment(step, (one, other), looks)

    seen = [
        Moment(0, None, (look(0.1), look(0.1))),
        moment(1, (3.0, 3.0), (look(0.5), look(0.2))),
        moment(2, (2.0, math.nan), None),
        moment(3, (1.0, math.nan), (look(0.95), look(0.0))),
    ]
    assert strongest(look(0)) == (1, 0)
    one, other = outcome(seen).to_dict("records")
    assert one["loss"] == pytest.approx(2) and math.isnan(other["loss"])
    assert one["learnt"] == 3 and math.isnan(other["learnt"])
    assert math.isnan(one["diverged"]) and other["diverged"] == 2
    assert one["right"] == pytest.approx(0.7)


def test_a_huge_rate_ends_in_no_exception() -> None:
    wild = Setting(peak=1000.0, warmup=0, place="post", norm="none", positions="none")
    last = list(moments(SMALL, (wild, wild)))[-1]
    assert last.step == 12


@pytest.mark.parametrize(
    ("plan", "setting", "code"),
    [
        (Plan(batch=1024, width=64, layers=4), Setting(), "training-too-large"),
        (Plan(steps=60), Setting(warmup=61), "bad-schedule"),
        (Plan(), Setting(kind="noam", warmup=0), "noam-warmup"),
        (Plan(heads=32, width=32), Setting(positions="rope"), "illegal-choice"),
    ],
)
def test_what_cannot_be_trained_is_refused(plan: Plan, setting: Setting, code: str) -> None:
    with pytest.raises(ModelError) as raised:
        recipe(plan, setting)
    assert raised.value.code == code


def test_memory_grows_with_everything_that_costs() -> None:
    base = memory(Plan())
    for larger in (Plan(batch=64), Plan(width=64), Plan(layers=4), Plan(task="characters")):
        assert memory(larger) > base
    assert memory(Plan(batch=64)) == 2 * base
