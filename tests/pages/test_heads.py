"""The page on heads: both questions, their controls, and what they say about nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.heads import ablation_map
from ui.navigation import ROOT

FAST = "bert-tiny"  # its two layers answer at once
GAP = "The capital of France is [MASK] ."


def heads(question: int = 1, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "attention" / "heads.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in {"q": str(question), "model": FAST, **parameters}.items():
        app.query_params[name] = value
    return app.run()


def figure(app: AppTest, place: int) -> str:
    return str(app.metric[place].value)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("question", [1, 6])
def test_opens_in_both_languages(question: int, language: str) -> None:
    app = heads(question, language)
    assert not app.exception
    assert not app.error
    assert app.metric
    assert app.dataframe


def test_opens_with_an_effect() -> None:
    app = heads(model="minilm")
    assert not app.exception
    labels = [metric.label for metric in app.metric]
    assert "Different roles" in labels
    assert 0 < float(figure(app, labels.index("Cosine with native, mean"))) < 1
    table = app.dataframe[0].value
    assert {"previous token", "next token"} <= set(table["role"])
    assert min(table["effect when switched off"]) > 0


def test_the_layer_and_the_first_token_change_what_heads_do() -> None:
    app = heads(model="minilm", layer="3")
    without = list(app.dataframe[0].value["role"])
    app.toggle(key="rest").set_value(False).run()
    assert not app.exception
    with_first = list(app.dataframe[0].value["role"])
    assert with_first.count("first token") > 6
    assert "first token" not in without


def test_picked_heads_go_or_stay() -> None:
    app = heads(text=GAP, picked="0")
    divergence = [metric.label for metric in app.metric].index("KL divergence")
    off = figure(app, divergence)
    app.button_group(key="picked_are").set_value("alone").run()
    assert not app.exception
    assert figure(app, divergence) != off  # now the other head is off
    app.button_group(key="picked").set_value([0, 1]).run()
    assert any("Everything is native" in info.value for info in app.info)
    app.button_group(key="picked").set_value([]).run()
    assert any("writes nothing" in warning.value for warning in app.warning)


def test_the_map_is_complete_and_says_what_it_measures() -> None:
    app = heads(text=GAP)
    assert any("KL(native ‖ without)" in caption.value for caption in app.caption)
    steps = app.session_state[f"{ablation_map.KEY} work"].survey.done
    assert [number for kind, number, _effects in steps if kind == "layer"] == [0, 1]
    assert [count for kind, count, _effect in steps if kind == "least"] == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("stepwise")
def test_a_long_measurement_can_be_stopped_and_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ablation_map, "working", lambda key, count: True)  # no clock in a test
    app = heads(text=GAP)
    work = f"{ablation_map.KEY} work"
    assert len(app.session_state[work].survey.done) == 2  # before the picture, and below it
    app.button(key=f"{ablation_map.KEY}_stop").click().run()
    assert len(app.session_state[work].survey.done) == 2
    app.button(key=f"{ablation_map.KEY}_go_on").click().run()
    assert len(app.session_state[work].survey.done) == 3


def test_the_number_of_heads_moves_the_cost() -> None:
    app = heads(6, width="64", heads="4")
    assert figure(app, 0) == "16"
    app.select_slider(key="heads").set_value(16).run()
    assert not app.exception
    assert figure(app, 0) == "4"
    assert figure(app, 1) == f"{4 * 64 * 64:,}"
    app.button_group(key="width").set_value(128).run()
    assert figure(app, 0) == "8"


def test_the_rank_cannot_pass_the_width_of_a_head() -> None:
    app = heads(6)
    labels = [metric.label for metric in app.metric]
    assert int(figure(app, labels.index("Rank of the scores"))) <= 64
    app.text_area(key="passage").set_value("Too short.").run()
    assert not app.exception
    assert any("Type a longer text" in info.value for info in app.info)


def test_a_smaller_rank_moves_more_attention() -> None:
    app = heads(6, rank="64")

    def moved() -> float:
        said = next(c.value for c in app.caption if c.value.startswith("At rank"))
        return float(said.split(", ")[1].split("%")[0])

    assert moved() == 0
    app.slider(key="rank").set_value(1).run()
    assert moved() > 1


@pytest.mark.parametrize(("question", "box"), [(1, "text"), (6, "passage")])
def test_an_empty_text_gets_a_message_and_keeps_the_page(question: int, box: str) -> None:
    app = heads(question, **{box: " "})
    assert not app.exception
    assert len(app.error) == 1
    assert any("Fine print" in expander.label for expander in app.expander)


def test_a_text_of_one_token_is_too_short_for_roles() -> None:
    app = heads(1, text="Yes", model="smollm2")  # one token, and no special ones beside it
    assert not app.exception
    assert any("too short to tell" in info.value for info in app.info)


def test_nonsense_in_the_address_is_named_and_left_out() -> None:
    app = heads(1, layer="x", picked="0 99 zebra", pair="7")
    assert not app.exception
    assert "layer=x" in app.warning[0].value
    assert "zebra" in app.warning[0].value


def test_what_a_model_has_not_is_left_out() -> None:
    app = heads(1, layer="5", picked="1 11", pair="9.9")
    assert not app.exception
    assert app.session_state["layer"] == 1
    assert app.session_state["picked"] == [1]
