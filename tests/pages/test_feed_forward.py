"""The feed-forward page: its four parts in both languages, what its controls move, and nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import ROOT

FAST = "bert-tiny"  # its two layers answer at once
PARTS = ["neurons", "curves", "positions", "shares"]


def feed_forward(part: str, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "blocks" / "feed_forward.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in ({"part": part, "model": FAST} | parameters).items():
        app.query_params[name] = value
    return app.run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_in_both_languages(part: str, language: str) -> None:
    app = feed_forward(part, language)
    assert sound(app)
    assert app.header[0].value.startswith("Q14 · ")
    assert len(app.metric) >= 3
    assert app.dataframe


def test_a_higher_threshold_puts_more_to_rest() -> None:
    app = feed_forward("neurons")
    before = int(metrics(app)["Activations at rest"].rstrip("%"))
    app.button_group(key="threshold").set_value(0.3).run()
    assert sound(app)
    assert int(metrics(app)["Activations at rest"].rstrip("%")) > before
    app.select_slider(key="layer").set_value(0).run()
    assert "16.9" in metrics(app)["Largest |a|"]


def test_another_neuron_fires_on_other_tokens() -> None:
    app = feed_forward("neurons")

    def said() -> str:
        return next(m.value for m in app.markdown if "fires most on" in m.value)

    before = said()
    other = (app.session_state["neuron"] + 1) % 512
    app.number_input(key="neuron").set_value(other).run()
    assert sound(app)
    assert f"Neuron {other} " in said()
    assert said() != before


def test_functions_can_be_picked_and_turned_over() -> None:
    app = feed_forward("curves", functions="silu swiglu", up="-2")
    rows = app.dataframe[0].value
    assert rows["function"].tolist() == ["SiLU", "SwiGLU"]
    silu, swiglu = rows["steepest slope"].tolist()
    assert swiglu == pytest.approx(-2 * rows["lowest slope"].tolist()[0], abs=1e-3)
    assert silu == pytest.approx(1.0998, abs=1e-3)
    app.button_group(key="functions").set_value([]).run()
    assert sound(app)
    assert any("Pick a function" in info.value for info in app.info)


@pytest.mark.parametrize("model", ["bert-tiny", "minilm"])
def test_only_attention_tells_other_tokens(model: str) -> None:
    app = feed_forward("positions", model=model)
    assert metrics(app)["Feed-forward network"] == "0"
    assert float(metrics(app)["Attention"]) > 0
    assert metrics(app)["Other tokens that move"].startswith("0 / ")
    before = metrics(app)
    app.select_slider(key="changed").set_value(2).run()
    assert metrics(app) != before
    assert metrics(app)["Feed-forward network"] == "0"


def test_the_same_word_is_no_exchange() -> None:
    app = feed_forward("positions", changed="2", replacement="keys")
    assert not app.exception
    assert "already" in app.error[0].value
    app = feed_forward("positions", replacement=" ")
    assert not app.exception
    assert len(app.error) == 1


def test_a_longer_text_gives_attention_more() -> None:
    app = feed_forward("shares", length="16")

    def share() -> float:
        table = app.dataframe[0].value
        return float(table["of all operations"].tolist()[1])

    before = share()
    app.select_slider(key="length").set_value(4096).run()
    assert sound(app)
    assert share() > before


def test_a_gated_model_is_counted_too() -> None:
    app = feed_forward("shares", model="smollm2")
    assert sound(app)
    assert metrics(app)["Of both sublayers' parameters"] == "75%"


def test_nonsense_gets_a_message() -> None:
    app = feed_forward("curves", functions="relu sine", up="7", length="x")
    assert not app.exception
    assert all(word in app.warning[0].value for word in ("sine", "up=7", "length=x"))
    app = feed_forward("neurons", text=" ")
    assert not app.exception
    assert len(app.error) == 1


def test_a_text_of_one_token_is_enough() -> None:
    for part in PARTS:
        app = feed_forward(part, model="smollm2", text="Yes")
        assert sound(app)
