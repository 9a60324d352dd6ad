"""The linear map against PyTorch's, with few rows and many."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from model.linear import _LARGE, _UNCACHED, Linear, _onednn


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


@given(
    leading=st.lists(st.integers(0, 12), max_size=2),
    d_in=st.integers(1, 700),
    d_out=st.integers(1, 700),
    bias=st.booleans(),
    last_first=st.booleans(),
)
def test_without_gradients_it_is_as_exact_as_float32_can_be(
    leading: list[int], d_in: int, d_out: int, bias: bool, last_first: bool
) -> None:
    ours, _theirs = pair(d_in, d_out, bias, torch.float32)
    _ours, exact = pair(d_in, d_out, bias, torch.float64)
    x = numbers(d_in, *leading).movedim(0, -1) if last_first else numbers(*leading, d_in)
    with torch.no_grad():
        found = ours(x.float())
    assert found.dtype == torch.float32
    assert found.is_contiguous()
    # numbers of the size of 1, sums of up to 700 of them
    torch.testing.assert_close(found.double(), exact(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [False, True])
def test_a_row_of_a_matrix_that_no_cache_holds(bias: bool) -> None:
    ours, _theirs = pair(64, 70_000, bias, torch.float32)
    _ours, exact = pair(64, 70_000, bias, torch.float64)
    assert ours.weight.numel() > _UNCACHED
    row = numbers(1, 1, 64)
    with torch.no_grad():
        found = ours(row.float())
    assert found.shape == (1, 1, 70_000)
    torch.testing.assert_close(found.double(), exact(row), rtol=1e-5, atol=1e-5)
    assert ours(row.float()).requires_grad  # where one is asked for, it is not lost


def test_gradients_are_those_of_pytorch_however_large_it_is() -> None:
    ours, theirs = pair(600, 500, True, torch.float32)
    x, towards = numbers(9, 600).float(), numbers(9, 500).float()
    assert x.shape[0] * ours.weight.numel() > _LARGE
    found, wanted = gradients(ours, x, towards), gradients(theirs, x, towards)
    assert all(map(torch.equal, found, wanted))


def test_no_row_depends_on_another() -> None:
    layer = Linear(600, 500)
    rows = numbers(9, 600).float()
    others = rows.clone()
    others[4:] = 7.0
    with torch.no_grad():
        assert torch.equal(layer(rows)[:4], layer(others)[:4])


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_other_types_are_as_exact_as_they_can_be(rows: int) -> None:
    ours, theirs = pair(600, 500, True, torch.bfloat16)
    x = numbers(rows, 600, dtype=torch.bfloat16)
    assert ours(x).dtype == torch.bfloat16
    torch.testing.assert_close(ours(x), theirs(x))


class Missing:
    """PyTorch without the operation, or with another one of its name."""

    def __init__(self, **operations: object) -> None:
        self.__dict__.update(operations)


def product_that(gives: object) -> Missing:
    def product(*_arguments: object) -> object:
        if isinstance(gives, Exception):
            raise gives
        return gives

    return Missing(_linear_pointwise=Missing(default=product))


@pytest.mark.parametrize(
    "operations",
    [
        Missing(),
        Missing(_linear_pointwise=Missing()),
        product_that(RuntimeError("schema")),
        product_that(NotImplementedError("no kernel")),
        product_that(TypeError("arguments")),
        product_that(torch.tensor([[17.0]])),
    ],
)
def test_without_the_operation_of_onednn_the_numbers_are_pytorchs(
    monkeypatch: pytest.MonkeyPatch, operations: Missing
) -> None:
    ours, theirs = pair(384, 1536, True, torch.float32)
    x = numbers(64, 384, dtype=torch.float32)
    with torch.no_grad():
        assert _onednn() is not None  # or nothing is compared here
        usual = ours(x)
        monkeypatch.setattr(torch.ops, "mkldnn", operations)
        _onednn.cache_clear()
        try:
            assert _onednn() is None
            assert torch.equal(ours(x), theirs(x))
        finally:
            _onednn.cache_clear()
        torch.testing.assert_close(usual, theirs(x), rtol=1e-5, atol=1e-5)
