"""Curves and slopes against the papers' formulas."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from experiments.activation_curves import CURVES, curve, curves, landmarks, tanh_error


def normal(x: float) -> tuple[float, float]:
    """Φ(x) and φ(x)."""
    return (1 + math.erf(x / math.sqrt(2))) / 2, math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@given(st.floats(-8, 8), st.floats(-3, 3))
def test_values_and_slopes_are_the_formulas(x: float, up: float) -> None:
    below, density = normal(x)
    sigmoid = 1 / (1 + math.exp(-x))
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    steep = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    tanh = math.tanh(inner)
    silu = x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))
    expected = {
        "relu": (max(0.0, x), float(x > 0)),
        "gelu": (x * below, below + x * density),
        "gelu_tanh": (x / 2 * (1 + tanh), (1 + tanh) / 2 + x / 2 * (1 - tanh**2) * steep),
        "silu": silu,
        "swiglu": (silu[0] * up, silu[1] * up),
    }
    for name in CURVES:
        value, slope = curve(name, torch.tensor([x], dtype=torch.float64), up)
        assert float(value) == pytest.approx(expected[name][0], abs=1e-9)
        assert float(slope) == pytest.approx(expected[name][1], abs=1e-9)


def test_landmarks_that_are_known() -> None:
    rows = {row["name"]: row for row in landmarks(CURVES, up=2.0).to_dict("records")}
    assert rows["relu"]["lowest"] == 0
    assert rows["gelu"]["lowest"] == pytest.approx(-0.17, abs=1e-4)
    assert rows["gelu"]["lowest_at"] == pytest.approx(-0.7518, abs=1e-3)
    assert rows["silu"]["lowest"] == pytest.approx(-0.2785, abs=1e-4)
    assert rows["silu"]["lowest_at"] == pytest.approx(-1.2785, abs=1e-3)
    assert rows["silu"]["slope_at_zero"] == pytest.approx(0.5)
    assert rows["swiglu"]["lowest"] == pytest.approx(2 * rows["silu"]["lowest"])
    assert rows["gelu"]["steepest"] == pytest.approx(1 + 0.1289, abs=1e-3)  # at √2


def test_a_negative_partner_turns_the_curve_over() -> None:
    x = torch.linspace(-3, 3, 7)
    value, slope = curve("swiglu", x, -1.5)
    other, other_slope = curve("silu", x)
    torch.testing.assert_close(value, -1.5 * other)
    torch.testing.assert_close(slope, -1.5 * other_slope)


def test_the_tanh_form_is_close() -> None:
    error, at = tanh_error()
    assert 4e-4 < error < 5e-4
    assert 1.5 < abs(at) < 3


def test_the_table_holds_every_curve() -> None:
    frame = curves(("relu", "silu"))
    assert frame["name"].unique().tolist() == ["relu", "silu"]
    assert frame["x"].min() == -frame["x"].max()
