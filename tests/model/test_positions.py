"""Position schemes against their papers, and against transformers in a process of its own."""

import cmath
import json
import math
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.geometry import Geometry
from model.positions import (
    alibi_bias,
    alibi_slopes,
    relative_buckets,
    rope_rates,
    rotate,
    sinusoids,
)
from model.shape import RopeScaling
from tests.model import plain
from tests.model.zoo import tiny

REFERENCE = Path(__file__).parents[1] / "reference" / "positions.py"
DISTANCES = [*range(-300, 301), -20_000, -1_000, 1_000, 20_000]
BUCKETS = [
    (both, n, reach) for both in (True, False) for n, reach in ((32, 128), (8, 20), (64, 500))
]
ROPE = [
    (64, 10_000.0, None),
    (64, 100_000.0, None),
    (10, 500.0, None),
    (64, 10_000.0, RopeScaling("linear", 4.0)),
    (128, 500_000.0, RopeScaling("llama3", 8.0, 1.0, 4.0, 8192)),
    (64, 500_000.0, RopeScaling("llama3", 32.0, 1.0, 4.0, 8192)),
    (64, 10_000.0, RopeScaling("llama3", 3.0, 2.0, 5.0, 512)),
]


@pytest.fixture(scope="module")
def theirs() -> dict[str, list]:
    """What transformers answers for BUCKETS, DISTANCES and ROPE."""
    rope = []
    for d_head, theta, scaling in ROPE:
        named = None
        if scaling is not None:
            facts = asdict(scaling)
            named = {"rope_type": scaling.kind, "factor": scaling.factor}
            if scaling.kind == "llama3":
                named |= {
                    "low_freq_factor": facts["low_frequency_factor"],
                    "high_freq_factor": facts["high_frequency_factor"],
                    "original_max_position_embeddings": facts["original_context"],
                }
        rope.append([d_head, theta, named])
    asked = {"buckets": BUCKETS, "distances": DISTANCES, "rope": rope}
    answer = subprocess.run(
        [sys.executable, "-I", str(REFERENCE)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(answer.stdout)


def test_sinusoids_by_hand() -> None:
    got = sinusoids(torch.tensor([0, 1, 2, 50]), 4)
    want = [[math.sin(p), math.cos(p), math.sin(p / 100), math.cos(p / 100)] for p in (0, 1, 2, 50)]
    torch.testing.assert_close(got, torch.tensor(want))


@pytest.mark.parametrize("width", [1, 2, 7, 64])
def test_sinusoids_by_the_formula(width: int) -> None:
    positions = [0, 1, 2, 17, 400, -3]
    want = torch.stack([plain.sinusoid(p, width) for p in positions]).float()
    got = sinusoids(torch.tensor(positions), width)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-4)  # float32 angles of up to 400 radians


def test_wavelengths_reach_from_two_pi_to_ten_thousand_times_that() -> None:
    width = 512
    table = sinusoids(torch.arange(8), width)
    angles = torch.atan2(table[:, 0::2], table[:, 1::2])  # (positions, pairs)
    turn = angles[1]  # radians from one position to the next
    assert turn[0] == pytest.approx(1.0, rel=1e-6)
    assert turn[-1] == pytest.approx(10_000 ** (-510 / 512), rel=1e-5)
    ratios = turn[1:] / turn[:-1]
    torch.testing.assert_close(ratios, torch.full_like(ratios, 10_000 ** (-2 / 512)))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(-30, 30))
def test_products_of_encodings_depend_on_the_distance_alone(p: int, s: int, k: int) -> None:
    one, other = (sinusoids(torch.tensor([q, q + k]), 16) for q in (p, s))
    assert float(one[0] @ one[1]) == pytest.approx(float(other[0] @ other[1]), abs=1e-4)


