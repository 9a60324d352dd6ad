"""Two settings trained side by side, step by step, and examined as they learn: the same task, the
same batches and, where their parameters are the same, the same first weights."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from model import Choices, ModelError, Shape, Tape
from model.choices import REASONS, native_choices
from model.shape import Norm, Place, Positions
from model.training import Progress, Recipe, Schedule, Training
from model.training.schedules import Kind
from model.training.tasks import IGNORED, Batch, Characters, Sequences, Task
from model.transformer import Transformer

TaskName = Literal["reverse", "copy", "characters"]

SIDES = ("a", "b")
LENGTH = 8  # letters of a sequence
WINDOW = 32  # characters of a text
EXAMINED = 64  # held-out sequences
LOOKS = 40  # examinations of a training, beside the one before it
MEMORY = 256 * 2**20  # bytes that one step may take
LEARNT = 0.9  # accuracy from which a task counts as learnt


@dataclass(frozen=True)
class Setting:
    """What the two sides may do differently: the schedule, dropout of everything, and choices."""

    kind: Kind = "cosine"
    peak: float = 0.02
    warmup: int = 60
    dropout: float = 0.0
    place: Place = "post"
    norm: Norm = "layer"
    positions: Positions = "sinusoidal"
    scaled: bool = True


@dataclass(frozen=True)
class Plan:
    """What they share. A decoder of `layers` layers, `heads` heads, d_model = `width`."""

    task: TaskName = "reverse"
    layers: int = 2
    heads: int = 2
    width: int = 32
    steps: int = 240
    batch: int = 32
    seed: int = 0


Pair = tuple[Setting, Setting]


@dataclass(frozen=True)
class Look:
    """One side examined on held-out sequences, without dropout.

    loss: nats per label. accuracy: share of labels that get the largest logit. attention:
    (layers, heads, queries, keys), float16, of the example. right: (layers, heads), the mean
    share of attention on the key that holds the answer; None for a task without such a key.
    answers: the tokens that the example's labels are taken for.
    """

    loss: float
    accuracy: float
    attention: Tensor
    right: Tensor | None
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """Both sides after one step: its progress (None at step 0, before the training), and at some
    steps an examination."""

    step: int
    progress: tuple[Progress, Progress] | None
    looks: tuple[Look, Look] | None


def task_of(plan: Plan) -> Task:
    if plan.task == "characters":
        return Characters(WINDOW)
    return Sequences(plan.task, LENGTH)


def recipe(plan: Plan, setting: Setting) -> Recipe:
    """One side as a recipe. ModelError: no such schedule or choice, or "training-too-large"."""
    needed = memory(plan)
    if needed > MEMORY:
        raise ModelError(
            "training-too-large",
            "a step of this training takes about {needed} MB, at most {limit} MB are given",
            needed=needed // 2**20,
            limit=MEMORY // 2**20,
        )
    if setting.positions == "rope" and plan.width // plan.heads % 2:
        raise ModelError(
            "illegal-choice",
            "{field} cannot be {value} here: {because}",
            field="positions",
            value="rope",
            reason="odd-head-width",
            because=REASONS["odd-head-width"],
        )
    task = task_of(plan)
    shape = Shape(
        vocab_size=task.tokenizer.size,
        d_model=plan.width,
        n_heads=plan.heads,
        d_ff=4 * plan.width,
        decoder_layers=plan.layers,
        context=_tokens(plan),
        positions=setting.positions,
        embedding_multiplier=math.sqrt(plan.width),
        norm=setting.norm,
        norm_place=setting.place,
        final_norm=setting.place == "pre",
        head="lm",
    )
    return Recipe(
        task,
        shape,
        Schedule(setting.kind, setting.peak, setting.warmup, plan.steps),
        plan.batch,
        seed=plan.seed,
        choices=replace(native_choices(shape), scaled=setting.scaled),
        std=plan.width**-0.5,
        dropout=setting.dropout,
        attention_dropout=setting.dropout,
    )


def memory(plan: Plan) -> int:
    """About how many bytes a step keeps until its gradient is known: of each token and layer
    some 12 vectors of d_model and 2 of 4 · d_model, and 4 rows of scores a head; 3 of logits."""
    of_layer = 20 * plan.width + 4 * plan.heads * _tokens(plan)
    of_token = plan.layers * of_layer + 3 * task_of(plan).tokenizer.size
    return 4 * plan.batch * _tokens(plan) * of_token


def marks(steps: int) -> tuple[int, ...]:
    """The steps after which both sides are examined: 0, at most `LOOKS` others evenly spread,
    the last one among them."""
    count = min(LOOKS, steps)
    return tuple(round(place * steps / count) for place in range(count + 1))


def moments(plan: Plan, pair: Pair) -> Iterator[Moment]:
    """The training, one step of both sides at a time; the same for the same arguments. A side
    whose loss is no longer finite goes on, and its looks say so."""
    trainings = [Training(recipe(plan, setting)) for setting in pair]
    exam = next(iter(task_of(plan).held_out(EXAMINED)))

    def look() -> tuple[Look, Look]:
        one, other = (_look(training, exam) for training in trainings)
        return one, other

    yield Moment(0, None, look())
    marked = set(marks(plan.steps))
    for step in range(1, plan.steps + 1):
        one, other = (training.advance() for training in trainings)
        yield Moment(step, (one, other), look() if step in marked else None)


def example(plan: Plan) -> tuple[list[str], list[str]]:
    """The tokens that the examined example reads, and the right answers of its labels."""
    task = task_of(plan)
    exam = next(iter(task.held_out(EXAMINED)))
    labels = exam.labels[0][exam.labels[0] != IGNORED]
    return task.tokenizer.tokens(exam.ids[0].tolist()), task.tokenizer.tokens(labels.tolist())


def right_keys(plan: Plan) -> Tensor | None:
    """(queries, keys): 1 where a query that predicts an answer should look, else 0; None for a
    task without right keys."""
    task = task_of(plan)
    if not isinstance(task, Sequences):
        return None
    target = torch.zeros(2 * task.length, 2 * task.length)
    target[torch.arange(task.length) + task.length, task.right_keys()] = 1
    return target


def strongest(look: Look) -> tuple[int, int]:
    """The layer and head that look most at the right keys; (0, 0) where there are none."""
    if look.right is None:
        return 0, 0
    layer, head = divmod(int(look.right.argmax()), look.right.shape[1])
    return layer, head


def steps_taken(seen: Sequence[Moment]) -> pd.DataFrame:
    """One row per step and side: step, side, loss (of the batch, nats), rate, gradient (norm
    before clipping)."""
    return pd.DataFrame(
        [
            (moment.step, side, progress.loss, progress.rate, progress.gradient_norm)
            for moment in seen
            for side, progress in zip(SIDES, moment.progress or (), strict=False)
        ],
        columns=["step", "side", "loss", "rate", "gradient"],
    )


def examinations(seen: Sequence[Moment]) -> pd.DataFrame:
    """One row per examination and side: step, side, held_out (loss, nats), accuracy, and right,
    the share of attention on the right key of the head that gives it most (NaN without one)."""
    return pd.DataFrame(
        [
            (
                moment.step,
                side,
                look.loss,
                look.accuracy,
                math.nan if look.right is None else look.right.max().item(),
            )
            for moment in seen
            for side, look in zip(SIDES, moment.looks or (), strict=False)
        ],
        columns=["step", "side", "held_out", "accuracy", "right"],
    )


def outcome(seen: Sequence[Moment]) -> pd.DataFrame:
    """One row per side: side, step (the last), loss (mean of the last ten batches), held_out,
    accuracy, right, learnt (the first examined step with an accuracy of `LEARNT` or more, NaN
    for none), diverged (the first step whose loss is not finite, NaN for none)."""
    taken, examined = steps_taken(seen), examinations(seen)
    rows = []
    for side in SIDES:
        losses = dict(taken.loc[taken["side"] == side, ["step", "loss"]].to_numpy().tolist())
        exams = examined.loc[examined["side"] == side]
        last = exams.iloc[-1]
        ended = list(losses.values())[-10:]
        rows.append(
            {
                "side": side,
                "step": seen[-1].step,
                "loss": sum(ended) / len(ended) if ended else math.nan,
                "held_out": last["held_out"],
                "accuracy": last["accuracy"],
                "right": last["right"],
                "learnt": exams.loc[exams["accuracy"] >= LEARNT, "step"].min(),
                "diverged": min(
                    (n for n, x in losses.items() if not math.isfinite(x)), default=math.nan
                ),
            }
        )
    return pd.DataFrame(rows)


def _tokens(plan: Plan) -> int:
    return WINDOW if plan.task == "characters" else 2 * LENGTH


def _look(training: Training, exam: Batch) -> Look:
    trained = training.recipe.trained
    logits, weights = _attentive_pass(training.transformer, exam, trained)
    asked = exam.labels != IGNORED  # (batch, positions)
    taken = logits.argmax(-1)  # (batch, positions)
    loss = torch.nn.functional.cross_entropy(logits[asked], exam.labels[asked])
    tokenizer = training.recipe.task.tokenizer
    return Look(
        loss=loss.item(),
        accuracy=(taken == exam.labels)[asked].double().mean().item(),
        attention=weights[:, 0].half(),
        right=_right_share(weights, training.recipe.task),
        answers=tuple(tokenizer.tokens(taken[0][asked[0]].tolist())),
    )


def _attentive_pass(
    transformer: Transformer, batch: Batch, choices: Choices
) -> tuple[Tensor, Tensor]:
    """Logits (batch, positions, vocab) and weights (layers, batch, heads, queries, keys)."""
    tape = Tape(keep=("*.self_attention.weights",))
    with torch.no_grad():
        logits = transformer(batch.ids, choices=choices, tape=tape)
    return logits, torch.stack(list(tape.kept.values()))


def _right_share(weights: Tensor, task: Task) -> Tensor | None:
    """(layers, heads) of weights (layers, batch, heads, queries, keys)."""
    if not isinstance(task, Sequences):
        return None
    queries = torch.arange(task.length) + task.length
    return weights[..., queries, task.right_keys()].mean((1, -1))
