"""Real models whose tokens are shuffled, or whose positions are all shifted or past their end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import torch
from torch import Tensor

from experiments.outcome import cosines, divergence
from experiments.reading import Reading, read, reread
from model import Bench, Choices, ModelError, Run, Tape
from model.choices import legal
from model.run import Encoded
from model.shape import Positions


def permitted(bench: Bench) -> list[Positions]:
    """The position schemes that this model's weights can be given, its own first."""
    verdicts, native = legal(bench.shape)["positions"], bench.native.positions
    others = [name for name in get_args(Positions) if verdicts[name] is None and name != native]
    return [native, *others]


def order(bench: Bench, source: Encoded, seed: int) -> Tensor:
    """A permutation (tokens,) of the first text of a batch: new place → old place. Special
    tokens stay where they are, and no other one does where it can be helped."""
    ids = source.ids[0].tolist()
    free = [i for i, token in enumerate(ids) if token not in bench.tokenizer.special_ids]
    dice = torch.Generator().manual_seed(seed)
    dealt = [free[i] for i in torch.randperm(len(free), generator=dice).tolist()]
    # turned by one along the shuffled cycle: a permutation without a fixed place
    places = torch.arange(len(ids))
    places[dealt] = torch.tensor(dealt[1:] + dealt[:1], dtype=torch.long)
    return places


def shuffled(source: Encoded, places: Tensor) -> Encoded:
    """The text in another order, each token with its segment."""
    return replace(
        source,
        ids=source.ids[:, places],
        types=source.types[:, places],
        tokens=[[tokens[i] for i in places.tolist()] for tokens in source.tokens],
    )


@dataclass(frozen=True)
class Shuffle:
    """errors (layers + 1,): ‖f(Px) − P f(x)‖ / ‖f(x)‖ of the hidden states that enter each layer
    and, last, of those that leave the model. before, after (layers, heads, tokens, tokens):
    attention weights of the text, and of the shuffled text put back into the old order."""

    errors: Tensor
    before: Tensor
    after: Tensor


def shuffle(bench: Bench, source: Encoded, places: Tensor, choices: Choices) -> Shuffle:
    """Run a text and its permutation; without positions (and without a mask that knows the
    order) all errors are 0 up to rounding: self-attention is permutation-equivariant."""
    one, other = _run(bench, source, choices), _run(bench, shuffled(source, places), choices)
    back = places.argsort()
    errors = []
    for layer in range(bench.shape.n_layers + 1):
        x, y = one.hidden(layer)[0], other.hidden(layer)[0]  # (tokens, d_model)
        errors.append((y - x[places]).norm() / x.norm())
    after = _weights(bench, other)[..., back, :][..., back]
    return Shuffle(torch.stack(errors), _weights(bench, one), after)


@dataclass(frozen=True)
class Shift:
    """moved (layers, heads): the share of a query's attention that went to other keys when every
    position grew by an offset, mean over queries (total variation, 0 to 1). before, after
    (layers, heads, tokens, tokens): the attention weights."""

    before: Tensor
    after: Tensor

    @property
    def moved(self) -> Tensor:
        return (self.after - self.before).abs().sum(-1).mean(-1) / 2

    @property
    def largest(self) -> float:
        """The largest change of any weight."""
        return float((self.after - self.before).abs().max())


def shift(bench: Bench, source: Encoded, choices: Choices, offset: int) -> Shift:
    """A text at its own positions, and `offset` further on.

    ModelError "past-positions": the model's table ends before.
    """
    here = _run(bench, source, replace(choices, offset=0))
    there = _run(bench, source, replace(choices, offset=offset))
    return Shift(_weights(bench, here), _weights(bench, there))


@dataclass(frozen=True)
class Damage:
    """What another scheme does to trained weights: cosine of native and variant last hidden
    states, mean over tokens; KL(native ‖ variant) of the predictions asked for, in nats and
    mean, None where the text asks for none. `error` says why it could not run."""

    scheme: Positions
    cosine: float | None = None
    divergence: float | None = None
    error: ModelError | None = None


def damage(
    bench: Bench, native: Reading, schemes: Sequence[Positions], offset: int = 0
) -> Iterator[Damage]:
    """Each scheme at an offset, against the native reading."""
    for scheme in schemes:
        try:
            variant = reread(bench, native, replace(bench.native, positions=scheme, offset=offset))
        except ModelError as error:
            yield Damage(scheme, error=error)
        else:
            yield Damage(scheme, *_effect(native, variant))


def carried(
    bench: Bench, text: str | tuple[str, str], schemes: Sequence[Positions], offset: int
) -> Iterator[Damage]:
    """Each scheme at an offset, against the same scheme from position 0 on: what distance from
    the start alone changes."""
    for scheme in schemes:
        choices = replace(bench.native, positions=scheme)
        here = read(bench, text, choices)
        try:
            there = reread(bench, here, replace(choices, offset=offset))
        except ModelError as error:
            yield Damage(scheme, error=error)
        else:
            yield Damage(scheme, *_effect(here, there))


def _effect(one: Reading, other: Reading) -> tuple[float, float | None]:
    cosine = float(cosines(one, other)["cosine"].to_numpy().mean())
    if not one.asked or one.run.logits is None or other.run.logits is None:
        return cosine, None
    return cosine, float(divergence(one.run.logits, other.run.logits).mean())


def _run(bench: Bench, source: Encoded, choices: Choices) -> Run:
    """Hidden states and attention weights of every layer, without logits."""
    sites = ("*coder.[0-9]*.input", "*coder.output", "*coder.norm.output")
    tape = Tape(keep=(*sites, "*.self_attention.weights"))
    return bench.run_encoded(source, choices, tape, logits_at=())


def _weights(bench: Bench, run: Run) -> Tensor:
    """(layers, heads, tokens, tokens)."""
    return torch.stack([run.attention(i).weights[0] for i in range(bench.shape.n_layers)])
