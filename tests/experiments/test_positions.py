"""Position schemes against closed forms, the model's own attention, and values by hand."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.positions import (
    CLIP,
    SCHEMES,
    Content,
    Scheme,
    Setup,
    by_distance,
    components,
    cosine_similarity,
    explained_by_distance,
    fit_rotation,
    in_plane,
    learned_table,
    random_table,
    reach,
    residual,
    rope_products,
    scores,
    shift_change,
    shift_rotation,
    spectrum,
    summary,
    unseen,
    wavelengths,
    within,
)
from model import Bench, Choices, ModelError, Shape, Tape
from model.attention import Attention
from model.fresh import initialised
from model.geometry import Geometry
from model.positions import rope_rates, sinusoids
from model.shape import Positions

RELATIVE: tuple[Scheme, ...] = ("none", "shaw", "xl", "relative", "rope", "alibi")


def test_wavelengths_run_from_2_pi_towards_base() -> None:
    frame = wavelengths(512, 10_000, 1001)
    assert len(frame) == 256
    assert frame["wavelength"].iloc[0] == pytest.approx(2 * math.pi)
    assert frame["wavelength"].iloc[-1] == pytest.approx(2 * math.pi * 10_000 ** (510 / 512))
    ratios = frame["wavelength"].to_numpy()[1:] / frame["wavelength"].to_numpy()[:-1]
    assert ratios == pytest.approx(10_000 ** (2 / 512))  # a geometric progression
    # what a reader gets who divides the one by the other
    assert frame["turns"].to_numpy() == pytest.approx(1001 / frame["wavelength"].to_numpy())


@settings(deadline=None)
@given(st.integers(1, 24), st.sampled_from([10.0, 10_000.0]), st.integers(0, 200))
def test_products_of_sinusoids_are_sums_of_cosines(pairs: int, base: float, distance: int) -> None:
    table = sinusoids(torch.tensor([7, 7 + distance]), 2 * pairs, base).double()
    closed = sum(math.cos(distance * base ** (-i / pairs)) for i in range(pairs))
    assert float(table[0] @ table[1]) == pytest.approx(closed, abs=1e-3)


def test_by_distance_by_hand() -> None:
    frame = by_distance(torch.tensor([[1.0, 2.0], [4.0, 3.0]])).set_index("distance")
    assert frame["mean"].to_dict() == {-1: 4.0, 0: 2.0, 1: 2.0}
    assert frame.loc[0, ["low", "high", "std"]].tolist() == [1.0, 3.0, 1.0]


def test_explained_by_distance_at_its_limits() -> None:
    where = torch.arange(12)
    assert explained_by_distance((where[:, None] - where).abs().float()) == 1
    assert explained_by_distance(torch.full((5, 5), 3.0)) is None
    antidiagonal = torch.tensor([[1.0, 0.0], [0.0, -1.0]])  # all variance within a distance
    assert explained_by_distance(antidiagonal) == 0


@settings(deadline=None)
@given(st.integers(1, 16), st.integers(0, 300), st.floats(2, 1e6))
def test_the_shift_is_a_rotation(pairs: int, shift: int, base: float) -> None:
    rotation = shift_rotation(2 * pairs, base, shift)
    torch.testing.assert_close(rotation @ rotation.T, torch.eye(2 * pairs, dtype=torch.float64))
    assert float(torch.linalg.det(rotation)) == pytest.approx(1)
    table = sinusoids(torch.arange(shift + 40), 2 * pairs, base)
    assert residual(table[:40], table[shift:], rotation) < 1e-4


def test_the_best_rotation_finds_sinusoids_and_nothing_in_noise(minilm: Bench) -> None:
    sine = fit_rotation(sinusoids(torch.arange(128), 64), 8)
    assert max(sine.fitted, sine.held_out) < 1e-5
    noise = fit_rotation(random_table(128, 64, 0), 8)
    assert noise.held_out == pytest.approx(math.sqrt(2), abs=0.1)
    learned = fit_rotation(learned_table(minilm), 8)
    assert 0.1 < learned.held_out < 1


def test_the_best_rotation_recovers_one_that_is_known() -> None:
    dice = torch.Generator().manual_seed(1)
    # Three planes, each turned by an angle of its own: a reflection is undone every second row,
    # from which it could not be told then.
    skew = torch.randn(6, 6, generator=dice, dtype=torch.float64)
    turn = torch.linalg.matrix_exp(skew - skew.T)
    rows = [torch.randn(6, generator=dice, dtype=torch.float64)]
    for _ in range(40):
        rows.append(turn @ rows[-1])
    fit = fit_rotation(torch.stack(rows), 1)
    assert max(fit.fitted, fit.held_out) < 1e-9


def test_spectrum_of_a_table_of_rank_two() -> None:
    where = torch.arange(32).double() * 2 * math.pi / 32
    table = torch.stack([where.sin(), where.cos()], dim=1) @ torch.randn(2, 9).double()
    frame = spectrum(table + 5)  # the mean is taken out
    assert frame["total"].iloc[1] == pytest.approx(1)
    assert (frame["value"].iloc[2:] < 1e-6).all()
    waves = components(table, 2)
    torch.testing.assert_close(waves.T @ waves, torch.eye(2, dtype=torch.float64))


def test_minilms_learned_table_has_few_components(minilm: Bench) -> None:
    table = learned_table(minilm)
    assert tuple(table.shape) == (512, 384)
    assert spectrum(table)["total"].iloc[19] > 0.95
    cosines = cosine_similarity(table)
    torch.testing.assert_close(cosines.diagonal(), torch.ones(512, dtype=torch.float64))
    explained = explained_by_distance(cosines)
    assert explained is not None and 0.2 < explained < 0.9


def test_no_table_no_learned_positions(smollm2: Bench) -> None:
    with pytest.raises(ModelError, match="no table of learned positions"):
        learned_table(smollm2)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("content", ["drawn", "constant"])
def test_only_absolute_schemes_move_with_a_shift(scheme: Scheme, content: Content) -> None:
    change = shift_change(scheme, Setup(content=content, offset=137))
    assert (change < 1e-4) == (scheme in RELATIVE)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_constant_content_leaves_a_function_of_the_distance(scheme: Scheme) -> None:
    found = explained_by_distance(scores(scheme, Setup(content="constant")))
    if scheme == "none":
        assert found is None  # nothing varies
    else:
        assert found is not None and (found > 1 - 1e-6) == (scheme in RELATIVE)


def _identity(shape: Shape) -> Attention:
    attention = initialised(shape, 0).encoder[0].self_attention
    assert isinstance(attention, Attention)
    with torch.no_grad():
        for layer in (attention.queries, attention.keys):
            layer.weight.copy_(torch.eye(shape.d_model))
            if layer.bias is not None:
                layer.bias.zero_()
        if attention.xl is not None:
            attention.xl.distances.weight.copy_(torch.eye(shape.d_model))
            attention.xl.content_bias.zero_()
            attention.xl.position_bias.zero_()
    return attention


@pytest.mark.parametrize(
    ("scheme", "inside"),
    [
        ("none", "none"),
        ("sinusoidal", "none"),  # was added before
        ("xl", "xl"),
        ("rope", "rope"),
        ("alibi", "alibi"),
    ],
)
def test_scores_are_those_of_the_models_attention(scheme: Scheme, inside: Positions) -> None:
    setup = Setup(n=12, d=16, content="constant", slope=2.0**-8)  # the slope of a single head
    shape = Shape(
        vocab_size=2,
        d_model=16,
        n_heads=1,
        d_ff=4,
        encoder_layers=1,
        positions="xl" if scheme == "xl" else "none",
    )
    x = torch.ones(1, 12, 16)
    if scheme == "sinusoidal":
        x = x + sinusoids(torch.arange(12), 16)
    where = torch.arange(12)
    tape = Tape()
    tape.start()
    choices = Choices(positions=inside)
    geometry = Geometry(shape, where, where, torch.ones(1, 12, dtype=torch.bool))
    with torch.no_grad():
        _identity(shape)(x, x, choices, (), geometry, None, None, tape, "a")
    torch.testing.assert_close(scores(scheme, setup), tape.kept["a.scores"][0, 0])


def test_shaw_by_hand() -> None:
    setup = Setup(n=40, d=4, seed=3)
    dice = torch.Generator().manual_seed(3)
    q, k = torch.randn(2, 40, 4, generator=dice)
    vectors = random_table(2 * CLIP + 1, 4, 4)
    found = scores("shaw", setup)
    for i, j, row in ((0, 0, CLIP), (5, 7, CLIP + 2), (0, 39, 2 * CLIP), (39, 0, 0)):
        assert float(found[i, j]) == pytest.approx(float(q[i] @ (k[j] + vectors[row])) / 2, 1e-4)


def test_past_its_rows_a_learned_table_raises() -> None:
    scores("learned", Setup(n=4, offset=8, rows=12))
    with pytest.raises(ModelError) as caught:
        scores("learned", Setup(n=4, offset=9, rows=12))
    assert caught.value.code == "past-positions"
    assert caught.value.fields == {"last": 12, "context": 12}


def test_reach_by_hand() -> None:
    weights = torch.tensor([0.05, 0.1, 0.5, 0.3, 0.05])
    assert within(weights, 2).tolist() == pytest.approx([0.5, 0.9, 1.0])
    assert reach(weights, 2) == 1
    assert reach(torch.full((21,), 1 / 21), 10) == 9
    assert reach(torch.eye(5)[1], 1) == 0


def test_alibi_reaches_less_far_the_steeper_it_is() -> None:
    def reached(slope: float) -> int:
        setup = Setup(n=257, content="constant", slope=slope)
        return reach(scores("alibi", setup).softmax(-1)[128], 128)

    assert [reached(2.0**-h) for h in (1, 3, 5)] == sorted(reached(2.0**-h) for h in (1, 3, 5))
    # a geometric series to both sides: 2r^(k+1) / (1 + r) ≤ 0.1 from k = 5 on, r = e^(-1/2)
    assert reached(0.5) == 5


def test_unseen_angles_by_hand() -> None:
    rates = torch.tensor([1.0, 0.01])
    # trained up to 100: the fast pair turned, the slow one knows the arc up to 1 radian
    assert unseen(rates, 101, [0, 100, 101, 300]).tolist() == [0, 0, 0.5, 0.5]
    whole = round(2 * math.pi / 0.01)
    assert unseen(rates, 101, [whole + 50]).tolist() == [0]  # the arc again, a turn later
    assert unseen(rope_rates(64, 1e4), 512, range(512)).tolist() == [0] * 512


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 10_000))
def test_rope_knows_the_distance_alone(query: int, key: int, further: int) -> None:
    q, k = torch.randn(2, 32, generator=torch.Generator().manual_seed(0))
    here = rope_products(q, k, query, [key], 1e4)
    there = rope_products(q, k, query + further, [key + further], 1e4)
    torch.testing.assert_close(here, there, atol=1e-8, rtol=0)
    if query == key:
        assert float(here) == pytest.approx(float(q.double() @ k.double()))


def test_pairs_turn_in_the_plane() -> None:
    vector = torch.tensor([1.0, 0.0, 0.0, 2.0])  # pairs (1, 0) and (0, 2)
    points = in_plane(vector, 3, 100.0)  # rates 1 and 1/10
    torch.testing.assert_close(points[:, 0], torch.tensor([[1.0, 0], [0, 2]]).double())
    want = [[math.cos(3), math.sin(3)], [-2 * math.sin(0.3), 2 * math.cos(0.3)]]
    torch.testing.assert_close(points[:, 1], torch.tensor(want).double())


def test_summary_has_a_row_per_scheme() -> None:
    setup = Setup(n=8, d=8, offset=20)
    table = summary({scheme: scores(scheme, setup) for scheme in SCHEMES}, setup)
    assert isinstance(table, pd.DataFrame)
    assert table["scheme"].tolist() == list(SCHEMES)
    assert (table["low"] <= table["high"]).all()
    again = scores("rope", replace(setup, offset=0))
    assert float(table.set_index("scheme").loc["rope", "change"]) == pytest.approx(
        float((scores("rope", setup) - again).abs().max())
    )
