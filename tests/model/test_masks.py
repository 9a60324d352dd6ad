"""Masks drawn by hand, and the softmax over what they leave."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from model.choices import MASK_PARTS, native_choices
from model.geometry import Geometry
from model.masks import allowed, masked_softmax, parts_of
from tests.model.zoo import real, tiny

PARTS = st.sets(st.sampled_from(MASK_PARTS)).map(frozenset)


def drawn(picture: str) -> Tensor:
    """A mask as a picture: a row a query, a column a key, # where it may attend."""
    return torch.tensor([[cell == "#" for cell in row] for row in picture.split()])


def mask(parts: str, *, window: int = 2, prefix: int = 3, seen: Tensor | None = None) -> Tensor:
    here = torch.arange(5)
    names = frozenset(parts.split("+")) if parts else frozenset()
    seen = real(5) if seen is None else seen
    return allowed(names, here, here, seen, window=window, prefix=prefix)


@pytest.mark.parametrize(
    ("parts", "picture"),
    [
        ("", "##### ##### ##### ##### #####"),
        ("causal", "#.... ##... ###.. ####. #####"),
        ("window", "##... ###.. .###. ..### ...##"),
        ("prefix", "###.. ###.. ###.. ####. #####"),
        ("causal+window", "#.... ##... .##.. ..##. ...##"),
        ("prefix+window", "##... ###.. .##.. ..##. ...##"),
        ("causal+prefix", "###.. ###.. ###.. ####. #####"),
    ],
)
def test_parts_by_hand(parts: str, picture: str) -> None:
    got = mask(parts)
    assert got.shape == (1, 1, 5, 5)
    assert torch.equal(got[0, 0], drawn(picture))


def test_padding_by_hand() -> None:
    seen = real(5, 3)
    assert torch.equal(mask("padding", seen=seen)[1, 0], drawn("###.. " * 5))
    assert mask("padding", seen=seen)[0].all()
    got = mask("padding+causal", seen=seen)[1, 0]
    assert torch.equal(got, drawn("#.... ##... ###.. ###.. ###.."))
    assert mask("causal", seen=seen).shape == (2, 1, 5, 5)


def test_padding_need_not_be_on_the_right() -> None:
    seen = torch.tensor([[False, True, True, False, True]])
    assert torch.equal(mask("padding+causal", seen=seen)[0, 0, 4], seen[0])
    assert not mask("padding+causal", seen=seen)[0, 0, 0].any()


def test_fewer_queries_than_keys() -> None:
    got = allowed(
        frozenset({"causal"}), torch.tensor([3]), torch.arange(5), real(5), window=1, prefix=0
    )
    assert got.tolist() == [[[[True, True, True, True, False]]]]


def test_what_native_means() -> None:
    def native(*, causal: bool, window: int) -> frozenset[str]:
        return parts_of("native", causal=causal, window=window)

    assert native(causal=False, window=0) == {"padding"}
    assert native(causal=True, window=0) == {"padding", "causal"}
    assert native(causal=True, window=4) == {"padding", "causal", "window"}
    assert parts_of("none", causal=True, window=4) == frozenset()
    assert parts_of("padding+window", causal=True, window=0) == {"padding", "window"}


