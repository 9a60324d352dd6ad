"""The page about residual connections: both languages, what its controls move, and nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import ROOT

QUICK = {"model": "bert-tiny", "depth": "4", "d_model": "32"}


def residual(language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "blocks" / "residual.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in (QUICK | parameters).items():
        app.query_params[name] = value
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_opens_in_both_languages_with_tokens_collapsed(language: str) -> None:
    app = residual(language)
    assert sound(app)
    assert app.header[0].value.startswith("Q11 · ")
    share, cosine = (metric.value for metric in app.metric[:2])
    assert share == {"en": "0 up to rounding", "zh": "除舍入外为 0"}[language]
    assert float(cosine) == pytest.approx(1)


def test_each_control_moves_something() -> None:
    app = residual()
    label = "Tokens differ, after the last layer"
    collapsed = metrics(app)
    app.button_group(key="skips").set_value("both").run()
    assert float(metrics(app)[label]) > 0.3
    assert parameters(app)["skips"] == "both"
    assert float(metrics(app)["Cosine with native, mean"]) == pytest.approx(1)
    assert float(collapsed["Cosine with native, mean"]) < 0.9
    for key, value in (("depth", 6), ("d_model", 128), ("std", 0.2), ("seed", 7)):
        before = metrics(app)
        kind = app.number_input if key == "seed" else app.select_slider
        kind(key=key).set_value(value).run()
        assert metrics(app)[label] != before[label]
        assert parameters(app)[key] == str(value)
    before = metrics(app)
    app.button_group(key="norms").set_value("post").run()
    assert metrics(app)[label] != before[label]
    assert sound(app)


def test_a_real_models_prediction_is_shown_under_every_setting() -> None:
    app = residual(text="The capital of France is [MASK] .")
    assert "KL divergence" in metrics(app)
    table = app.dataframe[1].value
    divergence = table["KL(native ‖ variant), nats"]
    assert divergence[0] == 0
    assert (divergence[1:] > 0.1).all()


def test_a_model_without_a_head_says_so() -> None:
    app = residual(model="minilm")
    assert sound(app)
    assert "no prediction head" in app.info[0].value
    assert "KL divergence" not in metrics(app)


def test_one_layer_leaves_nothing_to_bound() -> None:
    app = residual(depth="1", std="0.5")
    assert sound(app)


def test_no_text_is_said_and_the_stack_still_stands() -> None:
    app = residual(text=" ")
    assert not app.exception
    assert [error.value for error in app.error] == ["There is no text yet: type a sentence."]
    assert len(app.metric) == 4
    assert app.expander


@pytest.mark.parametrize(
    ("name", "value"),
    [("skips", "all"), ("norms", "sideways"), ("depth", "1000"), ("d_model", "x"), ("std", "nan")],
)
def test_nonsense_in_the_address_is_left_out_and_said(name: str, value: str) -> None:
    app = residual(**{name: value})
    assert not app.exception
    assert f"{name}={value}" in app.warning[0].value
    assert name not in parameters(app)
