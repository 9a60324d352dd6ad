"""The page about masks: every question opens, and each control moves what it should."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui.masks import three_ways
from ui.navigation import PAGES

SCRIPT = PAGES["masks"].script


def opened(question: int, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(SCRIPT, default_timeout=120)
    app.session_state["lang"] = language
    app.query_params["q"] = str(question)
    for name, value in parameters.items():
        app.query_params[name] = value
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def metrics(app: AppTest) -> list[str]:
    return [metric.value for metric in app.metric]


@pytest.mark.parametrize(
    ("question", "language", "parameters"),
    [
        (5, "en", {}),
        (5, "zh", {"model": "bert-tiny"}),
        (16, "en", {}),
        (16, "zh", {"causal_model": "bert-tiny"}),
        (20, "en", {}),
        (20, "zh", {}),
    ],
)
def test_every_question_opens_with_its_effect(
    question: int, language: str, parameters: dict[str, str]
) -> None:
    app = opened(question, language, **parameters)
    assert not app.error
    assert not app.warning
    assert len(app.metric) == (6 if question == 20 else 3)
    assert len(app.dataframe) >= 1


def test_padding_moves_real_tokens_only_without_the_mask() -> None:
    share, off, on = metrics(opened(5, model="bert-tiny"))
    assert float(off) > 0.01
    assert on == "0 up to rounding"
    more = metrics(opened(5, model="bert-tiny", extra="32"))
    assert float(more[0].rstrip("%")) > float(share.rstrip("%"))


def test_padding_on_the_left_moves_learned_positions() -> None:
    app = opened(5, model="bert-tiny", side="left")
    assert float(metrics(app)[2]) > 0.01
    assert "positions" in app.metric[2].delta


def test_the_amount_and_the_sentence_are_controls() -> None:
    app = opened(5, model="bert-tiny")
    before = metrics(app)
    app.select_slider(key="extra").set_value(0).run()
    assert metrics(sound(app)) != before
    app.selectbox(key="row").set_value(2).run()
    sound(app)
    assert app.session_state["row"] == 2


def test_numbers_for_infinity_are_computed() -> None:
    table = opened(5, model="bert-tiny").dataframe[1].value
    rows: Any = table.set_index(["number format", "mask"])["all masked: the row"]
    for dtype in ("float32", "float16", "bfloat16"):
        assert rows[dtype, "−∞"] == rows[dtype, "finfo.min, twice"] == "NaN"
        assert rows[dtype, "finfo.min"].startswith("uniform")
        assert rows[dtype, "boolean"] == "zeros"
    assert rows["float32", "−1e9"].startswith("uniform")
    assert rows["float16", "−1e9"] == "NaN"
    assert rows.iloc[-1] == "zeros"
    takes = table.set_index(["number format", "mask"])["masked_fill"]
    assert takes["float16", "−1e9"] == "refuses it"


def test_the_past_moves_only_without_the_mask() -> None:
    app = opened(16, causal_model="bert-tiny")
    on, off, counted = metrics(app)
    assert on == "0"
    assert float(off) > 0.01
    assert counted.startswith("0 / ")
    table = app.dataframe[0].value.set_index("quantity")
    chosen = table.loc["largest ‖Δh‖ / ‖h‖ of an output before position 5"]
    assert (chosen["mask on"], chosen["mask off"]) == ("0", off)  # of the exchange that is shown
    assert float(table.loc["the same, largest over all exchanges", "mask off"]) >= float(off)


def test_nothing_stands_before_the_first_token() -> None:
    app = opened(16, causal_model="bert-tiny", changed="0")
    assert metrics(app)[:2] == ["–", "–"]


def test_any_token_can_be_exchanged_for_any_word() -> None:
    app = opened(16, causal_model="bert-tiny")
    app.select_slider(key="changed").set_value(1).run()
    assert any("position 1" in text.value for text in sound(app).markdown)
    off = metrics(app)[1]
    app.text_input(key="replacement").set_value("penguin").run()
    assert metrics(sound(app))[1] != off
    app.text_input(key="replacement").set_value("  ").run()
    assert len(sound(app).error) == 1


def test_hiding_keeps_the_word_out_of_its_own_prediction() -> None:
    app = opened(20)
    hidden = app.dataframe[0].value
    assert hidden["leak, nats"].tolist() == [0, 0, 0]
    assert hidden["hidden tokens"].tolist() == [1, 1, 1]
    assert hidden["pairs that move"].tolist() == hidden["permitted"].tolist()
    app.toggle(key="hide").set_value(False).run()
    visible = sound(app).dataframe[0].value
    assert (visible["leak, nats"] > 0.1).all()
    assert visible["hidden tokens"].tolist() == [0, 0, 0]


def test_the_prefix_opens_edges() -> None:
    app = opened(20)
    n = 11  # tokens
    for prefix, hidden in ((0, n * (n - 1) // 2), (4, n * (n - 1) // 2 - 6), (n, 0)):
        app.slider(key="prefix").set_value(prefix).run()
        assert sound(app).dataframe[0].value["hidden edges"].tolist() == [0, 55, hidden]


def test_the_corruption_can_be_rolled_again() -> None:
    app = opened(20)

    def counted() -> list[int]:
        return app.dataframe[2].value["this roll"].tolist()

    rolls = {tuple(counted())}
    for seed in range(1, 6):
        app.button(key="roll").click().run()
        assert sound(app).session_state["seed"] == seed
        assert sum(counted()) == 9
        rolls.add(tuple(counted()))
    assert len(rolls) > 1


def test_a_masked_key_does_not_hide_the_word_and_a_masked_token_does() -> None:
    table = opened(20).dataframe[1].value
    _visible, _others, everybody, token = table["p(word)"].astype(float)
    assert everybody == pytest.approx(0.9641, abs=5e-4)
    assert token == pytest.approx(0.0479, abs=5e-4)
    leaks = table["leak, nats"].astype(float).tolist()
    assert leaks[-1] == 0 < min(leaks[:-1])


def test_a_model_without_a_head_still_shows_masks_and_influence() -> None:
    app = opened(20, cloze_model="minilm")
    assert not app.metric
    assert len(app.info) == 1
    assert app.dataframe[0].value["permitted"].tolist() == [121, 66, 72]


def test_three_ways_that_are_stopped_leave_the_rest_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(three_ways, "gradually", lambda *of: [])
    app = opened(20)
    assert len(app.metric) == 3  # of the masked key
    assert [info.value for info in app.info] == ["The picture needs all of the steps."]
    assert len(app.dataframe) == 2  # of the masked key and of the rolls


@pytest.mark.parametrize(
    ("question", "parameters"),
    [
        (5, {"sentences": "   ", "model": "bert-tiny"}),
        (5, {"sentences": "one\n" * 7, "model": "bert-tiny"}),
        (5, {"sentences": "word " * 100, "model": "bert-tiny"}),
        (16, {"text": "", "causal_model": "bert-tiny"}),
        (16, {"text": "word " * 100, "causal_model": "bert-tiny"}),
        (20, {"text": "[MASK]"}),
        (20, {"passage": " "}),
    ],
)
def test_nonsense_gets_a_message(question: int, parameters: dict[str, str]) -> None:
    assert len(opened(question, "en", **parameters).error) == 1


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        (5, "extra", "3"),
        (5, "side", "up"),
        (16, "changed", "-1"),
        (20, "hide", "maybe"),
        (20, "cloze_model", "gpt-9"),
    ],
)
def test_a_link_that_means_nothing_says_so(question: int, name: str, value: str) -> None:
    parameters = {"model": "bert-tiny", "causal_model": "bert-tiny", name: value}
    app = opened(question, "en", **parameters)
    if name.endswith("model"):  # it may have gone, and so has a sentence of its own
        assert any(f"model {value} is not here" in error.value for error in app.error)
    else:
        assert any(f"{name}={value}" in warning.value for warning in app.warning)


def test_a_place_beyond_the_text_is_brought_back() -> None:
    app = opened(16, causal_model="bert-tiny", text="Two words", changed="40")
    assert app.session_state["changed"] == 3
    app = opened(5, model="bert-tiny", row="5", layer="99", head="99")
    assert (app.session_state["layer"], app.session_state["head"]) == (1, 1)
    assert app.session_state["row"] == 2
