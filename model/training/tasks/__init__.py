"""The tasks that small models are trained on."""

from model.training.tasks.characters import Characters
from model.training.tasks.pronunciation import Phonemes
from model.training.tasks.sequences import Sequences
from model.training.tasks.task import IGNORED, Batch, Task

__all__ = ["IGNORED", "Batch", "Characters", "Phonemes", "Sequences", "Task"]