@given(parts=PARTS, n=st.integers(1, 9), window=st.integers(1, 10), prefix=st.integers(0, 10))
def test_a_pair_is_allowed_when_every_part_allows_it(
    parts: frozenset[str], n: int, window: int, prefix: int
) -> None:
    here, seen = torch.arange(n), real(n, (n + 1) // 2)
    got = allowed(parts, here, here, seen, window=window, prefix=prefix)
    for b, i, j in torch.cartesian_prod(torch.arange(2), here, here).tolist():
        want = "padding" not in parts or bool(seen[b, j])
        if "prefix" in parts:
            want &= j <= i or j < prefix
        elif "causal" in parts:
            want &= j <= i
        if "window" in parts:
            want &= j in range(i - window + 1, i + window)
        assert bool(got[b, 0, i, j]) == want


@given(n=st.integers(1, 9), window=st.integers(1, 10), prefix=st.integers(0, 12))
def test_shares_of_the_matrix(n: int, window: int, prefix: int) -> None:
    here = torch.arange(n)

    def count(*parts: str) -> int:
        got = allowed(frozenset(parts), here, here, real(n), window=window, prefix=prefix)
        return int(got.sum())

    assert count("causal") == n * (n + 1) // 2
    w, p = min(window, n), min(prefix, n)
    assert count("causal", "window") == n * w - w * (w - 1) // 2
    assert count("prefix") == count("causal") + p * (p - 1) // 2
    assert count("window") == n * n - (n - w) * (n - w + 1)


def test_geometry_knows_its_stack_and_its_window() -> None:
    shape = tiny(window=2)
    native, here = native_choices(shape), torch.arange(4)
    encoder = Geometry(shape, here, here, real(4))
    decoder = Geometry(shape, here, here, real(4), causal=True)
    across = Geometry(shape, here[:2], here, real(3, 4)[:, :4], cross=True)
    assert torch.equal(encoder.allowed(native)[0, 0], drawn("##.. ###. .### ..##"))
    assert torch.equal(decoder.allowed(native)[0, 0], drawn("#... ##.. .##. ..##"))
    # a thrown window brings its own width, and masks already made are not mistaken for it
    wider = replace(native, mask="padding+window", window=3)
    assert torch.equal(encoder.allowed(wider)[0, 0], drawn("###. #### #### .###"))
    assert torch.equal(encoder.allowed(native)[0, 0], drawn("##.. ###. .### ..##"))
    for prefix, picture in ((2, "##.. ##.. ###. ####"), (3, "###. ###. ###. ####")):
        thrown = replace(native, mask="prefix", prefix=prefix)
        assert torch.equal(encoder.allowed(thrown)[0, 0], drawn(picture))
    assert torch.equal(across.allowed(native)[0, 0], drawn("###. ###."))
    assert across.allowed(replace(native, mask="padding+causal")).sum() == 2 * (3 + 4)
    assert across.allowed(replace(native, mask="causal")).all()


def test_softmax_of_the_allowed_alone() -> None:
    scores = torch.tensor([[[[1.0, 2.0, 3.0], [1.0, 50.0, 1.0]]]])
    seen = drawn("##. #.#")[None, None]
    got = masked_softmax(scores, seen)
    assert got[0, 0, 0, :2].tolist() == pytest.approx(torch.tensor([1.0, 2.0]).softmax(0).tolist())
    assert got[0, 0, 0, 2] == 0
    assert got[0, 0, 1].tolist() == [0.5, 0.0, 0.5]


def test_one_allowed_key_takes_all_however_large_the_masked_scores() -> None:
    scores = torch.tensor([[[[-1e30, 1e30, 3e38]]]])
    assert masked_softmax(scores, drawn("#..")[None, None]).tolist() == [[[[1.0, 0.0, 0.0]]]]


def test_a_row_without_keys_gives_zeros_and_zero_gradient() -> None:
    scores = torch.randn(2, 3, 2, 4, generator=torch.Generator().manual_seed(0))
    scores.requires_grad_()
    seen = drawn(".... ##..").expand(2, 1, 2, 4)
    weights = masked_softmax(scores, seen)
    assert not weights[:, :, 0].any()
    torch.testing.assert_close(weights[:, :, 1].sum(-1), torch.ones(2, 3))
    (weights * torch.arange(4.0)).sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    assert not scores.grad[:, :, 0].any()
    assert not scores.grad[:, :, 1, 2:].any()
    assert scores.grad[:, :, 1, :2].all()


@given(st.integers(0, 2**16 - 1), st.sampled_from([torch.float32, torch.float16, torch.bfloat16]))
def test_any_mask_in_any_precision(bits: int, dtype: torch.dtype) -> None:
    seen = torch.tensor([bool(bits >> i & 1) for i in range(16)]).view(1, 1, 4, 4)
    scores = torch.linspace(-30, 30, 32, dtype=dtype).view(1, 2, 4, 4)
    weights = masked_softmax(scores, seen)
    assert weights.isfinite().all()
    assert not weights.masked_select(~seen).any()
    want = seen.any(-1).expand(1, 2, 4).float()
    torch.testing.assert_close(weights.float().sum(-1), want, rtol=0, atol=1e-2)
