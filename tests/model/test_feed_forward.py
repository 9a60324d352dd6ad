"""Activations and the feed-forward network, by hand and against PyTorch's."""

import math

import pytest
import torch
import torch.nn.functional as F

from model.activations import activate
from model.choices import Choices
from model.feed_forward import FeedForward
from model.shape import Activation
from model.tape import Tape
from tests.model.zoo import tiny

GATES: dict[Activation, Activation] = {
    "reglu": "relu",
    "geglu": "gelu",
    "geglu_tanh": "gelu_tanh",
    "swiglu": "silu",
}


def by_hand(x: float, name: str) -> float:
    match name:
        case "relu":
            return max(0.0, x)
        case "gelu":
            return x * 0.5 * math.erfc(-x / math.sqrt(2))
        case "gelu_tanh":
            return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        case _:
            return x / (1 + math.exp(-x))


@pytest.mark.parametrize("name", ["relu", "gelu", "gelu_tanh", "silu"])
def test_activations_by_hand(name: Activation) -> None:
    xs = [-30.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 30.0]
    got = activate(torch.tensor(xs, dtype=torch.float64), name)
    want = torch.tensor([by_hand(x, name) for x in xs], dtype=torch.float64)
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize("gated", GATES)
def test_a_gated_activation_bends_its_gate_as_the_plain_one_does(gated: Activation) -> None:
    x = torch.linspace(-4, 4, 33)
    assert torch.equal(activate(x, gated), activate(x, GATES[gated]))


def test_the_two_gelus_differ() -> None:
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)
    torch.testing.assert_close(activate(x, "gelu"), F.gelu(x))
    torch.testing.assert_close(activate(x, "gelu_tanh"), F.gelu(x, approximate="tanh"))
    gap = (activate(x, "gelu") - activate(x, "gelu_tanh")).abs().max()
    assert 1e-5 < gap < 1e-3


def network(activation: str, *, bias: bool = True) -> FeedForward:
    """Two features, two neurons, weights small enough to work out on paper."""
    shape = tiny(d_model=2, n_heads=1, d_ff=2, activation=activation, feed_forward_bias=bias)
    ffn = FeedForward(shape).double().requires_grad_(False)
    ffn.up.weight.copy_(torch.tensor([[1.0, 2.0], [-1.0, 0.5]]))
    ffn.down.weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 2.0]]))
    if ffn.gate is not None:
        ffn.gate.weight.copy_(torch.tensor([[0.5, 0.0], [0.0, -1.0]]))
    for linear in (ffn.up, ffn.down, ffn.gate):
        if linear is not None and linear.bias is not None:
            linear.bias.zero_()
    return ffn


def test_relu_network_by_hand() -> None:
    x = torch.tensor([[[1.0, 1.0], [-1.0, 2.0]]], dtype=torch.float64)
    ffn, tape = network("relu"), Tape()
    ffn.up.bias.copy_(torch.tensor([0.0, 1.0]))
    ffn.down.bias.copy_(torch.tensor([0.5, 0.0]))
    got = ffn(x, Choices(activation="relu"), tape, "f")
    up = [[3.0, 0.5], [3.0, 3.0]]  # (1·1 + 2·1, −1·1 + ½·1 + 1), (−1 + 4, 1 + 1 + 1)
    assert tape.kept["f.pre_activation"].tolist() == [up]
    assert tape.kept["f.post_activation"].tolist() == [up]
    assert got.tolist() == [[[3.0, 1.0], [0.5, 6.0]]]  # (3 − ½ + ½, 2·½), (3 − 3 + ½, 2·3)
    assert "f.up" not in tape.kept


def test_gated_network_by_hand() -> None:
    x = torch.tensor([[[2.0, 1.0], [2.0, -1.0]]], dtype=torch.float64)
    ffn, tape = network("reglu", bias=False), Tape()
    got = ffn(x, Choices(activation="reglu"), tape, "f")
    # gate (1, −1) → (1, 0), up (4, −1.5); gate (1, 1) → (1, 1), up (0, −2.5)
    assert tape.kept["f.pre_activation"].tolist() == [[[1.0, -1.0], [1.0, 1.0]]]
    assert tape.kept["f.up"].tolist() == [[[4.0, -1.5], [0.0, -2.5]]]
    assert tape.kept["f.post_activation"].tolist() == [[[4.0, 0.0], [0.0, -2.5]]]
    assert got.tolist() == [[[4.0, 0.0], [2.5, -5.0]]]


@pytest.mark.parametrize("gated", GATES)
def test_gated_variants(gated: Activation) -> None:
    x = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ffn = network(gated)
    assert ffn.gate is not None
    want = ffn.down(activate(ffn.gate(x), GATES[gated]) * ffn.up(x))
    torch.testing.assert_close(ffn(x, Choices(activation=gated), Tape(), "f"), want)


def test_an_ungated_activation_on_gated_weights_leaves_the_product_out() -> None:
    x = torch.tensor([[[2.0, 1.0]]], dtype=torch.float64)
    tape = Tape()
    got = network("reglu")(x, Choices(activation="relu"), tape, "f")
    assert got.tolist() == [[[1.0, 0.0]]]  # gate (1, −1) → (1, 0) → (1 − 0, 0)
    assert "f.up" not in tape.kept


def test_one_token_does_not_reach_another_in_the_network() -> None:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 2, generator=dice, dtype=torch.float64)
    ffn, choices = network("gelu"), Choices(activation="gelu")
    before = ffn(x, choices, Tape(), "f")
    x[0, 2] += 1
    moved = (ffn(x, choices, Tape(), "f") - before).abs().sum(-1)[0]
    assert moved[2] > 0
    assert moved[[0, 1, 3]].tolist() == [0, 0, 0]
