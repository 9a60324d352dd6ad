"""The largest request that each page's address can make, on models that answer at once."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.navigation import PAGES

FAST = "bert-tiny"
WORDS = ("the cat sat on a mat and it was warm so we all went to see how " * 40).split()


def words(count: int) -> str:
    return " ".join(WORDS[:count])


LONGEST = words(510)  # with [CLS] and [SEP] all that the model has positions for
SENTENCES = "\n".join([words(60)] * 6)

REQUESTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("lab", {"text": LONGEST, "score": "additive", "section": "effect"}),
    ("lab", {"text": LONGEST, "norm": "batch", "mask": "none", "section": "evidence"}),
    ("lab", {"text": LONGEST, "norm": "rms", "section": "norms"}),
    ("scores", {"q": 2, "text": LONGEST}),
    ("heads", {"q": 1, "text": LONGEST}),
    ("masks", {"q": 5, "sentences": SENTENCES, "extra": 32}),
    ("masks", {"q": 16, "causal_model": FAST, "text": words(46)}),
    ("masks", {"q": 20, "cloze_model": FAST, "text": words(46), "passage": words(250)}),
    ("positions", {"q": 9, "wave_view": "table", "d_model": 256, "length": 512}),
    ("positions", {"q": 9, "wave_view": "shuffle", "text": words(62)}),
    ("positions", {"q": 10, "scheme_view": "compare", "count": 64, "moved": 100_000}),
    ("positions", {"q": 10, "scheme_view": "reach", "span": 511}),
    ("positions", {"q": 10, "scheme_view": "moved", "text": words(62), "further_on": 100_000}),
    ("tokenizers", {"view": "train", "corpus": "both", "merges": 5000, "alphabet": "bytes"}),
    ("tokenizers", {"view": "compare", "text": "ab😀c " * 3300}),
    ("tokenizers", {"view": "encode", "word": "ab😀c猫Ω" * 57, "tokenizer": "minilm"}),
    ("encoder", {"part": "layer", "text": LONGEST}),
    ("encoder", {"part": "stack", "text": LONGEST}),
    ("residual", {"text": LONGEST, "depth": 24, "d_model": 128}),
    ("normalization", {"q": 12, "look": "batch", "sentences": SENTENCES, "becomes": words(60)}),
    ("normalization", {"q": 12, "look": "depth", "layers_deep": 16}),
    ("normalization", {"q": 13, "batch_size": 256}),
    ("feed_forward", {"part": "neurons", "text": LONGEST}),
    ("feed_forward", {"part": "positions", "text": LONGEST}),
    ("feed_forward", {"part": "shares", "text": LONGEST, "length": 8192}),
    ("schedules", {"part": "dropout", "text": words(60), "draws": 1000, "rate": 0.5}),
)


@pytest.mark.parametrize(("key", "parameters"), REQUESTS)
def test_the_largest_request_is_answered(key: str, parameters: dict[str, object]) -> None:
    app = AppTest.from_file(PAGES[key].script, default_timeout=120)
    app.session_state["lang"] = "en"
    for name, value in ({"model": FAST} | parameters).items():
        app.query_params[name] = str(value)
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    assert not any("Left out" in one.value for one in app.warning)  # every value is a legal one


def test_what_would_take_too_much_memory_is_refused() -> None:
    app = AppTest.from_file(PAGES["schedules"].script, default_timeout=120)
    app.session_state["lang"] = "en"
    for name, value in {"layers": 4, "heads": 8, "width": 64, "steps": 2000, "batch": 1024}.items():
        app.query_params[f"train_{name}"] = str(value)
    app.query_params["part"] = "live"
    app.run()
    assert not app.exception
    assert "256 MB is the limit" in app.error[0].value