@pytest.mark.parametrize("k", [1, 5, -7])
def test_a_shift_is_one_fixed_rotation(k: int) -> None:
    positions, width = torch.arange(20, 40), 8
    turn = torch.zeros(width, width)
    for pair in range(width // 2):
        angle = k * 10_000 ** (-2 * pair / width)
        block = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
        turn[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = torch.tensor(block)
    torch.testing.assert_close(turn @ turn.T, torch.eye(width))
    moved = sinusoids(positions, width) @ turn.T
    torch.testing.assert_close(moved, sinusoids(positions + k, width), rtol=0, atol=2e-5)


def test_alibi_slopes_of_the_paper() -> None:
    eight = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    assert alibi_slopes(8).tolist() == eight
    sixteen = [2 ** (-i / 2) for i in range(1, 17)]
    assert alibi_slopes(16).tolist() == pytest.approx(sixteen)
    assert alibi_slopes(1).tolist() == [1 / 256]


def test_alibi_slopes_of_twelve_heads_by_the_authors_rule() -> None:
    # those of 8 heads, then every second one of 16 until there are 12
    extra = [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]
    assert alibi_slopes(12).tolist() == pytest.approx(alibi_slopes(8).tolist() + extra)


@pytest.mark.parametrize("n", range(1, 41))
def test_alibi_slopes_of_any_number_of_heads(n: int) -> None:
    assert alibi_slopes(n).tolist() == pytest.approx([plain.slope(head, n) for head in range(n)])


def test_alibi_bias_by_hand() -> None:
    bias = alibi_bias(torch.tensor([1, 3]), torch.arange(4), 2)  # slopes 1/16 and 1/256
    sixteenths = [[-1, 0, -1, -2], [-3, -2, -1, 0]]
    torch.testing.assert_close(bias[0], torch.tensor(sixteenths) / 16)
    torch.testing.assert_close(bias[1], torch.tensor(sixteenths) / 256)


def test_relative_buckets_are_those_of_transformers(theirs: dict[str, list]) -> None:
    for (both, buckets, reach), want in zip(BUCKETS, theirs["buckets"], strict=True):
        got = relative_buckets(
            torch.tensor(DISTANCES), bidirectional=both, buckets=buckets, reach=reach
        )
        assert got.tolist() == want


def test_relative_buckets_by_hand() -> None:
    def of(*distances: int, both: bool) -> list[int]:
        return relative_buckets(
            torch.tensor(distances), bidirectional=both, buckets=32, reach=128
        ).tolist()

    assert of(0, -1, -7, -8, -127, -128, -5000, both=True) == [0, 1, 7, 8, 15, 15, 15]
    assert of(1, 7, 8, 5000, both=True) == [17, 23, 24, 31]  # keys to the right: 16 on top
    assert of(5, 0, -1, -15, -16, -128, -5000, both=False) == [0, 0, 1, 15, 16, 31, 31]


def test_rotary_rates_are_those_of_transformers(theirs: dict[str, list]) -> None:
    for (d_head, theta, scaling), want in zip(ROPE, theirs["rope"], strict=True):
        got = rope_rates(d_head, theta, scaling)
        torch.testing.assert_close(got, torch.tensor(want), rtol=1e-6, atol=0)


def test_llama3_keeps_fast_pairs_and_divides_slow_ones() -> None:
    scaling = RopeScaling("llama3", 8.0, 1.0, 4.0, 8192)
    before, after = rope_rates(128, 500_000.0), rope_rates(128, 500_000.0, scaling)
    wavelength = 2 * math.pi / before
    fast, slow = wavelength < 8192 / 4, wavelength > 8192
    assert torch.equal(after[fast], before[fast])
    torch.testing.assert_close(after[slow], before[slow] / 8)
    between = ~fast & ~slow
    assert between.any()
    assert ((after < before) & (after > before / 8))[between].all()
    assert (after.diff() < 0).all()


def test_an_offset_turns_queries_and_keys_as_later_positions_do() -> None:
    shape = tiny(positions="rope", d_head=8)
    where = Geometry(shape, torch.arange(3, 5), torch.arange(9), torch.ones(1, 9).bool())
    (cos, sin), (cos_on, sin_on) = (where.turns(at, torch.float32) for at in (0, 4))
    assert cos.shape == sin.shape == (2, 8)
    later = replace(where, query_positions=torch.arange(7, 9)).turns(0, torch.float32)
    assert cos_on.equal(later[0]) and sin_on.equal(later[1])
    assert not cos_on.equal(cos)


def test_rotation_is_multiplication_of_complex_numbers() -> None:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 5, 8, generator=dice, dtype=torch.float64)
    angles = torch.randn(5, 4, generator=dice, dtype=torch.float64) * 4
    got = rotate(x, angles)
    for b, h, n, pair in torch.cartesian_prod(*map(torch.arange, (2, 3, 5, 4))).tolist():
        z = complex(x[b, h, n, pair], x[b, h, n, pair + 4]) * cmath.exp(1j * float(angles[n, pair]))
        assert complex(got[b, h, n, pair], got[b, h, n, pair + 4]) == pytest.approx(z)


@given(st.integers(0, 500), st.integers(-100, 100), st.integers(0, 500))
def test_rotated_products_depend_on_the_distance_alone(i: int, k: int, shift: int) -> None:
    q, k_vector = (torch.randn(8, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    rates = rope_rates(8, 10_000.0)

    def product(at_q: int, at_k: int) -> float:
        turned = rotate(torch.stack([q, k_vector]), torch.tensor([[at_q], [at_k]]).float() * rates)
        return float(turned[0] @ turned[1])

    assert product(i, i + k) == pytest.approx(product(i + shift, i + k + shift), abs=1e-3)
