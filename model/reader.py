"""What a decoder predicts after rows of tokens that grow from call to call: from a cache, or by
reading all of them again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from model.cache import Cache
from model.choices import Choices
from model.errors import ModelError
from model.tape import Tape, silent
from model.transformer import WHOLE, Span, Transformer

MakeTape = Callable[[], Tape]


@dataclass(frozen=True)
class Prompt:
    """given: the tokens that the decoder has before it writes. source: what an encoder reads.
    stop: the tokens that end the writing."""

    given: tuple[int, ...]
    source: tuple[int, ...] = ()
    stop: frozenset[int] = frozenset()


class Reader:
    """Reads rows of tokens and says what comes next, with a cache or without. The rows of one
    call begin with those of the call before."""

    def __init__(
        self,
        transformer: Transformer,
        prompts: Sequence[Prompt],
        choices: Choices | None,
        cached: bool,
        tape: MakeTape,
    ) -> None:
        shape = transformer.shape
        for prompt in prompts:
            for ids in (prompt.given, prompt.source) if shape.encoder_layers else (prompt.given,):
                if not ids:
                    raise ModelError("empty-text", "there is no text to run")
                if shape.context and len(ids) > shape.context:
                    raise ModelError(
                        "too-long",
                        "the text has {tokens} tokens, this model reads at most {context}",
                        tokens=len(ids),
                        context=shape.context,
                    )
        self.transformer, self.choices, self.make_tape = transformer, choices, tape
        self.cache = Cache() if cached else None
        self.tape, self.first = silent(), 0
        self._memory: Tensor | None = None  # (batch, source positions, d_model)
        sources = [torch.tensor(prompt.source, dtype=torch.long) for prompt in prompts]
        self._source = pad_sequence(sources, batch_first=True)
        lengths = torch.tensor([len(source) for source in sources])
        self._real = torch.arange(self._source.shape[1]) < lengths[:, None]

    def has_room(self, rows: Tensor) -> bool:
        """Whether the model's context holds rows (batch, length)."""
        context = self.transformer.shape.context
        return not context or rows.shape[1] <= context

    @property
    def cache_bytes(self) -> int:
        """The memory of the cache, 0 without one."""
        return 0 if self.cache is None else self.cache.bytes

    def __call__(self, rows: Tensor) -> Tensor:
        """rows (batch, length) → logits (batch, vocab) of the tokens that follow."""
        self.tape, self.first = self.make_tape(), self.cache.length if self.cache else 0
        new, encoders = rows[:, self.first :], self.transformer.shape.encoder_layers
        forward = partial(
            self.transformer,
            choices=self.choices,
            tape=self.tape,
            cache=self.cache,
            logits_at=(-1,),
        )
        with torch.no_grad():
            if not encoders:
                return forward(new)[:, -1]
            span = WHOLE  # the cache knows whether the encoder has run
            if self.cache is None:
                span = Span(first=encoders, memory=self._encoded())
            return forward(self._source, self._real, target=new, span=span)[:, -1]

    def select(self, parents: Tensor) -> None:
        """Go on with these rows (n,) of the last call."""
        self._source, self._real = self._source[parents], self._real[parents]
        if self.cache is not None:
            self.cache = self.cache.select(parents)
        if self._memory is not None:
            self._memory = self._memory[parents]

    def _encoded(self) -> Tensor:
        """What the encoder hands over, (batch, source positions, d_model); it runs once."""
        memory = self._memory
        if memory is None:
            span = Span(last=self.transformer.shape.encoder_layers)
            memory = self.transformer(self._source, self._real, choices=self.choices, span=span)
            self._memory = memory
        return memory
