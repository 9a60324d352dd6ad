"""Colours mean one thing, in both themes and to colour-blind readers."""

import itertools

import numpy as np
import pytest

from charts.colours import Palette, colorscale, palette

# Viénot, Brettel & Mollon (1999), as matrices on linear RGB: how two kinds of colour-blind
# readers see.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array([[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.004, -0.004, 1.0]]),
    "deutan": np.array([[0.2928, 0.7072, 0.0], [0.2928, 0.7072, 0.0], [-0.0223, 0.0223, 1.0]]),
}


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour: str, blindness: str = "none") -> np.ndarray:
    rgb = np.clip(BLINDNESS[blindness] @ linear(colour), 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""
    light, dark = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))[::-1]
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Palette:
    return palette(request.param)


def test_zero_is_the_page(theme: Palette):
    assert theme.weights_ramp[0] == theme.amounts_ramp[0] == theme.page
    for ramp in signed(theme):
        assert len(ramp) % 2 == 1
        assert ramp[len(ramp) // 2] == theme.page


def signed(theme: Palette):
    return (
        theme.difference_ramp,
        theme.scores_ramp,
        theme.queries_ramp,
        theme.keys_ramp,
        theme.values_ramp,
    )


def test_more_is_always_further_from_the_page(theme: Palette):
    halves = [theme.weights_ramp, theme.amounts_ramp]
    for ramp in signed(theme):
        middle = len(ramp) // 2
        halves += [ramp[middle:], ramp[middle::-1]]
    for half in halves:
        steps = np.diff([lab(colour)[0] for colour in half])
        assert (steps > 0).all() or (steps < 0).all()


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_both_sides_of_zero_differ_to_everybody(theme: Palette, blindness: str):
    for ramp in signed(theme):
        middle = len(ramp) // 2
        for step in range(1, middle + 1):
            sides = [lab(ramp[middle + way * step], blindness) for way in (1, -1)]
            assert np.linalg.norm(sides[0] - sides[1]) > 12, (ramp, step)


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_queries_keys_and_values_differ_to_everybody(theme: Palette, blindness: str):
    for a, b in itertools.combinations((theme.queries, theme.keys, theme.values), 2):
        assert np.linalg.norm(lab(a, blindness) - lab(b, blindness)) > 18, (a, b)


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_an_amount_is_no_weight(theme: Palette, blindness: str):
    for weight, amount in zip(theme.weights_ramp[2:6], theme.amounts_ramp[2:6], strict=True):
        apart = np.linalg.norm(lab(weight, blindness) - lab(amount, blindness))
        assert apart > 12, (weight, amount)


def test_coloured_text_is_readable(theme: Palette):
    for colour in (theme.queries, theme.keys, theme.values, theme.more, theme.less):
        assert contrast(colour, theme.page) >= 4.5


def test_no_value_looks_masked(theme: Palette):
    for ramp in (theme.weights_ramp, theme.amounts_ramp, *signed(theme)):
        for left, right in itertools.pairwise(ramp):
            for place in np.linspace(0, 1, 9):
                mixed = (1 - place) * lab(left) + place * lab(right)
                for grey in (theme.masked, theme.masked_hatch):
                    assert np.linalg.norm(mixed - lab(grey)) > 4


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_nothing_looks_as_what_overflowed(theme: Palette, blindness: str):
    lost = lab(theme.overflowed, blindness)
    for grey in (theme.masked, theme.masked_hatch):
        assert np.linalg.norm(lost - lab(grey, blindness)) > 25
    for ramp in (theme.weights_ramp, theme.amounts_ramp, *signed(theme)):
        for left, right in itertools.pairwise(ramp):
            for place in np.linspace(0, 1, 9):
                mixed = (1 - place) * lab(left, blindness) + place * lab(right, blindness)
                assert np.linalg.norm(mixed - lost) > 25, (left, right)
    assert contrast(theme.overflowed, theme.overflowed_cross) >= 7


def test_plotly_gets_equal_steps(theme: Palette):
    scale = colorscale(theme.weights_ramp)
    assert [place for place, _ in scale] == pytest.approx(np.linspace(0, 1, 7))
    assert scale[0][1] == theme.page
