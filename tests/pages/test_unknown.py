"""[UNK] is never passed over: every page that reads a text says what its model does not see."""

import pytest
from streamlit.testing.v1 import AppTest

from model import load
from model.catalogue import CATALOGUE
from ui import texts
from ui.navigation import ROOT
from ui.unknown import READER, facts

CHINESE = "猫坐在窗台上，因为那里有阳光。"
SAID = "Of 17 tokens: **unknown: 9** (猫 坐 在 窗 台 因 为 那 阳)"
PAGES = {  # page → where its text stands, what opens it, the parameter of its model
    "attention/lab": ("text", {}, "model"),
    "attention/scores": ("text", {"q": "2"}, "model"),
    "attention/heads": ("text", {"q": "1"}, "model"),
    "attention/heads ": ("passage", {"q": "6"}, "model"),
    "attention/masks": ("sentences", {"q": "5"}, "model"),
    "attention/masks ": ("text", {"q": "20"}, "cloze_model"),
    "blocks/encoder": ("text", {}, "model"),
    "blocks/feed_forward": ("text", {}, "model"),
    "blocks/residual": ("text", {"look": "real"}, "model"),
    "blocks/normalization": ("sentences", {}, "model"),
    "inputs/positions": ("text", {"q": "9", "wave_view": "shuffle"}, "model"),
}


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / f"{page.strip()}.py", default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def warned(app: AppTest) -> str:
    return " ".join(one.value for one in app.warning)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_its_model_does_not_see(page: str) -> None:
    place, query, model = PAGES[page]
    app = opened(page, **{**query, place: CHINESE, model: "minilm"})
    assert SAID in warned(app)
    assert app.button(key=f"read_{model}").label.endswith(CATALOGUE[READER].title)
    fine = opened(page, **{**query, place: texts.DEFAULT, model: "minilm"})
    assert "unknown" not in warned(fine)


@pytest.mark.parametrize("page", ["attention/lab", "attention/masks ", "attention/masks"])
def test_one_click_takes_a_model_that_reads_it_and_keeps_the_text(page: str) -> None:
    place, query, model = PAGES[page]
    app = opened(page, **{**query, place: CHINESE, model: "minilm"})
    app.button(key=f"read_{model}").click().run()
    assert not app.exception and not app.error
    assert app.session_state[model] == READER == app.query_params[model]
    assert app.session_state[place] == CHINESE == app.query_params[place]
    assert "unknown" not in warned(app)
    assert app.selectbox(key=model).value == READER


def test_characters_that_vanish_are_named_and_no_way_out_is_offered_to_the_same_model() -> None:
    app = opened("attention/lab", text="a\x06b", model=READER)
    assert "Of 2 tokens: **characters lost: 1** (⟨6⟩)" in warned(app)
    assert not [button for button in app.button if (button.key or "").startswith("read_")]


def test_what_a_model_of_symbols_does_not_know() -> None:
    tokenizer = load("reverse").tokenizer
    assert facts(tokenizer, ["abc|cba"]) == []
    assert facts(tokenizer, ["aé|é"]) == ["**unknown: 2** (é)"]


def test_the_token_for_the_unknown_may_stand_in_a_text() -> None:
    tokenizer = load("minilm").tokenizer
    assert facts(tokenizer, ["a [UNK] b"]) == []
    assert facts(tokenizer, ["a [UNK] 猫 <b>猫</b>"]) == ["**unknown: 2** (猫)"]
