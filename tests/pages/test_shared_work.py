"""What a page measures with its default settings is measured once a server: a second reader, and a
second visit, find it done."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from ui import gradual
from ui.gradual import Survey
from ui.navigation import ROOT

# Pages whose default settings have something measured step by step.
MEASURED = (
    ("seq2seq/alignment", {}),
    ("seq2seq/alignment", {"measure": "agree"}),
    ("seq2seq/decoding", {}),
    ("attention/masks", {}),
    ("attention/masks", {"q": "20"}),
    ("blocks/normalization", {}),
    ("blocks/residual", {}),
)
PATIENCE = 300


def visit(page: str, parameters: dict[str, str]) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=PATIENCE)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def stops(app: AppTest) -> bool:
    return any((button.key or "").endswith("_stop") for button in app.button)


@pytest.mark.parametrize(("page", "parameters"), MEASURED)
def test_a_second_reader_finds_it_done(
    page: str, parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[object] = []
    advance = Survey._advance

    def counted(survey: Survey) -> None:
        steps.append(survey.name)
        advance(survey)

    monkeypatch.setattr(Survey, "_advance", counted)
    gradual._results.clear()
    gradual._OPEN.clear()
    first, until = visit(page, parameters), time.monotonic() + PATIENCE
    while stops(first):
        assert time.monotonic() < until
        first.run()
    measured = len(steps)
    assert measured  # else there is nothing to share
    first.run()
    second = visit(page, parameters)
    assert len(steps) == measured, steps[measured:]
    assert not stops(second)
    assert len(second.get("plotly_chart")) == len(first.get("plotly_chart"))
