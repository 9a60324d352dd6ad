"""Models by name: where they lie, and what to say of those that are not there."""

import json
import sys
from pathlib import Path

import pytest

from model import catalogue
from model.bench import load
from model.catalogue import CATALOGUE, Entry, installed, locate
from model.errors import ModelError
from model.training.checkpoint import read_card
from model.training.recipes import RECIPES
from model.training.tasks.pronunciation import REQUIREMENT as DICTIONARY

ABSENT = Entry("absent", "Absent", "no_such_package", "no-such==1", "m", "mlm", "MIT", "")


@pytest.mark.parametrize("name", ["minilm", "smollm2", "bert-tiny"])
def test_the_named_models_are_found_without_running_their_code(name: str):
    assert installed(name)
    assert locate(name).exists()
    assert CATALOGUE[name].package not in sys.modules


def test_a_model_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "CATALOGUE", {"absent": ABSENT})
    assert not installed("absent")
    with pytest.raises(ModelError, match="pip install") as caught:
        locate("absent")
    assert caught.value.code == "model-missing"
    assert caught.value.fields == {"name": "absent", "requirement": "no-such==1"}


def test_paths(tmp_path: Path):
    assert locate(tmp_path) == tmp_path
    assert locate(str(tmp_path)) == tmp_path
    file = tmp_path / "Model.GGUF"
    file.touch()
    assert locate(file) == file


@pytest.mark.parametrize(
    "name", ["", "minilm2", "no/such/folder", "a\0b", "x" * 5000, __file__, "<b>", "~"]
)
def test_anything_else_is_unknown(name: str):
    assert not installed(name)
    with pytest.raises(ModelError) as caught:
        locate(name)
    assert caught.value.code == "model-unknown"
    assert caught.value.fields["name"] == (Path(name).name if name == __file__ else name)


def test_requirements_pin_one_version():
    requirements = Path(__file__).parents[2] / "requirements-models.txt"
    lines = requirements.read_text().splitlines()
    pinned = {line.split()[0] for line in lines if line and line[0].isalpha()}
    real = {entry.requirement for entry in CATALOGUE.values() if entry.requirement}
    assert real | {DICTIONARY} == pinned


@pytest.mark.parametrize("name", ["characters", "reverse", "g2p"])
def test_models_trained_here_come_along(name: str):
    assert installed(name) and not CATALOGUE[name].requirement
    bench, card = load(name), read_card(locate(name))
    parameters = sum(weight.numel() for weight in bench.transformer.parameters())
    assert card["name"] == name and card["parameters"] == parameters
    recipe = RECIPES[name]
    assert bench.shape == recipe.shape
    assert card["recipe"] == json.loads(json.dumps(recipe.facts()))
    texts = ("abc|cba", "And God")
    assert all(bench.tokenizer.encode(t) == recipe.task.tokenizer.encode(t) for t in texts)


def test_what_ships_stays_small():
    folder = locate("g2p").parent
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 25e6


def test_the_model_that_pronounces_is_as_good_as_promised():
    metrics = read_card(locate("g2p"))["metrics"]
    assert metrics["phoneme_error_rate"] < 0.08
