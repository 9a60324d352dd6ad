"""What runs in parallel and what cannot: one pass over known tokens against a pass a token, with a
cache of keys and values and without, and an LSTM of the same width beside them."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd
import torch
from torch import Tensor, nn

from model import Bench, Shape
from model.decoding import Prompt, greedy, prompt, replay, sample
from model.fresh import initialised
from model.transformer import Transformer

WAYS = ("forced", "cached", "repeated", "lstm")
T = TypeVar("T")
PASSES = 3  # of a call that is timed by itself: the fastest counts
_ALTERNATIVES = 5


@dataclass(frozen=True)
class Moment:
    """One token written: by a pass that went on from a cache, over the positions from `first` up
    to and without `length`, and once more by a pass over all of them. gap: the largest difference
    between the two passes' logits. bytes: what the cache holds after the pass."""

    token: int
    probability: float
    likeliest: tuple[tuple[int, float], ...]
    first: int
    length: int
    seconds: float
    seconds_repeated: float
    gap: float
    bytes: int


@dataclass(frozen=True)
class Whole:
    """The same tokens in one pass. gap_cached, gap_repeated: the largest difference between its
    logits and those of the steps; largest: the largest logit's magnitude; agreeing: at how many of
    the `steps` all three find the same token likeliest."""

    seconds: float
    gap_cached: float
    gap_repeated: float
    largest: float
    agreeing: int
    steps: int


def write(
    bench: Bench, text: str, limit: int, temperature: float = 0.0, seed: int = 0
) -> Iterator[Moment | Whole]:
    """Go on from a text for at most `limit` tokens, greedily at temperature 0: a `Moment` each,
    then one `Whole`. Raises ModelError at the first step, as `model.decoding.prompt`."""
    transformer, begin = bench.transformer, prompt(bench, text)
    if temperature:
        steps = sample(transformer, begin, limit=limit, seed=seed, temperature=temperature)
    else:
        steps = greedy(transformer, begin, limit=limit)
    ids = list(begin.given)
    cached, repeated = [], []  # of each step, logits (vocab,)
    clock = _Clock(steps)
    for step in clock:
        all_again = _Clock(replay(transformer, Prompt(tuple(ids)), (step.token,), cached=False))
        (again,) = all_again
        cached.append(step.logits)
        repeated.append(again.logits)
        ids.append(step.token)
        yield Moment(
            step.token,
            step.probability,
            tuple(step.likeliest(_ALTERNATIVES)),
            step.first,
            step.length,
            clock.took,
            all_again.took,
            _gap(step.logits, again.logits),
            step.cache_bytes,
        )
    began = time.perf_counter()
    with torch.no_grad():
        logits = transformer(torch.tensor([ids[:-1]]))[0]  # (positions, vocab)
    seconds = time.perf_counter() - began
    predicted = logits[len(begin.given) - 1 :]  # (steps, vocab)
    one, other = torch.stack(cached), torch.stack(repeated)
    same = (predicted.argmax(-1) == one.argmax(-1)) & (predicted.argmax(-1) == other.argmax(-1))
    yield Whole(
        seconds,
        _gap(predicted, one),
        _gap(predicted, other),
        float(predicted.abs().max()),
        int(same.sum()),
        len(cached),
    )


def computed(moments: Sequence[Moment], *, cached: bool) -> Tensor:
    """How often each position (passes, positions) has been computed by the end of each pass, in
    the passes that compute it; 0 where a pass reads it from the cache or it does not exist yet."""
    times = torch.zeros(len(moments), max((one.length for one in moments), default=0))
    counted = torch.zeros(times.shape[1])
    for row, moment in zip(times, moments, strict=True):
        first = moment.first if cached else 0
        counted[first : moment.length] += 1
        row[first : moment.length] = counted[first : moment.length]
    return times


@dataclass(frozen=True)
class Timing:
    """Seconds that one way takes from nothing to the logits of n positions."""

    way: str
    n: int
    seconds: float


def fresh(width: int, layers: int) -> Transformer:
    """A Llama-type decoder with weights of chance: heads of 32 features, 256 tokens."""
    shape = Shape(
        vocab_size=256,
        d_model=width,
        n_heads=max(1, width // 32),
        d_ff=4 * width,
        decoder_layers=layers,
        positions="rope",
        norm="rms",
        norm_place="pre",
        final_norm=True,
        head="lm",
    )
    return initialised(shape, seed=0).requires_grad_(False)


def sweep(
    transformer: Transformer, lengths: Sequence[int], rounds: int, seed: int = 0
) -> Iterator[Timing]:
    """Every way at every length, `points` of them, round after round, on random tokens.

    One pass is the fastest of `PASSES`; steps are timed from the first position on, so that a
    length's time is that of all passes up to it. The LSTM has the model's width and layers, and
    goes through the model's head.
    """
    shape, longest = transformer.shape, max(lengths)
    dice = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, shape.vocab_size, (1, longest + 1), generator=dice)
    row = ids[0].tolist()
    lstm = _lstm(shape, dice)

    def forced(n: int) -> Tensor:
        return transformer(ids[:, :n])

    def recurrent(n: int) -> Tensor:
        return transformer.read_out(lstm(transformer.embedding.tokens(ids[:, :n]))[0])

    for _ in range(rounds):
        for way, call in (("forced", forced), ("lstm", recurrent)):
            for n in lengths:
                yield Timing(way, n, _fastest(lambda call=call, n=n: call(n)))
        for way in ("cached", "repeated"):
            steps = _Clock(replay(transformer, Prompt((row[0],)), row[1:], cached=way == "cached"))
            for n, _step in enumerate(steps, start=1):
                if n in lengths:
                    yield Timing(way, n, steps.total)


