"""Models that come and go under a running server, as every page sees it."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.own_models import write_cached, write_model
from ui import environment
from ui.navigation import ROOT
from ui.offers import offered

TEXT = "abcd|dc"
PAGES = {  # page → the parameter of its model, and what opens the part that has one
    "attention/lab": ("model", {}),
    "attention/scores": ("model", {}),
    "attention/heads": ("model", {"q": "6"}),
    "attention/masks": ("model", {}),
    "blocks/encoder": ("model", {}),
    "blocks/feed_forward": ("model", {}),
    "blocks/normalization": ("model", {}),
    "seq2seq/decoding": ("model", {}),
}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(environment.MODELS, str(tmp_path))
    return tmp_path


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(one.value for one in (*app.error, *app.warning))


@pytest.mark.parametrize("page", PAGES)
def test_a_model_that_is_not_there_is_named_and_none_taken_instead(page: str, models: Path) -> None:
    parameter, query = PAGES[page]
    app = opened(page, **query, **{parameter: "gone"})
    assert "The model gone is not here" in said(app)
    chosen = app.selectbox(key=parameter)
    assert chosen.value == "gone" and chosen.options[-1] == "gone · not here"
    assert app.query_params[parameter] == "gone"
    write_model(models / "gone")
    app.run()
    assert not app.exception
    assert "not here" not in said(app)
    assert chosen.value == "gone"
    assert app.selectbox(key=parameter).options[-1] == "gone"


def test_a_session_goes_on_with_its_own_text_and_settings_when_its_model_goes(models: Path) -> None:
    write_model(models / "mine")
    app = opened("attention/lab", model="mine", text=TEXT, scaled="true")
    assert not said(app)
    shutil.rmtree(models / "mine")
    app.run()
    assert "The model mine is not here" in said(app)
    kept = {"model": "mine", "text": TEXT, "scaled": True}
    assert {name: app.session_state[name] for name in kept} == kept
    assert app.query_params == {"model": "mine", "text": TEXT, "scaled": "true", "layer": "1"}
    app.selectbox(key="model").set_value("reverse").run()
    assert not said(app)
    assert app.session_state["text"] == TEXT and app.session_state["scaled"] is True
    assert "mine" not in " ".join(app.selectbox(key="model").options)


def test_a_choice_stays_when_its_title_changes(models: Path) -> None:
    cached = write_cached(models, "who/what", "aaa")
    name = "models--who--what"
    app = opened("attention/lab", model=name, text=TEXT)
    assert app.selectbox(key="model").options[-1] == "who/what"
    config = cached / "blobs" / "aaa-config.json"
    sound = config.read_text()
    for content, title in (
        (json.dumps({"model_type": "mamba"}), "✕ who/what · cannot be opened"),
        (sound, "who/what"),
    ):
        config.write_text(content)
        (models / f"touched {title[-1]}").touch()  # looked at anew without the wait of a second
        app.run()
        assert app.session_state["model"] == name
        assert app.selectbox(key="model").options[-1] == title


def test_two_models_of_one_title_are_told_apart(models: Path) -> None:
    write_model(models / "SmolLM2-135M-Instruct")
    write_model(models / "minilm")
    write_cached(models, "who/what", "aaa")
    write_model(models / "who" / "what")
    titles = {name: offer.title for name, offer in offered().items()}
    assert len(set(titles.values())) == len(titles) == 9
    assert titles["minilm"].startswith("MiniLM")
    assert titles["./minilm"] == "minilm"
