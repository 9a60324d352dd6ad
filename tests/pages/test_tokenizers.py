"""The page of tokenizers: three views, settings, messages."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from experiments.vocabularies import sample
from ui.navigation import PAGES
from ui.tokenizers import encode, lesson

VIEWS = ("train", "encode", "compare")


def opened(language: str = "en", corpus_text: str | None = None, **parameters: str) -> AppTest:
    app = AppTest.from_file(PAGES["tokenizers"].script, default_timeout=60)
    app.session_state["lang"] = language
    if corpus_text is not None:
        app.session_state["corpus_text"] = corpus_text
        parameters["corpus"] = "own"
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()


def sound(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    assert not app.warning
    return app


def drawn(app: AppTest) -> str:
    """All HTML of the page."""
    return "\n".join(element.proto.body for element in app.get("html"))


def metrics(app: AppTest) -> list[str]:
    return [metric.value for metric in app.metric]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_in_both_languages(view: str, language: str) -> None:
    app = sound(opened(language, view=view))
    assert 'class="piece' in drawn(app)
    assert app.dataframe


def test_opens_with_the_two_methods_apart() -> None:
    app = sound(opened())
    assert [sub.value for sub in app.subheader[:2]] == ["BPE", "WordPiece"]
    parted, both, bpe, wordpiece = metrics(app)
    assert parted == "1"
    assert 0 < int(both) < 300
    assert int(bpe.replace(",", "")) < int(wordpiece.replace(",", ""))


@pytest.mark.parametrize(
    ("corpus", "alphabet"), [("chinese", "bytes"), ("both", "characters"), ("code", "bytes")]
)
def test_corpora_and_alphabets(corpus: str, alphabet: str) -> None:
    sound(opened(corpus=corpus, alphabet=alphabet, merges="100"))


def test_walking_forwards_and_backwards() -> None:
    app = sound(opened(step="0"))
    before = drawn(app)
    assert "Nothing is joined yet" in before
    app.button(key="walk_on").click().run()
    assert app.slider(key="step").value == 1
    assert drawn(sound(app)) != before
    app.button(key="walk_back").click().run()
    assert drawn(app) == before
    app.button(key="walk_last").click().run()
    assert app.slider(key="step").value == 300
    app.button(key="walk_part").click().run()
    assert app.slider(key="step").value == 0


def test_the_winner_is_the_next_merge() -> None:
    app = sound(opened(step="7"))
    pair = app.dataframe[0].value["pair"].iloc[0]
    app.button(key="walk_on").click().run()
    left, right = pair.split(" + ")
    line = re.sub(r"<[^>]+>", "", drawn(app)).replace("&#35;", "#")
    assert f"{left} + {right} → " in line


def test_a_step_beyond_the_last_is_the_last() -> None:
    app = opened(step="5000", merges="50")
    assert not (app.exception or app.error) and "step=5000" in app.warning[0].value
    assert app.slider(key="step").value == 50


def test_nonsense_in_the_address_is_named() -> None:
    app = opened(step="-1", merges="7", view="sing", alphabet="runes")
    assert not app.exception
    assert "step=-1" in app.warning[0].value
    assert "view=sing" in app.warning[0].value


@pytest.mark.parametrize("text", ["", "   \n\t "])
@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_corpus_is_said(view: str, text: str) -> None:
    app = opened(corpus_text=text, view=view)
    assert not app.exception
    assert "nothing to learn from" in app.error[0].value


@pytest.mark.parametrize("text", ["aaaaaaaaaaaa", "\x00\x07 \x1b[31m", "\u200b\u202e"])
@pytest.mark.parametrize("view", VIEWS)
def test_odd_corpora(text: str, view: str) -> None:
    sound(opened(corpus_text=text, view=view))
    if view == "train":
        sound(opened(corpus_text=text, view=view, alphabet="bytes"))


def test_nothing_to_join_is_said() -> None:
    app = sound(opened(corpus_text="x"))
    assert "nothing can be joined" in app.info[0].value


def test_more_merges_than_pairs() -> None:
    app = sound(opened(corpus_text="hug hug pug", merges="1000"))
    said = " ".join(caption.value for caption in app.caption)
    assert "No pair was left after" in said


def test_too_long_a_corpus_is_refused_and_kept() -> None:
    text = "word " * 250_000
    app = opened(corpus_text=text)
    assert not app.exception
    assert "1,250,000" in app.error[0].value
    assert app.text_area(key="corpus_text").value == text


def test_a_short_own_text_is_in_the_address_and_a_long_one_is_not() -> None:
    app = opened(corpus="own")
    app.text_area(key="corpus_text").set_value("hug pug hugs").run()
    assert "hug pug hugs" in app.query_params["own"]
    app.text_area(key="corpus_text").set_value("hug pug " * 300).run()
    assert "own" not in app.query_params
    arrived = sound(opened(corpus="own", own="hug pug hugs"))
    assert arrived.text_area(key="corpus_text").value == "hug pug hugs"


def test_longer_work_gives_the_same_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = sound(opened(merges="50"))
    monkeypatch.setattr(lesson, "AT_ONCE", 0)
    slowly = sound(opened(merges="50"))
    assert metrics(slowly) == metrics(at_once)
    assert drawn(slowly) == drawn(at_once)


@pytest.mark.parametrize(
    ("tokenizer", "alphabet"),
    [("bpe", "bytes"), ("wordpiece", "bytes"), ("wordpiece", "characters"), ("minilm", "bytes")],
)
def test_each_vocabulary_encodes_each_word(tokenizer: str, alphabet: str) -> None:
    app = sound(opened(view="encode", tokenizer=tokenizer, alphabet=alphabet))
    app.session_state["at"] = 5
    sound(app.run())


@pytest.mark.parametrize("tokenizer", ["bpe", "wordpiece", "minilm", "smollm2"])
def test_odd_texts_are_encoded(tokenizer: str) -> None:
    app = sound(opened(view="encode", tokenizer=tokenizer))
    for text in (" ", "\x00", "<s><|endoftext|>", "a" * 400, "👩‍🚀"):
        app.text_input(key="word").set_value(text).run()
        sound(app)


def test_limits_of_what_is_shown() -> None:
    app = opened(view="encode", word="a" * (encode.MAX_CHARACTERS + 1))
    assert "401" in app.error[0].value
    app = opened(view="compare", text="a" * 30_000)
    assert "30000" in app.error[0].value
    app = opened(view="compare", text=" ")
    assert app.error


def test_hostile_pieces_stay_text() -> None:
    hostile = '<img src=x onerror=alert(1)> "onmouseover=alert(2) &lt;b&gt; <script>x</script>'
    for view in VIEWS:
        app = sound(
            opened(corpus_text=hostile * 3, alphabet="bytes", view=view, text=hostile, word=hostile)
        )
        body = drawn(app)
        assert "<img" not in body
        assert "<script" not in body
        assert '""onmouseover' not in body  # every quotation mark of the text is escaped


def test_taken_away() -> None:
    app = sound(opened(merges="10"))
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == [
        "BPE: tokenizer.json",
        "BPE: steps as CSV",
        "WordPiece: tokenizer.json",
        "WordPiece: steps as CSV",
    ]


def test_the_bundled_texts_are_small() -> None:
    assert all(len(sample(name).encode()) < 40_000 for name in ("english", "chinese"))
    assert json.dumps(sample("emoji"))


def test_wordpiece_scores_by_the_readers_choice() -> None:
    app = sound(opened())
    before = metrics(app)
    app.button_group(key="score").set_value("gain").run()
    after = metrics(sound(app))
    assert before[2:] == ["1,852", "3,068"]
    assert after[2:] == ["1,852", "1,904"]
    assert any("ln(N" in text.value for text in app.markdown)
    bpe, wordpiece = (frame.value["pair"].tolist() for frame in app.dataframe[:2])
    assert not any("##" in pair for pair in bpe)  # WordPiece's mark
    assert any("##" in pair for pair in wordpiece)
    assert any("␣" in pair for pair in bpe)
