"""The normalization page: both questions in both languages, what its controls move, nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import ROOT

FAST = "bert-tiny"


def normalization(question: int, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "blocks" / "normalization.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in ({"q": str(question), "model": FAST} | parameters).items():
        app.query_params[name] = value
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def charts(app: AppTest) -> list[str]:
    return [chart.proto.spec for chart in app.get("plotly_chart")]


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("question", "look"), [(12, "batch"), (12, "depth"), (12, "features"), (13, "batch")]
)
def test_everything_opens_in_both_languages(question: int, look: str, language: str) -> None:
    app = normalization(question, language, look=look)
    assert sound(app)
    assert app.header[0].value.startswith(f"Q{question} · ")
    assert len(app.metric) >= 2
    assert len(app.get("plotly_chart")) >= 1


def test_only_batchnorm_lets_another_sentence_through() -> None:
    app = normalization(12)
    assert (metrics(app)["LayerNorm"], metrics(app)["RMSNorm"]) == ("0", "0")
    moved = float(metrics(app)["BatchNorm"])
    assert moved > 0.01
    app.text_input(key="becomes").set_value("Go.").run()
    assert float(metrics(app)["BatchNorm"]) not in (0, moved)
    assert metrics(app)["LayerNorm"] == "0"
    assert parameters(app)["becomes"] == "Go."
    app.text_input(key="becomes").set_value("The ship sailed to America.").run()
    assert metrics(app)["BatchNorm"] == "0"  # nothing has changed
    assert sound(app)


def test_another_sentence_can_be_watched() -> None:
    app = normalization(12)
    before = metrics(app)["BatchNorm"]
    app.selectbox(key="row").select_index(2).run()
    assert metrics(app)["BatchNorm"] != before
    assert app.text_input(key="becomes").label == "Sentence 1 becomes"
    assert sound(app)


def test_token_and_feature_and_layer_move_the_block() -> None:
    app = normalization(12)
    seen = [charts(app)[:2]]
    app.select_slider(key="token").set_value(2).run()
    seen.append(charts(app)[:2])
    app.number_input(key="feature").set_value(5).run()
    seen.append(charts(app)[:2])
    app.select_slider(key="layer").set_value(1).run()
    seen.append(charts(app)[:2])
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] == seen[1][1]  # BatchNorm does not ask which token
    assert seen[1] != seen[2] != seen[3]
    assert sound(app)


def test_deeper_stacks_and_other_seeds() -> None:
    app = normalization(12, look="depth")
    table = app.dataframe[0].value
    pre = table["pre-LN"].astype(float)
    assert pre.is_monotonic_decreasing
    before = metrics(app)
    app.select_slider(key="layers_deep").set_value(2).run()
    assert metrics(app) != before
    before = metrics(app)
    app.number_input(key="seed").set_value(4).run()
    assert metrics(app) != before
    assert sound(app)


def test_outlier_features_are_named() -> None:
    app = normalization(12, look="features", model="minilm")
    assert metrics(app)["Feature that leads most often"] == "99"
    assert sound(app)


def test_the_modes_momentum_shift_and_batch_size_move_something() -> None:
    app = normalization(13)
    label = "Mean output after the shift, evaluation"
    shifted = float(metrics(app)[label])
    assert shifted > 0.5
    before = charts(app)
    app.button_group(key="mode").set_value("train").run()
    assert charts(app)[1] != before[1]
    app.select_slider(key="momentum").set_value(1.0).run()
    assert float(metrics(app)[label]) != shifted  # the last batch is all that is remembered
    app.select_slider(key="data_shift").set_value(12.0).run()
    assert float(metrics(app)[label]) > shifted
    error = float(metrics(app)["Standard error of the batch mean"])
    app.select_slider(key="batch_size").set_value(128).run()
    assert float(metrics(app)["Standard error of the batch mean"]) == pytest.approx(
        error / 4, rel=0.1
    )
    asked = {"mode": "train", "momentum": "1.0", "data_shift": "12.0", "batch_size": "128"}
    assert asked.items() <= parameters(app).items()
    assert sound(app)


def test_a_batch_of_one_is_refused_in_pytorchs_words() -> None:
    app = normalization(13, batch_size="1")
    assert not app.exception
    assert "Expected more than 1 value per channel" in app.error[0].value
    assert metrics(app)["A batch of one, by the formula"] == "0"


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        ("", "no text yet"),
        ("Only one.", "at least two sentences"),
        ("a\n" * 7, "7 sentences"),
        ("word " * 80 + "\nTwo.", "at most 64"),
    ],
)
def test_batches_that_cannot_be_read_are_explained(sentences: str, said: str) -> None:
    app = normalization(12, sentences=sentences)
    assert not app.exception
    assert said in app.error[0].value
    assert app.expander


def test_an_empty_replacement_is_explained() -> None:
    app = normalization(12, becomes=" ")
    assert not app.exception
    assert "no text yet" in app.error[0].value


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        (12, "look", "away"),
        (12, "token", "-1"),
        (12, "feature", "many"),
        (12, "layers_deep", "3"),
        (13, "batch_size", "0"),
        (13, "momentum", "nan"),
        (13, "mode", "both"),
    ],
)
def test_nonsense_in_the_address_is_left_out_and_said(question: int, name: str, value: str) -> None:
    app = normalization(question, **{name: value})
    assert not app.exception
    assert f"{name}={value}" in app.warning[0].value
    assert name not in parameters(app)


def test_a_layer_token_or_feature_past_the_model_is_brought_back() -> None:
    app = normalization(12, layer="29", token="500", feature="9999")
    assert not (app.exception or app.error)
    said = " ".join(warning.value for warning in app.warning)
    assert all(one in said for one in ("layer=29", "token=500", "feature=9999"))
    assert app.select_slider(key="layer").value == 1
    assert app.number_input(key="feature").value == 127
