"""A recipe: all that decides what a training gives, as data."""

from dataclasses import asdict, dataclass
from typing import Any

from model.choices import Choices, check, native_choices
from model.shape import Shape
from model.training.schedules import Schedule
from model.training.tasks import Task


@dataclass(frozen=True)
class Recipe:
    """One training: the same recipe gives the same weights, bit for bit on the same machine with
    the same number of threads.

    shape, choices: the model, and the switches it is trained with (None: the shape's native
    ones). schedule: the learning rate, and with it the number of steps. batch: sequences a step.
    seed: of the first weights, the batches and dropout. std: of the first weights. dropout: of
    embeddings and sublayers; attention_dropout: of attention weights. smoothing: the share of
    each label that is spread over the vocabulary. decay: AdamW's, of matrices only. clip: the
    largest norm of the gradient; longer ones are shortened to it.
    """

    task: Task
    shape: Shape
    schedule: Schedule
    batch: int
    seed: int = 0
    choices: Choices | None = None
    std: float = 0.02
    dropout: float = 0.0
    attention_dropout: float = 0.0
    smoothing: float = 0.0
    decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.shape.vocab_size != self.task.tokenizer.size:
            raise ValueError("the shape's vocabulary is not the task's")
        check(self.trained, self.shape)

    @property
    def trained(self) -> Choices:
        """The choices that the model is trained with."""
        return self.choices or native_choices(self.shape)

    @property
    def steps(self) -> int:
        return self.schedule.steps

    def facts(self) -> dict[str, Any]:
        """Plain values, for a card or a file."""
        return asdict(self)
