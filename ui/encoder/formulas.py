"""A layer's stages as symbols and formulas, in the order of the model at hand."""

from experiments.journey import Stage
from model import Bench
from model.choices import GATED
from model.shape import norms_first
from ui.i18n import _
from ui.switches import NAMES

_POST = {
    "input": "x",
    "attention": "a",
    "attention_sum": "s",
    "attention_norm": "y",
    "cross": "c",
    "cross_sum": "u",
    "cross_norm": "z",
    "hidden": "h",
    "feed_forward": "f",
    "feed_forward_sum": "t",
    "feed_forward_norm": "x′",
}
_PRE = {
    "input": "x",
    "attention_norm": "n",
    "attention": "a",
    "attention_sum": "y",
    "cross_norm": "p",
    "cross": "c",
    "cross_sum": "z",
    "feed_forward_norm": "m",
    "hidden": "h",
    "feed_forward": "f",
    "feed_forward_sum": "x′",
}
_GATES = {"reglu": "ReLU", "geglu": "GELU", "geglu_tanh": "GELU", "swiglu": "SiLU"}


def symbol(name: str, bench: Bench) -> str:
    """The letter of a stage."""
    return (_PRE if norms_first(bench.native.place) else _POST)[name]


def formula(stage: Stage, bench: Bench) -> str:
    """How a stage comes from those before it."""
    letters = [symbol(part, bench) for part in stage.parts]
    left = symbol(stage.name, bench)
    if stage.operation == "input":
        return left
    return f"{left} = {_right(stage, letters, bench)}"


def _right(stage: Stage, letters: list[str], bench: Bench) -> str:
    biased = bench.shape.feed_forward_bias
    if stage.operation == "add":
        return " + ".join(letters)
    (entry,) = letters
    if stage.operation == "norm":
        return f"{_(NAMES[bench.native.norm])}({entry})"
    if stage.operation == "attention":
        return f"Attention({entry})"
    if stage.operation == "cross":
        return f"Attention({entry}, memory)"
    if stage.operation == "feed_forward":
        return f"W₂ {entry} + b₂" if biased else f"W₂ {entry}"
    inner = f"W₁ {entry} + b₁" if biased else f"W₁ {entry}"
    activation = bench.native.activation
    if activation in GATED:
        return f"{_GATES[activation]}({inner}) ⊙ W₃ {entry}"
    return f"{_(NAMES[activation])}({inner})"