def points(lengths: Sequence[int], rounds: int) -> int:
    """How many timings `sweep` yields."""
    return len(WAYS) * len(lengths) * rounds


def work(shape: Shape, way: str, n: int) -> dict[str, int]:
    """What one way does for the logits of n positions: `passes` over the model; `positions`
    computed, all passes together; `waiting`, the layers that have to wait for each other (an
    LSTM's cells at best run along a diagonal through layers and positions); `flops`, two for each
    multiplication of its matrix products."""
    layers = shape.decoder_layers
    if way == "lstm":
        cell = 2 * 4 * shape.d_model * (shape.d_model + shape.d_model)
        head = 2 * shape.d_model * shape.vocab_size
        flops = n * (layers * cell + head)
        return {"passes": 1, "positions": n, "waiting": n + layers - 1, "flops": flops}
    if way == "forced":
        flops = pass_flops(shape, n, n, n)
        return {"passes": 1, "positions": n, "waiting": layers, "flops": flops}
    new = [1 if way == "cached" else length for length in range(1, n + 1)]
    flops = sum(pass_flops(shape, one, length, 1) for length, one in enumerate(new, start=1))
    return {"passes": n, "positions": sum(new), "waiting": n * layers, "flops": flops}


def pass_flops(shape: Shape, new: int, keys: int, logits: int) -> int:
    """Floating-point operations in the matrix products of one pass of a stack over `new` positions
    that attend to `keys`, with logits for some of them."""
    d, heads = shape.d_model, shape.n_heads * shape.d_head
    projections = 2 * d * heads + 2 * d * shape.n_kv_heads * shape.d_head
    feed_forward = (3 if shape.gated else 2) * d * shape.d_ff
    attention = 2 * keys * heads  # scores and sums of values; the mask saves nothing here
    layer = new * (projections + attention + feed_forward)
    return 2 * (shape.n_layers * layer + logits * d * shape.vocab_size)


def weight_bytes(transformer: Transformer) -> int:
    """The weights that every pass reads: all, but tables of which a token reads one row."""
    tables = {"embedding.positions.weight", "embedding.types.weight"}
    if not transformer.shape.tied_head:
        tables.add("embedding.tokens.weight")
    return sum(
        weight.numel() * weight.element_size()
        for name, weight in transformer.named_parameters()
        if name not in tables
    )


def fastest(timings: Sequence[Timing]) -> dict[tuple[str, int], float]:
    """The fastest seconds by way and length."""
    found: dict[tuple[str, int], float] = {}
    for one in timings:
        found[one.way, one.n] = min(one.seconds, found.get((one.way, one.n), one.seconds))
    return found


def curves(timings: Sequence[Timing]) -> pd.DataFrame:
    """The fastest of each way and length: columns way, n (rising within a way) and seconds."""
    rows = [(way, n, seconds) for (way, n), seconds in sorted(fastest(timings).items())]
    return pd.DataFrame(rows, columns=pd.Index(["way", "n", "seconds"]))


def table(transformer: Transformer, timings: Sequence[Timing]) -> pd.DataFrame:
    """Each way at the longest text that it was timed for: its `work`, `seconds`, operations per
    second (`rate`), and per byte of weights that its passes read (`intensity`; an LSTM reads some
    weights once and some at every position: left out)."""
    seconds, read, rows = fastest(timings), weight_bytes(transformer), []
    for way in WAYS:
        lengths = [n for timed, n in seconds if timed == way]
        if not lengths:
            continue
        n = max(lengths)
        what = work(transformer.shape, way, n)
        rows.append(
            {
                "way": way,
                "n": n,
                **what,
                "seconds": seconds[way, n],
                "rate": what["flops"] / seconds[way, n],
                "intensity": None if way == "lstm" else what["flops"] / (what["passes"] * read),
            }
        )
    return pd.DataFrame(rows)


def memory(shape: Shape, lengths: Sequence[int], width: int = 4) -> pd.DataFrame:
    """Bytes at each length n, numbers being `width` bytes wide: `cache` of the heads that have keys
    and values of their own, `full` if all heads had, `lstm` the state of an LSTM as wide and deep.
    """
    per_head = 2 * shape.decoder_layers * shape.d_head * width  # of one token: a key and a value
    return pd.DataFrame(
        {
            "n": list(lengths),
            "cache": [n * per_head * shape.n_kv_heads for n in lengths],
            "full": [n * per_head * shape.n_heads for n in lengths],
            "lstm": [2 * shape.decoder_layers * shape.d_model * width] * len(lengths),
        }
    )


class _Clock(Iterator[T]):
    """Goes through an iterator and times what it does, not what is done with its values."""

    def __init__(self, steps: Iterator[T]) -> None:
        self._steps = steps
        self.took = self.total = 0.0  # seconds of the last step, and of all

    def __next__(self) -> T:
        began = time.perf_counter()
        step = next(self._steps)
        self.took = time.perf_counter() - began
        self.total += self.took
        return step


def _lstm(shape: Shape, dice: torch.Generator) -> nn.LSTM:
    """As wide and deep as the model, with weights of chance that keep the scale of its inputs."""
    with torch.device("meta"):
        lstm = nn.LSTM(shape.d_model, shape.d_model, shape.decoder_layers, batch_first=True)
    lstm = lstm.to_empty(device="cpu").requires_grad_(False)
    for weight in lstm.parameters():
        weight.normal_(0, shape.d_model**-0.5, generator=dice)
    return lstm


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs."""
    took = []
    with torch.no_grad():
        for _ in range(PASSES):
            began = time.perf_counter()
            call()
            took.append(time.perf_counter() - began)
    return min(took)


def _gap(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
