"""The tables of the trained families: what is written is read again, and what is stored is whole
and belongs to the recipes as they are."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from model.fresh import initialised
from model.training import Training, results
from model.training.families import FAMILIES, LENGTHS, SEEDS
from model.training.results import Run
from model.training.study import EVERY, Point

STORED = {(run.family, run.variant, run.seed): run for run in results.read()}
VARIANTS = [(name, variant) for name, family in FAMILIES.items() for variant in family.variants]


def run(family: str, variant: str, seed: int, loss: float = 1.5) -> Run:
    curve = (Point(10, 3.0, 0.5), Point(20, loss, 123456.789))
    outcomes = {("held out", 0.0): loss, ("length", 96.0): 2.0, ("parameters", 0.0): 104384}
    return Run(family, variant, seed, curve, outcomes)


def test_what_is_written_is_read_again_to_five_digits(tmp_path: Path) -> None:
    results.write([run("tied", "tied", 1, 1.234567), run("tied", "untied", 0)], tmp_path)
    untied, tied = results.read(tmp_path)  # in the order of the families
    assert untied == replace(
        run("tied", "untied", 0), curve=(Point(10, 3.0, 0.5), Point(20, 1.5, 123460.0))
    )
    assert (tied.variant, tied.seed) == ("tied", 1)
    assert tied.outcomes == {
        ("held out", 0.0): 1.2346,
        ("length", 96.0): 2.0,
        ("parameters", 0.0): 104384,
    }


def test_the_tables_are_plain_csv(tmp_path: Path) -> None:
    results.write([run("positions", "rope", 2, 0.000123456)], tmp_path)
    assert (tmp_path / results.CURVES).read_text() == (
        "family,variant,seed,step,loss,gradient_norm\n"
        "positions,rope,2,10,3,0.5\n"
        "positions,rope,2,20,0.00012346,1.2346e+05\n"
    )
    assert (tmp_path / results.OUTCOMES).read_text() == (
        "family,variant,seed,measure,at,value\n"
        "positions,rope,2,held out,0,0.00012346\n"
        "positions,rope,2,length,96,2\n"
        "positions,rope,2,parameters,0,104384\n"
    )


def test_a_training_that_broke_down_is_kept_as_it_is(tmp_path: Path) -> None:
    broken = Run("tied", "tied", 0, (Point(10, math.inf, math.nan),), {("held out", 0.0): math.inf})
    results.write([broken], tmp_path)
    (found,) = results.read(tmp_path)
    assert found.curve[0].loss == math.inf
    assert math.isnan(found.curve[0].gradient_norm)
    assert found.outcomes["held out", 0.0] == math.inf


def test_an_update_replaces_adds_and_keeps(tmp_path: Path) -> None:
    results.update([run("tied", "tied", 0, 1.5), run("tied", "tied", 1, 1.5)], tmp_path)
    results.update([run("tied", "tied", 1, 1.25), run("mask", "causal", 0, 1.75)], tmp_path)
    assert [(r.family, r.seed, r.curve[-1].loss) for r in results.read(tmp_path)] == [
        ("tied", 0, 1.5),
        ("tied", 1, 1.25),
        ("mask", 0, 1.75),
    ]


def test_an_update_drops_variants_that_no_longer_exist(tmp_path: Path) -> None:
    results.write([run("tied", "tied", 0)], tmp_path)
    for name in (results.CURVES, results.OUTCOMES):
        path = tmp_path / name
        path.write_text(
            path.read_text() + path.read_text().split("\n", 1)[1].replace("tied,", "x,")
        )
    results.update([], tmp_path)
    assert [(r.family, r.variant) for r in results.read(tmp_path)] == [("tied", "tied")]


def test_the_stored_tables_have_every_run_and_no_other() -> None:
    assert set(STORED) == {(*variant, seed) for variant in VARIANTS for seed in SEEDS}


@pytest.mark.parametrize(("family", "variant"), VARIANTS)
def test_every_stored_run_is_whole(family: str, variant: str) -> None:
    recipe = FAMILIES[family].variants[variant]
    measured = {("held out", 0), ("training", 0), ("parameters", 0), ("entropy", 0), ("largest", 0)}
    if family == "positions" or recipe == FAMILIES["positions"].variants["sinusoidal"]:
        longest = recipe.shape.context or max(LENGTHS)
        measured |= {("length", length) for length in LENGTHS if length <= longest}
    if recipe.trained.norm == "batch":
        measured.add(("one by one", 0))
    if recipe.trained.mask == "none":
        measured.add(("causal", 0))
    weights = sum(weight.numel() for weight in initialised(recipe.shape, 0).parameters())
    for seed in SEEDS:
        stored = STORED[family, variant, seed]
        assert [p.step for p in stored.curve] == list(range(EVERY, recipe.steps + 1, EVERY))
        assert set(stored.outcomes) == measured
        assert all(map(math.isfinite, stored.outcomes.values()))
        assert stored.outcomes["parameters", 0] == weights
        last = [p.loss for p in stored.curve[-5:]]
        assert stored.outcomes["training", 0] == pytest.approx(sum(last) / 5, rel=1e-4)


def test_families_that_share_a_recipe_share_its_numbers() -> None:
    usual = FAMILIES["positions"].variants["sinusoidal"]
    shared = [pair for pair in VARIANTS if FAMILIES[pair[0]].variants[pair[1]] == usual]
    assert len(shared) > 5
    for seed in SEEDS:
        one, *others = (STORED[*pair, seed] for pair in shared)
        assert all((o.curve, o.outcomes) == (one.curve, one.outcomes) for o in others)


@pytest.mark.parametrize(
    ("family", "variant"),
    [
        ("scaling", "unscaled"),
        ("tied", "tied"),
        ("positions", "rope"),
        ("norms", "batch"),
        ("activations", "swiglu"),
        ("mask", "missing"),
        ("multiplier", "small ×1"),
        ("dropout", "0.3"),
    ],
)
def test_the_stored_curves_start_as_the_recipes_do(family: str, variant: str) -> None:
    training = Training(FAMILIES[family].variants[variant])
    taken = [training.advance() for _step in range(EVERY)]
    first = STORED[family, variant, 0].curve[0]
    assert first.loss == pytest.approx(math.fsum(p.loss for p in taken) / EVERY, rel=1e-3)
    norm = math.fsum(p.gradient_norm for p in taken) / EVERY
    assert first.gradient_norm == pytest.approx(norm, rel=1e-2)
