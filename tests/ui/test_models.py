"""The operator's own models: what is on offer, what is refused, and how it is said."""

import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import ModelError
from model.training.recipes import RECIPES
from tests.own_models import write_cached, write_model
from ui import environment, serve
from ui.environment import complaints, models_folder, trainings
from ui.errors import explain
from ui.inert import inert, model_name
from ui.models import bench_of
from ui.navigation import ROOT
from ui.offers import model_parameter, offered

REAL = ["minilm", "smollm2", "bert-tiny", "characters", "reverse"]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, with a secret beside it."""
    write_model(tmp_path / "secret")
    (tmp_path / "models").mkdir()
    monkeypatch.setenv(environment.MODELS, str(tmp_path / "models"))
    return tmp_path / "models"


def own() -> dict[str, str]:
    return {name: offer.source for name, offer in offered().items() if name not in REAL}


def test_a_model_of_ones_own(models: Path) -> None:
    write_model(models / "mine")
    assert own() == {"mine": str(models / "mine")}
    assert bench_of("mine").shape == RECIPES["reverse"].shape


def test_a_link_out_of_the_folder_is_refused_by_name(models: Path) -> None:
    (models / "elsewhere").symlink_to("../secret")
    (models / "file.gguf").symlink_to("../secret/model.safetensors")
    assert list(own()) == ["elsewhere", "file.gguf"]
    for name in own():
        with pytest.raises(ModelError) as caught:
            bench_of(name)
        assert (caught.value.code, caught.value.fields["name"]) == ("link-outside", name)
        assert "ATTENTION" in explain(caught.value) and name in explain(caught.value)


def test_so_are_the_links_of_a_models_folder(models: Path) -> None:
    folder = write_model(models / "mine")
    for name in ("model.safetensors", "config.json", "symbols.json"):
        held = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).symlink_to(f"../../secret/{name}")
        with pytest.raises(ModelError) as caught:
            bench_of("mine")
        assert (caught.value.code, caught.value.fields["file"]) == ("file-outside", name)
        (folder / name).unlink()
        (folder / name).write_bytes(held)
    assert bench_of("mine")


def test_a_link_within_the_folder_is_followed(models: Path) -> None:
    write_model(models / "mine")
    (models / "alias").symlink_to("mine")
    assert bench_of("alias")


def test_the_cache_of_hugging_face_is_such_a_folder(models: Path) -> None:
    cached = write_cached(models, "who/what-1/b", "old", "new")
    for number, revision in enumerate(("old", "new")):
        os.utime(cached / "snapshots" / revision, (number, number))
    (models / "models--empty").mkdir()
    name = "models--who--what-1--b"
    assert offered()[name].title == "who/what-1/b"
    assert own() == {name: str(cached / "snapshots" / "new")}
    assert model_name(bench_of(name)) == inert("who/what-1/b")


def test_a_cache_that_leads_elsewhere_is_no_way_out(models: Path) -> None:
    (models.parent / "models--a--b" / "snapshots").mkdir(parents=True)
    write_model(models.parent / "models--a--b" / "snapshots" / "one")
    (models / "models--a--b").symlink_to("../models--a--b")
    with pytest.raises(ModelError) as caught:
        bench_of("models--a--b")
    assert caught.value.code == "link-outside"


def test_pipes_devices_and_names_that_are_no_text_are_not_on_offer(models: Path) -> None:
    os.mkfifo(models / "pipe")
    (models / "device").symlink_to("/dev/zero")
    os.mkdir(os.fsencode(models) + b"/\xff\xfe")
    (models / "two\nlines").mkdir()
    (models / "x\u202ey").mkdir()
    (models / "circle").symlink_to("circle")
    assert own() == {}
    os.mkfifo(models / "pipe.gguf")
    with pytest.raises(ModelError) as caught:
        bench_of("pipe.gguf")
    assert caught.value.code == "model-gone" and str(models) not in explain(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc",
        "mine/../../secret",
        "%2e%2e/secret",
        "mine\0",
        "mіne",
        "MINE",
        "x" * 5000,
    ],
)
def test_an_address_names_nothing_else(name: str, models: Path) -> None:
    write_model(models / "mine")
    with pytest.raises((ModelError, ValueError), match=re.escape(name)):
        bench_of(model_parameter().read(name))


@pytest.mark.parametrize("said", ["absent", "file", "absent/../..//absent", "a\0b", "x" * 5_000])
def test_a_folder_that_is_none_is_complained_of_at_the_start(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / said)
    monkeypatch.setattr(os, "environ", {**os.environ, environment.MODELS: path})
    assert models_folder() is None
    assert list(offered()) == REAL
    assert complaints() == [f"ATTENTION_LAB_MODELS={path}: no folder that can be read"]
    with pytest.raises(SystemExit, match="ATTENTION_LAB_MODELS"):
        serve.main()


@pytest.mark.parametrize("said", ["two", "0", "-1", "1.5", "100", "９", "9" * 5_000, " 4"])
def test_trainings_are_counted_or_complained_of(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.TRAININGS, said)
    assert trainings() == 2
    assert complaints() == [f"ATTENTION_LAB_TRAININGS={said}: no number from 1 to 99"]
    monkeypatch.setenv(environment.TRAININGS, "4")
    assert trainings() == 4 and complaints() == []
    monkeypatch.setenv(environment.TRAININGS, "")
    assert trainings() == 2 and complaints() == []


def test_a_page_says_what_is_wrong_with_a_tokenizer(models: Path) -> None:
    write_model(models / "mine")
    (models / "mine" / "symbols.json").write_text('{"kind": "# [a](b)\\n\\n# www.b.c \\ud800"}')
    app = AppTest.from_file(ROOT / "pages" / "attention" / "lab.py", default_timeout=60)
    app.query_params["model"] = "mine"
    app.run()
    assert not app.exception
    shown = r"symbols.json: kind = `# [a](b)\n\n# www.b.c \ud800` is not supported."
    assert [error.value for error in app.error] == [shown]
