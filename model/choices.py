"""What a reader may switch per call, and which switches given weights permit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from numbers import Real
from operator import index
from typing import Any, Literal, get_args

from model.errors import ModelError
from model.shape import Activation, Norm, Place, Positions, Shape

Score = Literal["dot", "cosine", "additive"]
Residual = Literal["both", "attention", "feed_forward", "none"]

MASK_PARTS = ("padding", "causal", "prefix", "window")
GATED = ("reglu", "geglu", "geglu_tanh", "swiglu")
ABSOLUTE = ("learned", "sinusoidal")  # added to the embeddings; the others act in attention

_OPTIONS: dict[str, tuple[str, ...]] = {
    "score": get_args(Score),
    "positions": get_args(Positions),
    "norm": get_args(Norm),
    "place": get_args(Place),
    "residual": get_args(Residual),
    "activation": get_args(Activation),
}

# wide enough for any experiment, narrow enough that float32 and int64 hold what comes of them
_BOUNDS: dict[str, tuple[float, float]] = {
    "temperature": (1e-6, 1e6),
    "multiplier": (-1e6, 1e6),
    "window": (1, 10**6),
    "prefix": (0, 10**6),
    "offset": (0, 10**6),
}

_KINDS: dict[str, type] = {
    "mask": str,
    "scaled": bool,
    "tied": bool,
    **dict.fromkeys(_BOUNDS, Real),
}

REASONS = {
    "no-position-table": "these weights have no table of learned positions",
    "no-relative-table": "these weights have no table of relative position biases",
    "no-relative-projection": "these weights have no projection for relative positions",
    "odd-head-width": "rotation needs an even head width",
    "no-gate": "a gated activation needs a gate matrix, which these weights lack",
}


@dataclass(frozen=True)
class Choices:
    """The switches of one call: plain values, so a cache key, a URL and a comparison.

    mask: "native", "none", or parts joined by "+": "padding", "causal", "window" (a token sees
        `window` tokens to each side, itself included), "prefix" (causal, but the first `prefix`
        tokens are seen by all).
    score: how a query meets a key: q·k, their cosine, or the additive Σ tanh(q + k).
    scaled: divide scores by √d_head. temperature: divide them by this number as well. Neither
        touches the bias that ALiBi and T5 add afterwards.
    tied: W_Q serves as W_K too.
    positions: the position scheme. offset: added to every position.
    multiplier: token embeddings are multiplied by it before positions are added.
    norm, place: which normalisation, before (pre) or after (post) each sublayer.
    residual: the sublayers that keep their skip connection.
    activation: of the feed-forward network; an ungated one on gated weights drops the product.
    ablated, ablated_cross: (layer, head) pairs whose output is set to 0.
    layers: the layers that the choices apply to, the others staying native, and with them the
        input and the norms outside the layers; None: everything. Layer numbers count through
        the encoder, then the decoder. `offset`, `multiplier` and the ablations act as given,
        whatever `layers` says.
    """

    mask: str = "native"
    window: int = 8
    prefix: int = 4
    score: Score = "dot"
    scaled: bool = True
    temperature: float = 1.0
    tied: bool = False
    positions: Positions = "learned"
    offset: int = 0
    multiplier: float = 1.0
    norm: Norm = "layer"
    place: Place = "post"
    residual: Residual = "both"
    activation: Activation = "gelu"
    ablated: tuple[tuple[int, int], ...] = ()
    ablated_cross: tuple[tuple[int, int], ...] = ()
    layers: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, options in _OPTIONS.items():
            if getattr(self, name) not in options:
                raise _bad(name, getattr(self, name))
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise _bad(name, value)
        if self.mask not in ("native", "none"):
            parts = set(self.mask.split("+"))
            if not parts <= set(MASK_PARTS):
                raise _bad("mask", self.mask)
            if "prefix" in parts:  # is causal already
                parts.discard("causal")
            ordered = "+".join(part for part in MASK_PARTS if part in parts)
            object.__setattr__(self, "mask", ordered)
        for name, (low, high) in _BOUNDS.items():
            if not low <= getattr(self, name) <= high:  # refuses NaN too
                raise _bad(name, getattr(self, name))
        # one spelling for each set, so that equal choices compare and hash equal
        for name in ("ablated", "ablated_cross", "layers"):
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, _ordered(value, pairs=name != "layers"))
            except (TypeError, ValueError):  # no numbers, or not two of them
                raise _bad(name, value) from None

    def at(self, layer: int, native: "Choices") -> "Choices":
        """The choices in force in one layer: these, or the native ones where they don't apply."""
        if self.layers is None or layer in self.layers:
            return self
        return replace(
            native,
            offset=self.offset,
            ablated=self.ablated,
            ablated_cross=self.ablated_cross,
        )


@lru_cache(maxsize=256)
def native_choices(shape: Shape) -> Choices:
    """The choices that weights of this shape were trained with."""
    return Choices(
        score="additive" if shape.additive_score else "dot",
        positions=shape.positions,
        multiplier=shape.embedding_multiplier,
        norm=shape.norm,
        place=shape.norm_place,
        activation=shape.activation,
    )


