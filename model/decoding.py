"""Writing token by token: greedy, by sampling, along given tokens, or with a beam.

    bench = load("smollm2")
    for step in greedy(bench.transformer, prompt(bench, "The capital of France is"), limit=20):
        print(bench.tokenizer.decode([step.token]), step.probability, step.likeliest(5))

    *_, last = beam(bench.transformer, prompt(bench, text), limit=30, width=4)
    last.finished  # hypotheses, best first, with their log-probabilities

`greedy`, `sample` and `replay` yield a `Step` for each token, `beam` a `BeamStep`. All take the
model's choices; whether to go on from a cache (`cached`: see model.cache; ModelError for choices
that cannot) or to compute every position again in each step; and what makes the tape of each
step's pass: with `tape=lambda: Tape(keep=("*.cross_attention.weights",))`, `step.tape.kept` holds
one row of the alignment a step, and without a cache all rows so far. `greedy_batch` decodes many
prompts at once and returns tokens alone: for error rates.

An encoder–decoder's encoder runs once; its decoder starts from the tokenizer's `special.bos` and
ends at `special.eos`. Writing ends with a token of `Prompt.stop`, which is yielded too, at `limit`
tokens, or where the model's context is full.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.bench import Bench
from model.choices import Choices
from model.errors import ModelError
from model.reader import MakeTape, Prompt, Reader
from model.tape import Tape, silent
from model.transformer import Transformer

__all__ = [
    "BeamStep",
    "Hypothesis",
    "Prompt",
    "Step",
    "beam",
    "greedy",
    "greedy_batch",
    "prompt",
    "replay",
    "sample",
]


@dataclass(frozen=True)
class Step:
    """One token written, after a pass over the positions from `first` up to and without `length`;
    the token's own position is `length`. logits (vocab,) are the model's, untouched by how the
    token was chosen. cache_bytes: what the cache holds after the pass, 0 without one."""

    token: int
    logits: Tensor
    first: int
    length: int
    cache_bytes: int
    tape: Tape

    @property
    def probability(self) -> float:
        """The model's own probability of the token."""
        return float(self.logits.double().softmax(-1)[self.token])

    def likeliest(self, n: int) -> list[tuple[int, float]]:
        """The n likeliest tokens with the model's own probabilities."""
        top = self.logits.double().softmax(-1).topk(min(n, len(self.logits)))
        return list(zip(top.indices.tolist(), top.values.tolist(), strict=True))


@dataclass(frozen=True)
class Hypothesis:
    """What one beam has written, the stop token included if it has `ended`. score:
    log_probability / length ** power, the number that beams are ranked by."""

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    ended: bool


@dataclass(frozen=True)
class BeamStep:
    """alive: what goes on, best first. parents: for each of them its place among the alive of the
    step before. finished: the best so far that go on no more, best first; after the last step
    this is the result, with those among it that the limit cut short."""

    alive: tuple[Hypothesis, ...]
    parents: tuple[int, ...]
    finished: tuple[Hypothesis, ...]
    tape: Tape


def prompt(bench: Bench, text: str) -> Prompt:
    """What a text is to a bench's model: the beginning that a decoder goes on from, or what an
    encoder reads.

    ModelError: "empty-text", "too-long"; "cannot-write" for a model without decoder, head, or
    token to start from.
    """
    special = bench.tokenizer.special
    stop = frozenset() if special.eos is None else frozenset({special.eos})
    ids = tuple(bench.encode(text).ids[0].tolist())
    if bench.shape.kind == "decoder" and bench.shape.head == "lm":
        while ids and ids[-1] in stop:  # put there by a tokenizer that ends its texts
            ids = ids[:-1]
        if not ids:
            raise ModelError("empty-text", "there is no text to run")
        return Prompt(ids, stop=stop)
    if bench.shape.kind != "encoder-decoder" or special.bos is None or bench.shape.head != "lm":
        raise ModelError("cannot-write", "this model cannot write: it needs a decoder with a head")
    return Prompt((special.bos,), ids, stop)


def greedy(
    transformer: Transformer,
    prompt: Prompt,
    *,
    limit: int,
    choices: Choices | None = None,
    cached: bool = True,
    tape: MakeTape = silent,
) -> Iterator[Step]:
    """The likeliest token at each step; of equally likely ones the first."""
    reader = Reader(transformer, [prompt], choices, cached, tape)
    return _write(reader, prompt, limit, lambda logits: int(logits.argmax()))


def sample(
    transformer: Transformer,
    prompt: Prompt,
    *,
    limit: int,
    seed: int,
    temperature: float = 1.0,
    top_k: int = 0,
    choices: Choices | None = None,
    cached: bool = True,
    tape: MakeTape = silent,
) -> Iterator[Step]:
    """A token drawn at each step by the probabilities softmax(logits / temperature), of the top_k
    likeliest alone unless top_k is 0. The dice are this call's own."""
    if temperature <= 0 or top_k < 0:
        raise ValueError("a temperature is above 0, and top_k not below")
    dice = torch.Generator().manual_seed(seed)

    def draw(logits: Tensor) -> int:
        logits = logits.double() / temperature
        top = logits.topk(top_k if 0 < top_k < len(logits) else len(logits))
        drawn = torch.multinomial(top.values.softmax(-1), 1, generator=dice)
        return int(top.indices[drawn])

    return _write(Reader(transformer, [prompt], choices, cached, tape), prompt, limit, draw)


