"""The Transformer: embedding, stacks of layers, head. One class for encoder-only, decoder-only
and encoder–decoder models (Vaswani et al. 2017, arXiv 1706.03762, Figure 1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from model.activations import activate
from model.attention import Attention
from model.cache import Cache
from model.choices import ABSOLUTE, Choices, check, native_choices
from model.dropout import Dropout
from model.errors import ModelError
from model.feed_forward import FeedForward
from model.geometry import Geometry
from model.linear import Linear, linear
from model.norms import NormWeights
from model.positions import sinusoids
from model.shape import Shape, norms_first
from model.tape import Tape, silent


@dataclass(frozen=True)
class Span:
    """The layers that one call runs, `first` up to and without `last` (None: to the logits), as
    numbers counted through both stacks. A call that starts behind layer 0 is given the residual
    stream (batch, positions, d_model) that enters `first`, and in a decoder with an encoder
    what the encoder handed over, `memory` (batch, positions, d_model)."""

    first: int = 0
    last: int | None = None
    residual: Tensor | None = None
    memory: Tensor | None = None

    def covers(self, layer: int) -> bool:
        return self.first <= layer and self.reaches(layer + 1)

    def reaches(self, layer: int) -> bool:
        """Whether the layers before `layer` are all within the call's end."""
        return self.last is None or layer <= self.last


WHOLE = Span()

# the sites of what each of a layer's sublayers writes, by the name that its norm goes by
_WRITES = {
    "attention": "self_attention",
    "cross": "cross_attention",
    "feed_forward": "feed_forward",
}


@dataclass(frozen=True)
class Call:
    """One call's settings, handed down by argument: nothing is ever written to a module."""

    shape: Shape
    choices: Choices
    native: Choices
    tape: Tape
    span: Span
    dropout: Dropout | None = None  # None: nothing is dropped, as after training
    cache: Cache | None = None  # None: every position is computed

    def norm(self, weights: NormWeights, x: Tensor, choices: Choices, at: str) -> Tensor:
        return weights(x, choices.norm, self.shape.norm_epsilon, self.tape, at)

    def drop(self, x: Tensor, at: str) -> Tensor:
        return x if self.dropout is None else self.dropout.hidden(x, self.tape, at)


