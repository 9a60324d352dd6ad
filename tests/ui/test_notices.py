"""What a reader should know of a model stands where the model is chosen."""

from pathlib import Path
from shutil import copytree

import pytest
import torch
from safetensors.torch import load_file, save_file
from streamlit.testing.v1 import AppTest

from model import load
from model.catalogue import CATALOGUE, installed, locate
from tests.pages.test_lab import lab
from ui.i18n import LANGUAGES


@pytest.fixture
def classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """BERT-tiny as somebody fine-tuned it to classify: the only model of the operator's folder."""
    folder = tmp_path / "classifier"
    copytree(locate("bert-tiny"), folder)
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "classifier.weight": torch.zeros(2, 128)}, folder / "model.safetensors")
    monkeypatch.setenv("ATTENTION_LAB_MODELS", str(tmp_path))
    return folder


def told(app: AppTest) -> list[str]:
    return [info.value for info in app.info]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_is_drawn_with_the_model(language: str, classifier: Path) -> None:
    app = lab(language, model="classifier")
    assert not app.exception
    assert [
        text for text in told(app) if "`classifier.weight`" in text or "classifier.weight" in text
    ]


@pytest.mark.parametrize("name", [name for name in CATALOGUE if installed(name)])
def test_there_is_nothing_to_say_of_the_catalogues_models(name: str) -> None:
    assert load(name).notices == ()
