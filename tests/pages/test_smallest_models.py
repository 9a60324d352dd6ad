"""Every page on the smallest own model there is: one layer, one head, and more rows than tokens."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import load
from model.decoding import greedy, prompt
from tests.own_models import write_padded
from ui.inert import inert
from ui.navigation import PAGES

NAME = "padded"
REQUESTS: tuple[tuple[str, dict[str, object]], ...] = (
    *(
        ("lab", {"section": section, "ablated": "0.0"})
        for section in ("cell", "pipeline", "effect", "evidence", "norms", "takeaway")
    ),
    ("lab", {"section": "effect", "text": "a"}),
    ("scores", {"q": 2}),
    ("scores", {"q": 3}),
    ("scores", {"q": 4}),
    ("heads", {"q": 1}),
    ("heads", {"q": 6}),
    ("masks", {"q": 5, "sentences": "ab\nabc"}),
    ("masks", {"q": 16, "causal_model": NAME, "replacement": "b"}),
    ("masks", {"q": 16, "causal_model": NAME, "text": "a", "replacement": "b"}),
    ("masks", {"q": 20, "cloze_model": NAME}),
    ("positions", {"q": 9, "wave_view": "shuffle"}),
    ("positions", {"q": 10, "scheme_view": "switch"}),
    ("positions", {"q": 8, "scale_view": "real"}),
    ("encoder", {"part": "layer"}),
    ("encoder", {"part": "stack"}),
    ("encoder", {"part": "lens"}),
    ("encoder", {"part": "lens", "text": "a"}),
    ("residual", {}),
    ("normalization", {"q": 12, "look": "batch", "sentences": "ab\nabc"}),
    ("feed_forward", {"part": "neurons"}),
    ("feed_forward", {"part": "positions", "replacement": "b"}),
    ("feed_forward", {"part": "shares"}),
    ("decoding", {"prompt": "abc", "tokens": 3}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_padded(folder / NAME)
    return folder


@pytest.mark.parametrize(("key", "parameters"), REQUESTS)
def test_every_page_shows_it(
    folder: Path, key: str, parameters: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTENTION_LAB_MODELS", str(folder))
    app = AppTest.from_file(PAGES[key].script, default_timeout=120)
    app.session_state["lang"] = "en"
    for name, value in ({"model": NAME, "text": "abcabc"} | parameters).items():
        app.query_params[name] = str(value)
    app.run()
    assert [one.value for one in app.exception] == []
    assert [error.value for error in app.error] == []


def test_a_row_without_a_token_is_named_where_it_is_predicted_and_where_it_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = load(folder / NAME)
    first = bench.tokenizer.size
    assert bench.shape.vocab_size == first + 5
    written = [step.token for step in greedy(bench.transformer, prompt(bench, "abc"), limit=4)]
    assert min(written) >= first  # it goes on from its own rows too
    assert bench.tokenizer.decode(written[:1]) == f"⟨row-{written[0]}:no-token⟩"
    monkeypatch.setenv("ATTENTION_LAB_MODELS", str(folder))
    app = AppTest.from_file(PAGES["lab"].script, default_timeout=120)
    app.query_params["model"] = NAME
    app.run()
    names = {inert(name) for name in bench.tokenizer.tokens(range(first, first + 5))}
    assert {metric.value for metric in app.metric[:2]} <= names
