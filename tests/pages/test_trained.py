"""Every page shows the models that were trained its way, in both languages, whatever is typed."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import question as target
from ui.trained import looking
from ui.trained.panels import PANELS

SHOWN = [
    (1, "heads", {}),
    (2, "tied", {}),
    (3, "score", {}),
    (4, "scaling", {}),
    (6, "width", {}),
    (7, "parts", {}),
    (8, "multiplier", {}),
    (9, "positions", {}),
    (10, "schemes", {}),
    (11, "residual", {}),
    (12, "norms", {}),
    (13, "batch", {}),
    (14, "activations", {}),
    (16, "mask", {}),
    (19, "warmup", {"part": "schedule"}),
    (19, "dropout", {"part": "dropout"}),
]
# Quick to draw beside the panel; " " as a text is refused, and the panel stands all the same.
QUICK = {"model": "bert-tiny", "causal_model": "bert-tiny", "text": " ", "passage": " "}
QUICK |= {"longest": "128", "widest": "64", "depth": "1", "d_model": "32", "look": "depth"}


def opened(question: int, language: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(target(question).page.script, default_timeout=120)
    app.session_state["lang"] = language
    app.query_params["q"] = str(question)
    for name, value in (QUICK | parameters).items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize(("question", "panel", "parameters"), SHOWN)
def test_the_panel_is_there_in_both_languages(
    question: int, panel: str, parameters: dict[str, str]
) -> None:
    title = PANELS[panel].title
    headings = {}
    for language in ("en", "zh"):
        app = opened(question, language, **parameters)
        assert not app.exception
        headings[language] = [heading.value for heading in app.subheader]
        assert any("model.training families" in caption.value for caption in app.caption)
    assert title in headings["en"]
    assert title not in headings["zh"]
    assert len(headings["en"]) == len(headings["zh"])


def test_every_panel_belongs_to_a_question() -> None:
    assert {panel for _question, panel, _parameters in SHOWN} == set(PANELS)


def test_looking_into_the_models_leaves_the_page_as_it_was() -> None:
    app = opened(12, "en", look="features")
    app.toggle(key="inside").set_value(True).run()
    assert not app.exception
    assert (app.query_params["look"], app.query_params["inside"]) == ("features", "true")
    assert app.text_input(key="inside_text").value == looking.TEXT


def test_a_layer_and_a_head_that_both_models_have_are_looked_at() -> None:
    app = opened(12, "en", look="features", inside="true", inside_layer="99", inside_head="99")
    assert not app.exception
    said = " ".join(warning.value for warning in app.warning)
    assert "inside_layer=99" in said
    assert "inside_head=99" in said
    assert app.select_slider(key="inside_head").value == app.session_state["inside_head"] < 99
    app.select_slider(key="inside_head").set_value("mean").run()
    assert not app.exception
    assert "inside_head" not in app.query_params
    app = opened(12, "en", look="features", inside="true", inside_head="-1")
    assert any("inside_head=-1" in warning.value for warning in app.warning)
