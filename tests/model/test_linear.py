"""The linear map against PyTorch's, with few rows and many."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from model.linear import Linear


def numbers(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=dtype)


def pair(d_in: int, d_out: int, bias: bool, dtype: torch.dtype) -> tuple[Linear, nn.Linear]:
    """Ours and PyTorch's, with the same random weights."""
    state = {"weight": numbers(d_out, d_in) / d_in**0.5}
    if bias:
        state["bias"] = numbers(d_out)
    ours, theirs = Linear(d_in, d_out, bias), nn.Linear(d_in, d_out, bias)
    for layer in (ours, theirs):
        layer.load_state_dict(state)
        layer.to(dtype)
    return ours, theirs


def gradients(layer: nn.Linear, x: Tensor, towards: Tensor) -> tuple[Tensor, ...]:
    """Of the sum of the output times `towards`, with respect to x, weight and bias."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad((layer(x) * towards).sum(), (x, *layer.parameters()))


@given(
    leading=st.lists(st.integers(0, 4), max_size=3),
    d_in=st.integers(1, 500),
    d_out=st.integers(1, 500),
    bias=st.booleans(),
    last_first=st.booleans(),
)
def test_it_equals_that_of_pytorch(
    leading: list[int], d_in: int, d_out: int, bias: bool, last_first: bool
) -> None:
    ours, theirs = pair(d_in, d_out, bias, torch.float64)
    # with the last axis first in memory, or in its place
    x = numbers(d_in, *leading).movedim(0, -1) if last_first else numbers(*leading, d_in)
    found, wanted = ours(x), theirs(x)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    assert found.is_contiguous()
    towards = numbers(*wanted.shape)
    for one, other in zip(gradients(ours, x, towards), gradients(theirs, x, towards), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", range(7))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_types_are_as_exact_as_they_can_be(rows: int, dtype: torch.dtype) -> None:
    ours, theirs = pair(300, 500, True, dtype)
    x = numbers(rows, 300, dtype=dtype)
    assert ours(x).dtype == dtype
    torch.testing.assert_close(ours(x), theirs(x))


def test_one_row_holds_no_more_memory_than_it_has_numbers() -> None:
    row = Linear(300, 500)(torch.ones(1, 1, 300))
    assert row.untyped_storage().nbytes() == 4 * 500
