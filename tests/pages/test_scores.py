"""The scores page: each question in both languages, what its controls move, and nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import ROOT

FAST = "bert-tiny"  # its two layers answer at once
QUICK = {"longest": "128", "widest": "64"}  # little to measure


def scores(question: int, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "attention" / "scores.py", default_timeout=120)
    app.session_state["lang"] = language
    asked = {"q": str(question), "model": FAST, "layer": "1", "head": "0"} | parameters
    if question == 3:
        asked = QUICK | asked
    for name, value in asked.items():
        app.query_params[name] = value
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("question", [2, 3, 4])
def test_every_question_opens_in_both_languages(question: int, language: str) -> None:
    app = scores(question, language)
    assert sound(app)
    assert app.header[0].value.startswith(f"Q{question} · ")
    assert len(app.metric) >= 3


def test_tying_makes_the_scores_symmetric_and_moves_weight_to_the_diagonal() -> None:
    app = scores(2)
    assert metrics(app)["Asymmetry of raw scores, tied"] == "0"
    assert float(metrics(app)["Asymmetry of weights, tied"]) > 0
    diagonal = int(metrics(app)["Attention on the diagonal, tied"].rstrip("%"))
    native = next(m.delta for m in app.metric if m.label == "Attention on the diagonal, tied")
    assert diagonal > 2 * int(native.split()[-1].rstrip("%"))


def test_each_control_of_the_tied_keys_moves_something() -> None:
    app = scores(2)
    before = metrics(app)
    app.select_slider(key="head").set_value(1).run()
    assert metrics(app) != before
    assert parameters(app)["head"] == "1"
    before = metrics(app)
    app.select_slider(key="layer").set_value(0).run()
    assert metrics(app) != before
    before = metrics(app)
    app.button_group(key="tied_in").set_value("layer").run()
    assert metrics(app) != before  # the model's answer suffers less
    assert parameters(app)["tied_in"] == "layer"
    app.text_input(key="text").set_value("Paris is the [MASK] of France.").run()
    assert "KL divergence" in metrics(app)
    assert sound(app)


def test_what_switching_does_stands_beside_what_training_does() -> None:
    table = scores(2, model="minilm").dataframe[0].value
    assert table["kind"].tolist() == ["switched after training"] * 2 + ["trained this way"] * 2
    native, switched, untied, tied = (
        float(share.rstrip("%")) for share in table["on the diagonal"]
    )
    assert native < untied < tied < switched


def test_a_causal_model_with_rotary_positions_is_symmetric_too() -> None:
    app = scores(2, model="smollm2", text="A short text.")
    assert sound(app)
    table = app.dataframe[1].value
    assert "RoPE" in table.iloc[0, 0]
    assert float(table.iloc[0, 4]) < 1e-5  # before the rotation, tied
    assert float(table.iloc[1, 4]) < 1e-5  # after it


def test_score_functions_are_compared_and_measured() -> None:
    app = scores(3)
    table = app.dataframe[0].value
    assert len(table) == 4
    assert float(table.iloc[1]["moved"]) == 0  # the scaled dot product with itself
    assert metrics(app)["Peak memory, additive ÷ dot"] == "65 ×"  # d_k + 1
    costs = app.dataframe[1].value
    assert costs["peak memory, bytes"].tolist() == costs["from the shapes"].tolist()
    app.button_group(key="show").set_value("scores").run()
    assert parameters(app)["show"] == "scores"
    app.number_input(key="seed").set_value(3).run()
    assert parameters(app)["seed"] == "3"
    app.select_slider(key="longest").set_value(256).run()
    assert len(app.dataframe[1].value) > len(costs)
    assert sound(app)


@pytest.mark.usefixtures("stepwise")
def test_a_stopped_measurement_keeps_what_it_has_and_goes_on() -> None:
    app = scores(3)
    app.run()
    app.button(key="cost_stop").click().run()
    assert any("Stopped after 2 of" in one.value for one in app.caption)
    app.button(key="cost_go_on").click().run()
    assert len(app.session_state["cost work"].survey.done) == 3
    assert sound(app)


def test_width_and_divisor_move_the_numbers() -> None:
    app = scores(4)
    unscaled = float(metrics(app)["Variance of the scores"])
    assert unscaled == pytest.approx(256, rel=0.2)
    app.select_slider(key="width").set_value(16).run()
    assert float(metrics(app)["Variance of the scores"]) == pytest.approx(16, rel=0.2)
    app.button_group(key="instead").set_value("custom").run()
    app.select_slider(key="divisor").set_value(4.0).run()
    assert float(metrics(app)["Variance of the scores"]) == pytest.approx(1, rel=0.2)
    app.select_slider(key="keys").set_value(8).run()
    assert float(metrics(app)["Mean entropy of a row"]) < 2.08  # ln 8
    assert sound(app)


def test_damage_is_listed_for_every_layer_and_for_all() -> None:
    app = scores(4, text="The capital of France is [MASK] .")
    table = app.dataframe[1].value  # the last is that of the trained models
    assert table.iloc[:, 0].tolist() == ["0", "1", "all"]
    assert (table.iloc[:, 2] > 0).all()
    assert "KL divergence" in metrics(app)


@pytest.mark.parametrize("question", [2, 3, 4])
def test_no_text_is_said_and_nothing_is_lost(question: int) -> None:
    app = scores(question, text=" ")
    assert not app.exception
    assert [error.value for error in app.error] == ["There is no text yet: type a sentence."]
    assert app.expander  # the fine print still stands below


def test_a_text_that_is_too_long_is_refused() -> None:
    app = scores(2, "zh", text="word " * 600)
    assert not app.exception
    assert "512" in app.error[0].value


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        (2, "tied_in", "nowhere"),
        (2, "layer", "-1"),
        (3, "longest", "200"),
        (3, "show", "pixels"),
        (4, "width", "3"),
        (4, "divisor", "nan"),
        (4, "keys", "many"),
        (4, "instead", "everything"),
        (4, "seed", "99999999"),
    ],
)
def test_nonsense_in_the_address_is_left_out_and_said(question: int, name: str, value: str) -> None:
    app = scores(question, **{name: value})
    assert not app.exception
    assert not app.error
    assert f"{name}={value}" in app.warning[0].value
    assert name not in parameters(app)


def test_an_unknown_question_opens_the_first() -> None:
    app = AppTest.from_file(ROOT / "pages" / "attention" / "scores.py", default_timeout=120)
    app.query_params["q"] = "20"
    app.query_params["model"] = FAST
    app.run()
    assert app.header[0].value.startswith("Q2 · ")
    assert "q=20" in app.warning[0].value


def test_layers_and_heads_past_the_model_are_brought_back() -> None:
    app = scores(2, layer="29", head="11")
    assert not (app.exception or app.error)
    said = " ".join(warning.value for warning in app.warning)
    assert "layer=29" in said and "head=11" in said
    assert (app.select_slider(key="layer").value, app.select_slider(key="head").value) == (1, 1)
