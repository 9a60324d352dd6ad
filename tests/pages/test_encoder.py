"""The encoder page: its three parts in both languages, what its controls move, and nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import ROOT

FAST = "bert-tiny"  # its two layers answer at once
GAP = "The capital of France is [MASK] ."


def encoder(part: str = "layer", language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "blocks" / "encoder.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in ({"part": part, "model": FAST} | parameters).items():
        app.query_params[name] = value
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", ["layer", "stack", "lens"])
def test_every_part_opens_in_both_languages(part: str, language: str) -> None:
    app = encoder(part, language, text=GAP)
    assert sound(app)
    assert app.header[0].value.startswith("Q7 · ")
    assert len(app.metric) >= 3
    assert app.dataframe


def test_every_stage_of_a_post_ln_layer() -> None:
    app = encoder()
    said = []
    for stage in range(8):
        app.select_slider(key="stage").set_value(stage).run()
        assert sound(app)
        said.append(app.subheader[0].value)
    assert said[0] == "x"
    assert said[2] == "s = x + a"
    assert said[3] == "y = LayerNorm(s)"
    assert said[4] == "h = GELU(W₁ y + b₁)"
    assert metrics(app)["Shape"] == "18 × 128"


def test_a_pre_ln_layer_is_drawn_as_it_is() -> None:
    app = encoder(model="smollm2", text="A short text.", stage="1", layer="29")
    assert sound(app)
    formulas = app.dataframe[0].value["formula"].tolist()
    assert formulas[1] == "n = RMSNorm(x)"
    assert formulas[3] == "y = x + a"
    assert formulas[5] == "h = SiLU(W₁ m) ⊙ W₃ m"
    assert formulas[7] == "x′ = y + f"


def test_layer_and_features_move_the_picture() -> None:
    app = encoder(stage="7")
    before = metrics(app)["Largest entry"]
    app.select_slider(key="layer").set_value(0).run()
    assert metrics(app)["Largest entry"] != before
    app.select_slider(key="features").set_value(2).run()  # features 96 to 127 of 128
    assert sound(app)
    assert "".join(app.query_params["features"]) == "2"


def test_the_stack_measures_every_sublayer() -> None:
    app = encoder("stack")
    table = app.dataframe[0].value
    assert len(table) == 4
    assert min(table["ratio"]) > 0
    app.select_slider(key="depth").set_value(0).run()
    assert sound(app)


def test_the_lens_reads_the_gap() -> None:
    app = encoder("lens", text=GAP)
    assert app.session_state["position"] == 6  # of [MASK]
    table = app.dataframe[0].value
    assert table["depth"].tolist() == [0, 1, 2]
    assert table["its place"].tolist()[-1] == 1
    app.select_slider(key="position").set_value(4).run()
    assert sound(app)
    assert app.dataframe[0].value["likeliest token"].tolist()[-1] == "france"


def test_without_a_head_the_lens_offers_models_that_have_one() -> None:
    app = encoder("lens", model="minilm")
    assert not app.exception
    assert len(app.dataframe) == 1  # that of the trained models
    app.button(key="lens_bert-tiny").click().run()
    assert sound(app)
    assert app.session_state["model"] == "bert-tiny"
    assert app.dataframe


@pytest.mark.parametrize("part", ["layer", "stack", "lens"])
def test_a_text_of_one_token_is_enough(part: str) -> None:
    app = encoder(part, model="smollm2", text="Yes")
    assert sound(app)


def test_nonsense_gets_a_message() -> None:
    app = encoder(layer="x", stage="99", part="engine")
    assert not app.exception
    assert all(word in app.warning[0].value for word in ("layer=x", "stage=99", "part=engine"))
    app = encoder(text=" ")
    assert not app.exception
    assert len(app.error) == 1
