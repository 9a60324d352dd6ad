"""The command that trains families: every run once, gone on with after a stop, and its tables."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.shape import Shape
from model.training import Recipe, Schedule, results, work
from model.training.__main__ import main
from model.training.families import FAMILIES, LENGTHS, SEEDS, Family, seeded
from model.training.tasks import Sequences

TASK = Sequences("copy", length=40, letters=4)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, Family]:
    """Two families of two steps each, which have one variant in common."""
    shape = Shape(
        vocab_size=TASK.tokenizer.size,
        d_model=8,
        n_heads=2,
        d_ff=8,
        decoder_layers=1,
        positions="sinusoidal",
        head="lm",
    )
    usual = Recipe(TASK, shape, Schedule("constant", 1e-3, steps=2), batch=2)
    tied = replace(usual, shape=replace(shape, activation="relu"))
    families = {
        "positions": Family({"sinusoidal": usual}, lengths=()),
        "activations": Family({"gelu": usual, "relu": tied}),
    }
    monkeypatch.setattr(work, "FAMILIES", families)
    monkeypatch.setattr(work, "LENGTHS", ())
    monkeypatch.setattr("model.training.__main__.FAMILIES", families)
    monkeypatch.setattr(results, "FAMILIES", families)
    return families


def asked(tmp_path: Path, *words: str) -> None:
    folders = [f"--{name}={tmp_path / name}" for name in ("work", "tables", "shelf")]
    main(["families", *words, "--seeds", "0", "1", *folders])


def test_every_variant_has_a_job_under_every_seed() -> None:
    planned = list(work.jobs(FAMILIES, SEEDS))
    assert {(job.family, job.variant, job.recipe.seed) for job in planned} == {
        (name, variant, seed)
        for name, family in FAMILIES.items()
        for variant in family.variants
        for seed in SEEDS
    }
    assert [job.recipe.seed for job in planned] == sorted(job.recipe.seed for job in planned)
    for job in planned:
        assert job.recipe == seeded(FAMILIES[job.family].variants[job.variant], job.recipe.seed)


def test_equal_recipes_are_one_run_and_others_are_not() -> None:
    planned = list(work.jobs(FAMILIES, SEEDS))
    by_key = {job.key: job for job in planned}
    assert len(by_key) < len(planned)
    for job in planned:
        assert (job.recipe, job.lengths) == (by_key[job.key].recipe, by_key[job.key].lengths)
    assert len({(repr(job.recipe), job.lengths) for job in planned}) == len(by_key)
    (shared,) = (
        j for j in planned if (j.family, j.variant, j.recipe.seed) == ("tied", "untied", 0)
    )
    assert shared.lengths == LENGTHS


def test_what_is_shared_is_trained_once_and_nothing_twice(
    tiny: dict[str, Family], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    study = work.study

    def counted(recipe: Recipe, lengths: tuple[int, ...]) -> object:
        trained.append(recipe)
        return study(recipe, lengths)

    monkeypatch.setattr(work, "study", counted)
    asked(tmp_path, "positions")
    assert len(trained) == 2  # two seeds
    asked(tmp_path)
    assert len(trained) == 4  # ReLU; the other variant lay there
    asked(tmp_path)
    assert len(trained) == 4
    runs = results.read(tmp_path / "tables")
    assert [(run.family, run.variant, run.seed) for run in runs] == [
        ("positions", "sinusoidal", 0),
        ("positions", "sinusoidal", 1),
        ("activations", "gelu", 0),
        ("activations", "gelu", 1),
        ("activations", "relu", 0),
        ("activations", "relu", 1),
    ]
    assert runs[0].curve == runs[2].curve != runs[4].curve


def test_only_what_is_finished_on_demand(tiny: dict[str, Family], tmp_path: Path) -> None:
    asked(tmp_path, "positions")
    asked(tmp_path, "--finished")
    runs = results.read(tmp_path / "tables")
    assert {run.variant for run in runs} == {"sinusoidal", "gelu"}


def test_a_run_comes_back_from_the_folder_as_it_went_in(
    tiny: dict[str, Family], tmp_path: Path
) -> None:
    (job, *_others) = work.jobs(["activations"], [0])
    assert work.finished(job, tmp_path) is None
    assert work.train(job, tmp_path) == work.finished(job, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_an_unknown_family_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["families", "scalings"])
    assert "scalings is none of scaling, tied" in capsys.readouterr().err


def test_the_list_has_recipes_and_families(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list"])
    said = capsys.readouterr().out
    assert "g2p: phonemes, encoder-decoder, 6 layers" in said
    assert "mask: causal, missing" in said