class Embedding(nn.Module):
    """Token, position and segment tables."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d_model = shape.d_model
        self.tokens = nn.Embedding(shape.vocab_size, d_model)
        self.positions = (
            nn.Embedding(shape.context + shape.first_position, d_model)
            if shape.positions == "learned"
            else None
        )
        self.types = nn.Embedding(shape.token_types, d_model) if shape.token_types else None
        self.norm = NormWeights(d_model, bias=shape.norm_bias) if shape.embedding_norm else None

    def forward(
        self, ids: Tensor, types: Tensor | None, where: Tensor, call: Call, at: str
    ) -> Tensor:
        """ids (batch, positions), which stand at `where` (positions,) → residual stream (batch,
        positions, d_model)."""
        choices, tape = call.choices, call.tape
        if choices.layers is not None:  # the input comes before the first layer: no one layer's
            choices = call.native
        x = tape(f"{at}.tokens", self.tokens(ids) * call.choices.multiplier)
        if choices.positions in ABSOLUTE:
            signal = self._signal(where + call.choices.offset, choices, call)
            x = x + tape(f"{at}.positions", signal.to(x.dtype))
        if self.types is not None:
            types = torch.zeros_like(ids) if types is None else types
            x = x + tape(f"{at}.types", self.types(types))
        x = tape(f"{at}.sum", x)
        x = x if self.norm is None else call.norm(self.norm, x, choices, f"{at}.norm")
        return call.drop(x, at)

    def _signal(self, positions: Tensor, choices: Choices, call: Call) -> Tensor:
        """(positions, d_model) of positions (positions,)."""
        if choices.positions == "sinusoidal" or self.positions is None:
            return sinusoids(positions, call.shape.d_model)
        last = int(positions.max()) if len(positions) else 0
        if last >= call.shape.context:
            raise ModelError(
                "past-positions",
                "position {last} has no row in the table of {context} learned positions",
                last=last,
                context=call.shape.context,
            )
        return self.positions(positions + call.shape.first_position)


class Layer(nn.Module):
    """Self-attention, in a decoder with an encoder cross-attention, and feed-forward network,
    each with its norm and residual connection."""

    def __init__(self, shape: Shape, *, cross: bool) -> None:
        super().__init__()
        self.self_attention = Attention(shape)
        self.attention_norm = NormWeights(shape.d_model, bias=shape.norm_bias)
        self.cross_attention = Attention(shape, cross=True) if cross else None
        self.cross_norm = NormWeights(shape.d_model, bias=shape.norm_bias) if cross else None
        self.feed_forward = FeedForward(shape)
        self.feed_forward_norm = NormWeights(shape.d_model, bias=shape.norm_bias)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None,
        number: int,
        geometry: Geometry,
        across: Geometry | None,
        relative: Tensor | None,
        call: Call,
        at: str,
    ) -> Tensor:
        """x (batch, positions, d_model) → the same, after layer `number` (counted through both
        stacks), whose sites start with `at`."""
        choices = call.choices.at(number, call.native)
        tape = call.tape
        heads = tuple(head for layer, head in choices.ablated if layer == number)
        cross_heads = tuple(head for layer, head in choices.ablated_cross if layer == number)

        def attend(y: Tensor) -> Tensor:
            settings = call.dropout, tape, f"{at}.self_attention", call.cache
            return self.self_attention(y, y, choices, heads, geometry, relative, *settings)

        def attend_across(y: Tensor) -> Tensor:
            cross = cast(Attention, self.cross_attention)
            settings = call.dropout, tape, f"{at}.cross_attention", call.cache
            return cross(y, memory, choices, cross_heads, across, None, *settings)

        def feed(y: Tensor) -> Tensor:
            return self.feed_forward(y, choices, tape, f"{at}.feed_forward")

        x = tape(f"{at}.input", x)
        sublayers = [(attend, self.attention_norm, "attention")]
        if self.cross_norm is not None:
            sublayers.append((attend_across, self.cross_norm, "cross"))
        sublayers.append((feed, self.feed_forward_norm, "feed_forward"))
        for sublayer, norm, name in sublayers:
            kind = "feed_forward" if name == "feed_forward" else "attention"
            writes = _WRITES[name]
            kept = choices.residual in ("both", kind)
            if norms_first(choices.place):
                written = sublayer(call.norm(norm, x, choices, f"{at}.{name}_norm"))
                written = call.drop(written, f"{at}.{writes}")
                x = x + written if kept else written
            else:
                written = call.drop(sublayer(x), f"{at}.{writes}")
                x = call.norm(norm, x + written if kept else written, choices, f"{at}.{name}_norm")
            x = tape(f"{at}.after_{name}", x)
        return x


class Head(nn.Module):
    """From the residual stream to logits: linear, or BERT's transform before it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        mlm = shape.head == "mlm"
        self.transform = Linear(shape.d_model, shape.d_model) if mlm else None
        self.norm = NormWeights(shape.d_model, bias=True) if mlm else None
        self.output = (
            None if shape.tied_head else Linear(shape.d_model, shape.vocab_size, bias=False)
        )
        self.bias = nn.Parameter(torch.zeros(shape.vocab_size)) if shape.head_bias else None

    def forward(self, x: Tensor, tokens: Tensor, call: Call) -> Tensor:
        """x (batch, positions, d_model), tokens (vocab, d_model) → (batch, positions, vocab)."""
        if self.transform is not None and self.norm is not None:
            x = activate(self.transform(x), call.shape.head_activation)
            # the head is no layer of the stack: it keeps its own norm whatever is switched
            x = call.norm(self.norm, x, call.native, "head.norm")
        return linear(x, tokens if self.output is None else self.output.weight, self.bias)