def legal(shape: Shape) -> dict[str, dict[str, str | None]]:
    """For every switch with options: option → None when the weights permit it, else the key of
    the reason in `REASONS`."""
    verdicts: dict[str, dict[str, str | None]] = {
        name: dict.fromkeys(options) for name, options in _OPTIONS.items()
    }
    positions = verdicts["positions"]
    if shape.positions != "learned":
        positions["learned"] = "no-position-table"
    if shape.positions != "relative":
        positions["relative"] = "no-relative-table"
    if shape.positions != "xl":
        positions["xl"] = "no-relative-projection"
    if shape.d_head % 2:
        positions["rope"] = "odd-head-width"
    if not shape.gated:
        verdicts["activation"].update(dict.fromkeys(GATED, "no-gate"))
    return verdicts


def check(choices: Choices, shape: Shape) -> None:
    """Raise ModelError when weights of this shape do not permit these choices."""
    native = native_choices(shape)
    for name, options in legal(shape).items():
        value = getattr(choices, name)
        reason = options[value]
        if reason is not None:
            raise ModelError(
                "illegal-choice",
                "{field} cannot be {value} here: {because}",
                field=name,
                value=value,
                reason=reason,
                because=REASONS[reason],
            )
    if choices.layers is not None:
        for layer in choices.layers:
            if not 0 <= layer < shape.n_layers:
                raise _no_such("layer", layer, shape.n_layers)
        removed = native.positions in ABSOLUTE and choices.positions == "none"
        added = native.positions != choices.positions and choices.positions in ABSOLUTE
        if removed or added:  # would change nothing, or not what was asked for
            raise ModelError(
                "positions-need-all-layers",
                "{value} positions act at the input, before the first layer: "
                "apply the change to all layers",
                value=choices.positions if added else native.positions,
            )
    for layer, head in choices.ablated + choices.ablated_cross:
        if not 0 <= layer < shape.n_layers:
            raise _no_such("layer", layer, shape.n_layers)
        if not 0 <= head < shape.n_heads:
            raise _no_such("head", head, shape.n_heads)
    for layer, _ in choices.ablated_cross:
        if shape.kind != "encoder-decoder" or layer < shape.encoder_layers:
            raise ModelError(
                "no-cross-attention", "layer {layer} has no cross-attention", layer=layer
            )


@lru_cache(maxsize=256)  # asked at each look at a layer, of the choices of the last throw
def first_difference(one: Choices, other: Choices, shape: Shape) -> int:
    """The first layer in which two choices do not do the same: -1 when the input differs already,
    the number of layers when none does."""
    native = native_choices(shape)

    def at_input(choices: Choices) -> tuple[object, ...]:
        entry = choices if choices.layers is None else native
        return choices.offset, choices.multiplier, entry.positions, entry.norm

    def everywhere(choices: Choices) -> Choices:
        return replace(choices, layers=None, ablated=(), ablated_cross=())

    inside = [everywhere(choices) for choices in (one, other)]
    outside = [everywhere(replace(native, offset=choices.offset)) for choices in (one, other)]

    def in_layer(which: int, layer: int) -> tuple[object, ...]:
        choices = (one, other)[which]
        applies = choices.layers is None or layer in choices.layers
        return (
            (inside if applies else outside)[which],
            [pair for pair in choices.ablated if pair[0] == layer],
            [pair for pair in choices.ablated_cross if pair[0] == layer],
        )

    if at_input(one) != at_input(other):
        return -1
    for layer in range(shape.n_layers):
        if in_layer(0, layer) != in_layer(1, layer):
            return layer
    return shape.n_layers


def to_text(choices: Choices, native: Choices) -> dict[str, str]:
    """The fields that differ from `native`, as short strings that a URL can carry."""
    return {
        field.name: _write(getattr(choices, field.name))
        for field in fields(choices)
        if getattr(choices, field.name) != getattr(native, field.name)
    }


def from_text(texts: Mapping[str, str], native: Choices) -> Choices:
    """The inverse of `to_text`; a name or value that means nothing raises ModelError."""
    names = {field.name for field in fields(Choices)}
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in names:
            raise _bad(name, text)
        try:
            values[name] = _read(name, text, getattr(native, name))
        except ValueError:
            raise _bad(name, text) from None
    return replace(native, **values)


def _write(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(".".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in value)
    return str(value)


def _read(name: str, text: str, example: Any) -> Any:
    if name in ("ablated", "ablated_cross"):
        return tuple(_pair(item) for item in text.split())
    if name == "layers":
        return None if text == "all" else tuple(int(item) for item in text.split())
    if isinstance(example, bool):
        return ("false", "true").index(text.lower()) == 1
    if isinstance(example, int | float):
        return type(example)(text)
    return text


def _pair(item: str) -> tuple[int, int]:
    layer, head = item.split(".")
    return int(layer), int(head)


def _ordered(
    value: Iterable[Any] | None, *, pairs: bool
) -> tuple[tuple[int, int] | int, ...] | None:
    """Layers, or pairs of a layer and a head, in order and each once; None stays."""
    if pairs:
        return tuple(sorted({(index(layer), index(head)) for layer, head in value or ()}))
    return None if value is None else tuple(sorted({index(layer) for layer in value}))


def _bad(field: str, value: object) -> ModelError:
    return ModelError("bad-choice", "{value!r} is not a value of {field}", field=field, value=value)


def _no_such(what: str, number: int, count: int) -> ModelError:
    return ModelError(
        f"no-such-{what}",
        "there is no {what} {number}: they count from 0 to {last}",
        what=what,
        number=number,
        last=count - 1,
    )
