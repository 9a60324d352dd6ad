"""Norms against PyTorch's."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model.norms import NormWeights
from model.tape import Tape, silent


def weights(*, bias: bool = True) -> NormWeights:
    norm = NormWeights(6, bias=bias).double().requires_grad_(False)
    norm.gain.copy_(torch.linspace(-1, 2, 6))
    if norm.bias is not None:
        norm.bias.copy_(torch.linspace(3, 1, 6))
    return norm


def inputs() -> Tensor:
    dice = torch.Generator().manual_seed(0)
    return torch.randn(3, 5, 6, generator=dice, dtype=torch.float64) * 3 + 2


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("epsilon", [1e-12, 1e-5, 0.5])
def test_layer_norm(bias: bool, epsilon: float) -> None:
    norm, x = weights(bias=bias), inputs()
    want = F.layer_norm(x, (6,), norm.gain, norm.bias, epsilon)
    torch.testing.assert_close(norm(x, "layer", epsilon, silent(), "n"), want)


@pytest.mark.parametrize("epsilon", [1e-6, 0.5])
def test_rms_norm(epsilon: float) -> None:
    norm, x = weights(bias=False), inputs()
    want = F.rms_norm(x, (6,), norm.gain, epsilon)
    torch.testing.assert_close(norm(x, "rms", epsilon, silent(), "n"), want)
    biased = weights()
    assert biased.bias is not None
    torch.testing.assert_close(biased(x, "rms", epsilon, silent(), "n"), want + biased.bias)


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
def test_batch_norm_with_this_pass_own_statistics(epsilon: float) -> None:
    norm, x = weights(), inputs()
    want = F.batch_norm(
        x.transpose(1, 2), None, None, norm.gain, norm.bias, training=True, eps=epsilon
    ).transpose(1, 2)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    torch.testing.assert_close(norm(x, "batch", epsilon, silent(), "n"), want)
    assert all(torch.equal(before[name], value) for name, value in norm.state_dict().items())


def test_batch_norm_of_a_single_position_is_its_bias() -> None:
    norm = weights()
    x = inputs()[:1, :1]
    assert norm.bias is not None
    got = norm(x, "batch", 1e-5, silent(), "n")
    assert torch.equal(got, norm.bias.expand_as(got))


def test_no_norm_leaves_x_alone() -> None:
    x = inputs()
    assert torch.equal(weights()(x, "none", 1e-5, silent(), "n"), x)


@pytest.mark.parametrize(
    ("kind", "axes"), [("layer", (2,)), ("batch", (0, 1)), ("rms", (2,)), ("none", ())]
)
def test_the_tape_sees_the_statistics_that_were_used(kind: str, axes: tuple[int, ...]) -> None:
    x, tape = inputs(), Tape()
    norm = weights()
    output = norm(x, kind, 1e-5, tape, "n")
    kept = tape.kept
    assert torch.equal(kept["n.input"], x)
    assert torch.equal(kept["n.output"], output)
    if kind == "none":
        assert set(kept) == {"n.input", "n.output"}
        return
    if kind == "rms":
        assert "n.mean" not in kept
        torch.testing.assert_close(kept["n.variance"], (x**2).mean(2, keepdim=True))
        return
    torch.testing.assert_close(kept["n.mean"], x.mean(axes, keepdim=True))
    want = x.var(axes, correction=0, keepdim=True)
    torch.testing.assert_close(kept["n.variance"], want)
