"""The page on decoding: what it shows when opened, and what it says about nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.decoding.question import writers
from ui.navigation import ROOT

LIGHT = {"width": "64", "longest": "16", "tokens": "4"}


def opened(language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "seq2seq" / "decoding.py", default_timeout=300)
    app.session_state["lang"] = language
    for name, value in (LIGHT | parameters).items():
        app.query_params[name] = value
    return app.run()


def decoding(language: str = "en", **parameters: str) -> AppTest:
    """The page once all is measured; a fragment's clock, which the test lacks, is run by hand."""
    app = opened(language, **parameters)
    for _ in range(200):
        if not {"written_stop", "decoding_clock_stop"} & {button.key for button in app.button}:
            break
        app.run()
    return app


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_opens_with_the_effect(language: str) -> None:
    app = decoding(language)
    assert not app.exception
    assert not app.error
    written = "".join(html.proto.body for html in app.get("html"))
    assert "Paris" in written
    steps, clock, held = (frame.value for frame in app.dataframe)
    assert len(steps) == 4
    assert len(clock) == 4
    assert len(held) > 8


def test_figures_are_those_of_the_table() -> None:
    app = decoding()
    facts, steps = figures(app), app.dataframe[0].value
    prompt = 5  # tokens of "The capital of France is"
    notes = {metric.label: metric.delta for metric in app.metric}
    label = "Positions computed, with a cache"
    assert facts[label] == str(prompt + 3)
    assert notes[label] == f"without: {sum(range(prompt, prompt + 4))}"
    assert list(steps["positions computed, with a cache"]) == [prompt, 1, 1, 1]
    assert list(steps["without"]) == [prompt, prompt + 1, prompt + 2, prompt + 3]
    assert facts["Passes, step by step"] == "4"
    assert notes["Passes, step by step"] == "all at once: 1"
    assert 0 < float(facts["Largest difference of logits"]) < 1e-2
    assert facts["Saved by shared heads"] == "3 ×"
    assert set(facts) >= {"Steps with a cache ÷ one pass", "LSTM ÷ one pass"}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [("", "no text yet"), ("   ", "no text yet"), ("word " * 200, "shows at most 64")],
)
def test_bad_prompts_are_explained_and_kept(prompt: str, said: str) -> None:
    app = decoding(prompt=prompt)
    assert not app.exception
    assert said in app.error[0].value
    assert app.text_input(key="prompt").value == prompt
    app.run()  # and again at the next run
    assert said in app.error[0].value
    app.text_input(key="prompt").set_value("The capital of France is").run()
    assert not app.error


def test_parameters_that_mean_nothing_are_left_out() -> None:
    app = opened(tokens="5000", model="minilm", temperature="nan")
    assert not app.exception
    warned = app.warning[0].value
    assert "tokens=5000" in warned
    assert "model=minilm" in warned
    assert "temperature=nan" in warned
    assert app.slider(key="tokens").value == 8


def test_only_models_that_write_are_on_offer() -> None:
    assert "smollm2" in writers()
    assert not {"minilm", "bert-tiny", "g2p"} & set(writers())


def test_a_temperature_draws_by_the_seed() -> None:
    def text(seed: str) -> list[str]:
        return list(decoding(temperature="1.5", seed=seed).dataframe[0].value["token"])

    assert text("3") == text("3") != text("4")
