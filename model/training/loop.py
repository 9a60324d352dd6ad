"""The training loop: AdamW, a schedule, clipped gradients, one step at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.choices import Choices
from model.dropout import Dropout
from model.fresh import initialised
from model.training.recipe import Recipe
from model.training.tasks import IGNORED, Batch
from model.training.tasks.task import dice
from model.transformer import Transformer


@dataclass(frozen=True)
class Progress:
    """One step: its number, counted from 1; the loss of its batch before it, in nats per token;
    its learning rate; the norm of its gradient before clipping."""

    step: int
    loss: float
    rate: float
    gradient_norm: float


class Training:
    """A training under way. Stop by not calling `advance` again; `save` and `resume` carry it
    over, and what follows is the same as if nothing had been in between."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.step = 0
        self.transformer = initialised(recipe.shape, recipe.seed, recipe.std)
        parameters = list(self.transformer.parameters())
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.dim() > 1], "weight_decay": recipe.decay},
                {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
            ],
            betas=recipe.betas,
        )

    @property
    def done(self) -> bool:
        return self.step >= self.recipe.steps

    def advance(self) -> Progress:
        """Take one step."""
        recipe, step = self.recipe, self.step + 1
        batch = recipe.task.batch(recipe.batch, step, recipe.seed)
        dropout = None
        if recipe.dropout or recipe.attention_dropout:
            draws = dice(recipe.seed, step, 5)
            dropout = Dropout(draws, recipe.dropout, recipe.attention_dropout)
        logits = predict(self.transformer, batch, recipe.trained, dropout)
        loss = F.cross_entropy(
            logits.flatten(0, 1),
            batch.labels.flatten(),
            ignore_index=IGNORED,
            label_smoothing=recipe.smoothing,
        )
        self._optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.transformer.parameters(), recipe.clip)
        rate = recipe.schedule.rate(step)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        if norm.isfinite():  # else the step would make every weight NaN
            self._optimizer.step()
        self.step = step
        return Progress(step, loss.item(), rate, norm.item())

    def save(self, path: Path) -> None:
        """Weights and the optimizer's averages, as one safetensors file; replaces it at once."""
        tensors = {f"model.{name}": t for name, t in self.transformer.state_dict().items()}
        for number, averages in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": t for name, t in averages.items()}
        tensors["step"] = torch.tensor(self.step)
        unfinished = path.with_suffix(".part")
        save_file({name: t.contiguous() for name, t in tensors.items()}, unfinished)
        unfinished.replace(path)

    @classmethod
    def resume(cls, recipe: Recipe, path: Path) -> "Training":
        """Go on with what `save` wrote under the same recipe."""
        training, tensors = cls(recipe), load_file(path)
        training.step = int(tensors.pop("step"))
        weights: dict[str, Tensor] = {}
        averages: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "model":
                weights[rest] = tensor
            else:
                number, _, field = rest.partition(".")
                averages.setdefault(int(number), {})[field] = tensor
        training.transformer.load_state_dict(weights)
        state = training._optimizer.state_dict()
        training._optimizer.load_state_dict(state | {"state": averages})
        return training


def predict(
    transformer: Transformer, batch: Batch, choices: Choices, dropout: Dropout | None = None
) -> Tensor:
    """Logits (batch, positions, vocab) that meet the batch's labels."""
    return transformer(
        batch.ids,
        batch.real,
        target=batch.target,
        target_real=batch.target_real,
        choices=choices,
        dropout=dropout,
    )


def losses(transformer: Transformer, batch: Batch, choices: Choices) -> Tensor:
    """The loss of every label, in nats, 0 where it is ignored: (batch, positions); without
    gradient and without dropout."""
    with torch.no_grad():
        logits = predict(transformer, batch, choices)
    return F.cross_entropy(
        logits.transpose(1, 2), batch.labels, ignore_index=IGNORED, reduction="none"
    )


def mean_loss(transformer: Transformer, batches: Iterable[Batch], choices: Choices) -> float:
    """The mean loss in nats per label over these batches."""
    total, count = 0.0, 0
    for batch in batches:
        total += losses(transformer, batch, choices).sum(dtype=torch.float64).item()
        count += int((batch.labels != IGNORED).sum())
    return total / count