class Transformer(nn.Module):
    """All weights of one `Shape`. `forward` writes to nothing, so one object serves any number
    of threads, each with its own choices."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.native = native_choices(shape)
        self.embedding = Embedding(shape)
        cross = shape.kind == "encoder-decoder"
        self.encoder = nn.ModuleList(Layer(shape, cross=False) for _ in range(shape.encoder_layers))
        self.decoder = nn.ModuleList(Layer(shape, cross=cross) for _ in range(shape.decoder_layers))
        self.encoder_norm, self.encoder_relative = _ends(shape, shape.encoder_layers)
        self.decoder_norm, self.decoder_relative = _ends(shape, shape.decoder_layers)
        self.head = None if shape.head == "none" else Head(shape)

    def forward(
        self,
        ids: Tensor,
        real: Tensor | None = None,
        types: Tensor | None = None,
        *,
        target: Tensor | None = None,
        target_real: Tensor | None = None,
        choices: Choices | None = None,
        dropout: Dropout | None = None,
        cache: Cache | None = None,
        tape: Tape | None = None,
        span: Span = WHOLE,
        logits_at: Sequence[int] | None = None,
    ) -> Tensor:
        """Logits (batch, positions, vocab), or without a head the last hidden states (batch,
        positions, d_model).

        ids (batch, positions); real, same shape, is False on padding; types are segment ids. An
        encoder–decoder reads ids in its encoder and target (batch, positions) in its decoder.
        dropout: what a pass in training drops. cache: what the decoder has read before; ids, or
        target, are then the tokens that follow (padding keeps its place), and the encoder runs in
        the first call alone. span: the layers to run. logits_at: the positions whose logits are
        wanted, by default all: the vocabulary is often the widest matrix of the model.
        Raises ModelError for choices that these weights, or a cache, do not permit.
        """
        chosen = choices or self.native
        call = Call(self.shape, chosen, self.native, tape or silent(), span, dropout, cache)
        check(call.choices, self.shape)
        call.tape.start()
        encoders = self.shape.encoder_layers
        source, x, memory = ids, span.residual, span.memory
        source_real = real = _real(ids, real)
        if encoders and target is not None:
            ids, real = target, _real(target, target_real)
        if cache is not None:
            if span != WHOLE:
                raise ValueError("a cache needs all layers")
            cache.start(chosen, self.shape, ids, source if encoders else None)
        if span.first < encoders and (cache is None or not cache.length):
            alone = replace(call, cache=None)
            x = memory = self._stack("encoder", source, source_real, types, None, None, alone)
        if self.shape.decoder_layers and span.reaches(encoders + 1):
            types, memory_real = (None, source_real) if encoders else (types, None)
            x = self._stack("decoder", ids, real, types, memory, memory_real, call)
        if x is None:
            raise ValueError("a span that starts behind the first layer needs its residual stream")
        if self.head is not None and span.last is None:
            x = x if logits_at is None else x[:, list(logits_at)]
            x = call.tape("logits", self.head(x, self.embedding.tokens.weight, call))
        call.tape.finish()
        if cache is not None:
            cache.finish(real)
        return x

    def read_out(self, x: Tensor) -> Tensor:
        """Logits (batch, positions, vocab) of a residual stream x (batch, positions, d_model) as
        if it left the last layer: through the final norm, where there is one, and the head.

        ModelError "no-head" for weights without one.
        """
        if self.head is None:
            raise ModelError("no-head", "these weights have no head that predicts tokens")
        call = Call(self.shape, self.native, self.native, silent(), WHOLE)
        norm, name = (
            (self.decoder_norm, "decoder")
            if self.shape.decoder_layers
            else (self.encoder_norm, "encoder")
        )
        if norm is not None:
            x = call.norm(norm, x, self.native, f"{name}.norm")
        return self.head(x, self.embedding.tokens.weight, call)

    def _stack(
        self,
        name: str,
        ids: Tensor,
        real: Tensor,
        types: Tensor | None,
        memory: Tensor | None,
        memory_real: Tensor | None,
        call: Call,
    ) -> Tensor:
        """One stack from ids to its last hidden states (batch, positions, d_model); `memory` may
        be left out where a cache holds what was projected from it."""
        decoder = name == "decoder"
        layers, norm, relative, first = (
            (self.decoder, self.decoder_norm, self.decoder_relative, self.shape.encoder_layers)
            if decoder
            else (self.encoder, self.encoder_norm, self.encoder_relative, 0)
        )
        seen = real if call.cache is None else call.cache.seen(real)  # (batch, keys)
        keys = torch.arange(seen.shape[1], device=ids.device)
        here = keys[seen.shape[1] - ids.shape[1] :]
        geometry = Geometry(self.shape, here, keys, seen, causal=decoder)
        across = None
        if memory_real is not None:
            there = torch.arange(memory_real.shape[1], device=ids.device)
            across = Geometry(self.shape, here, there, memory_real, cross=True)
        table = None if relative is None else relative.weight
        x = call.span.residual if call.span.first >= first else None
        if x is None:
            x = self.embedding(ids, types, here, call, f"{name}.embedding")
        for i, layer in enumerate(layers):
            if call.span.covers(first + i):
                x = layer(x, memory, first + i, geometry, across, table, call, f"{name}.{i}")
        if call.span.reaches(first + len(layers)):
            x = call.tape(f"{name}.output", x)
            if norm is not None:
                choices = call.choices if call.choices.layers is None else call.native
                x = call.norm(norm, x, choices, f"{name}.norm")
        return x


def _ends(shape: Shape, layers: int) -> tuple[NormWeights | None, nn.Embedding | None]:
    """A stack's final norm and its table of relative positions, where it has them."""
    norm = NormWeights(shape.d_model, bias=shape.norm_bias) if shape.final_norm and layers else None
    relative = (
        nn.Embedding(shape.relative_buckets, shape.n_heads)
        if shape.positions == "relative" and layers
        else None
    )
    return norm, relative


def _real(ids: Tensor, real: Tensor | None) -> Tensor:
    return torch.ones_like(ids, dtype=torch.bool) if real is None else real.bool()