def replay(
    transformer: Transformer,
    prompt: Prompt,
    tokens: Sequence[int],
    *,
    choices: Choices | None = None,
    cached: bool = True,
    tape: MakeTape = silent,
) -> Iterator[Step]:
    """Given tokens, one a step, whatever the model would have written; none of them stops."""
    following = iter(tokens)
    reader = Reader(transformer, [prompt], choices, cached, tape)
    unending = Prompt(prompt.given, prompt.source)
    return _write(reader, unending, len(tokens), lambda _: next(following))


def beam(
    transformer: Transformer,
    prompt: Prompt,
    *,
    limit: int,
    width: int,
    power: float = 1.0,
    choices: Choices | None = None,
    cached: bool = True,
    tape: MakeTape = silent,
) -> Iterator[BeamStep]:
    """Beam search: of all continuations of the `width` best beginnings the `width` best go on.

    power: of the length that a log-probability is divided by (Wu et al. 2016, arXiv 1609.08144,
    §7, without its constants): 1 ranks by the mean per token, 0 by the sum. It ends early where
    no beginning could still overtake the `width` best finished ones.
    """
    if limit < 1 or width < 1 or power < 0:
        raise ValueError("limit and width are at least 1, and power is not below 0")
    reader = Reader(transformer, [prompt], choices, cached, tape)
    return _search(reader, prompt, limit, width, power)


def greedy_batch(
    transformer: Transformer,
    prompts: Sequence[Prompt],
    *,
    limit: int,
    choices: Choices | None = None,
    cached: bool = True,
    tape: MakeTape = silent,
) -> list[list[int]]:
    """What `greedy` writes after each prompt, without the stop token, all in one batch. Sources
    may differ in length, the given tokens may not."""
    reader = Reader(transformer, prompts, choices, cached, tape)
    rows = torch.tensor([prompt.given for prompt in prompts])  # (batch, length)
    given = rows.shape[1]
    writing = torch.ones(len(rows), dtype=torch.bool)
    stops = [torch.tensor(sorted(prompt.stop), dtype=torch.long) for prompt in prompts]
    for _ in range(limit):
        if not writing.any() or not reader.has_room(rows):
            break
        tokens = reader(rows).argmax(-1)  # (batch,)
        rows = torch.cat([rows, tokens[:, None]], dim=1)
        ended = [bool((stop == token).any()) for stop, token in zip(stops, tokens, strict=True)]
        writing &= ~torch.tensor(ended)
    written = []
    for row, prompt in zip(rows[:, given:].tolist(), prompts, strict=True):
        ends = [i for i, token in enumerate(row) if token in prompt.stop]
        written.append(row[: ends[0]] if ends else row)
    return written


def _write(
    reader: Reader, prompt: Prompt, limit: int, choose: Callable[[Tensor], int]
) -> Iterator[Step]:
    rows = torch.tensor([prompt.given])  # (1, length)
    for _ in range(limit):
        if not reader.has_room(rows):
            return
        logits = reader(rows)[0]  # (vocab,)
        token = choose(logits)
        yield Step(token, logits, reader.first, rows.shape[1], reader.cache_bytes, reader.tape)
        if token in prompt.stop:
            return
        rows = torch.cat([rows, torch.tensor([[token]])], dim=1)


def _search(
    reader: Reader, prompt: Prompt, limit: int, width: int, power: float
) -> Iterator[BeamStep]:
    rows = torch.tensor([prompt.given])  # (alive, length)
    alive, finished = [Hypothesis((), 0.0, 0.0, False)], []
    for number in range(1, limit + 1):
        logits = reader(rows).double()  # (alive, vocab)
        before = torch.tensor([one.log_probability for one in alive], dtype=torch.float64)
        totals = (before[:, None] + logits.log_softmax(-1)).flatten()  # (alive · vocab,)
        # so many that `width` of them go on, even if every stop token is among them
        enough = min(len(totals), width + len(alive) * len(prompt.stop))
        best = totals.topk(enough)
        going: list[tuple[int, Hypothesis]] = []
        for rank, (total, place) in enumerate(
            zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ):
            parent, token = divmod(place, logits.shape[1])
            tokens, ended = (*alive[parent].tokens, token), token in prompt.stop
            one = Hypothesis(tokens, total, total / number**power, ended)
            if ended and rank < width:
                finished.append(one)
            elif not ended and len(going) < width:
                going.append((parent, one))
        parents, alive = tuple(parent for parent, _ in going), [one for _, one in going]
        last = torch.tensor([one.tokens[-1] for one in alive], dtype=torch.long)
        origin = torch.tensor(parents, dtype=torch.long)
        rows = torch.cat([rows[origin], last[:, None]], dim=1)
        out_of_room = number == limit or not reader.has_room(rows)
        finished = sorted([*finished, *(alive if out_of_room else ())], key=_falling)[:width]
        yield BeamStep(tuple(alive), parents, tuple(finished), reader.tape)
        attainable = max((one.log_probability for one in alive), default=0.0) / limit**power
        overtaken = len(finished) == width and finished[-1].score >= attainable
        if out_of_room or not alive or overtaken:
            return
        reader.select(origin)


def _falling(one: Hypothesis) -> float:
    return -one.score
