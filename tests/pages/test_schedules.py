"""The page about schedules, live training and dropout: every part in both languages, what its
controls move, and what it says to nonsense."""

import runpy
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from experiments.live_training import Plan, Setting, recipe
from model.training import Schedule
from ui.navigation import ROOT
from ui.training.background import Live, places
from ui.training.schedule import formula

# a training of a moment, so that the page has something to show
QUICK = {"train_layers": "1", "train_width": "16", "train_steps": "60", "train_batch": "8"}
OPENED: list[AppTest] = []


@pytest.fixture(autouse=True)
def nothing_runs_on() -> Iterator[None]:
    """Trainings end with the test that started them."""
    yield
    while OPENED:
        app = OPENED.pop()
        if "live training" in app.session_state:
            training(app).stop()


def schedules(language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "training" / "schedules.py", default_timeout=180)
    app.session_state["lang"] = language
    for name, value in parameters.items():
        app.query_params[name] = value
    OPENED.append(app)
    return app.run()


def training(app: AppTest) -> Live:
    return app.session_state["live training"]


def finished(app: AppTest) -> AppTest:
    deadline = time.monotonic() + 120
    while training(app).state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", ["schedule", "dropout"])
def test_parts_open_in_both_languages(part: str, language: str) -> None:
    app = schedules(language, part=part)
    assert sound(app)
    assert app.header[0].value.startswith("Q19 · ")
    assert len(app.metric) >= 3 and app.get("plotly_chart")
    assert "live training" not in app.session_state  # only the chosen part computes


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_training_starts_by_itself_and_can_be_taken_away(language: str) -> None:
    app = finished(schedules(language, **QUICK, a_warmup="20"))
    assert sound(app)
    assert training(app).state == "done"
    assert len(training(app).seen) == 61
    assert len(app.get("plotly_chart")) >= 4
    table = app.dataframe[0].value
    assert len(table) == 2 and table.iloc[0, 0].startswith("A: ")
    assert "Training(recipe)" in app.code[0].value


def test_the_address_reproduces_the_training() -> None:
    asked = {**QUICK, "a_warmup": "10", "b_place": "pre", "b_scaled": "false", "train_seed": "3"}
    app = finished(schedules(**asked))
    plan, pair = training(app).plan, training(app).pair
    assert plan == Plan(layers=1, width=16, steps=60, batch=8, seed=3)
    assert pair == (Setting(warmup=10), Setting(warmup=0, place="pre", scaled=False))
    assert asked.items() <= parameters(app).items()


def test_the_snippet_trains_the_same_model(tmp_path: Path) -> None:
    app = finished(schedules(**QUICK, a_warmup="10"))
    head = app.code[0].value.partition("for recipe in recipes:")[0]
    (tmp_path / "snippet.py").write_text(head, encoding="utf-8")
    recipes = runpy.run_path(str(tmp_path / "snippet.py"))["recipes"]
    live = training(app)
    assert recipes == [recipe(live.plan, setting) for setting in live.pair]
    assert recipes[0].schedule == Schedule("cosine", 0.02, 10, 60)


def test_a_second_training_waits_for_the_first() -> None:
    app = schedules(train_layers="4", train_steps="2000", train_width="64")
    first = training(app)
    assert first.state == "running"
    app.button(key="train").click().run()
    assert training(app) is first
    assert "One training at a time" in app.warning[0].value
    app.button(key="train_pause").click().run()
    assert first.state == "paused"
    app.button(key="train_go_on").click().run()
    assert first.state == "running"
    app.button(key="train_stop").click().run()
    assert first.state == "stopped" and sound(app)
    assert "after step" in app.get("progress")[0].proto.text


def test_changed_settings_are_told_apart_from_what_is_shown() -> None:
    app = finished(schedules(**QUICK, a_warmup="10"))
    app.select_slider(key="a_peak").set_value(0.001).run()
    assert "Train anew" in app.info[0].value
    before = training(app)
    app.button(key="train").click().run()
    finished(app)
    assert training(app) is not before and not app.info
    assert training(app).pair[0].peak == 0.001


def test_a_full_server_says_so_and_nothing_is_lost() -> None:
    taken = places()
    held = 0
    while taken.acquire(blocking=False):
        held += 1
    try:
        app = schedules(**QUICK, a_warmup="10")
        assert not app.exception
        assert "places for trainings" in app.warning[0].value
        assert len(app.get("plotly_chart")) >= 4  # the models before their first step
    finally:
        for _ in range(held):
            taken.release()
    app.button(key="train").click().run()
    assert training(finished(app)).state == "done"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"train_batch": "1024", "train_width": "64", "train_layers": "4"}, "MB is the limit"),
        ({"train_steps": "60", "a_warmup": "100"}, "the warm-up is part of the steps"),
        ({"b_kind": "noam"}, "starts with a warm-up"),
    ],
)
def test_what_cannot_be_trained_is_explained(asked: dict[str, str], said: str) -> None:
    app = schedules(**asked)
    assert not app.exception
    assert said in app.error[0].value
    assert app.expander  # the settings and the fine print are still there


def test_nonsense_in_the_address_is_left_out() -> None:
    app = schedules(part="schedule", steps="-3", beside="triangle", train_batch="100000")
    assert not app.exception
    assert all(name in app.warning[0].value for name in ("steps", "beside", "train_batch"))


def test_the_papers_peak_is_there_on_opening() -> None:
    app = schedules(part="schedule")
    assert metrics(app)["Peak"] == "0.000699"
    app.number_input(key="warmup").set_value(16_000).run()
    assert metrics(app)["Peak"] == "0.000349"
    assert parameters(app)["warmup"] == "16000"
    app.toggle(key="own_peak").set_value(False).run()
    app.number_input(key="peak").set_value(0.25).run()
    assert metrics(app)["Peak"] == "0.25"
    for kind in ("constant", "linear", "cosine", "step"):
        app.button_group(key="schedule").set_value(kind).run()
        assert sound(app)
        assert len(app.dataframe[0].value) == 3


def test_formulas_hold_the_readers_numbers() -> None:
    cosine = Schedule("cosine", 0.02, 60, 240)
    assert r"0.02\cdot t/60" in formula(cosine) and r"\pi\,(t - 60)}{180}" in formula(cosine)
    assert r"\sqrt{4000/t}" in formula(Schedule("noam", 7e-4, 4000, 10_000))
    assert "0.1 + 0.9" in formula(replace(cosine, floor=0.1))
    assert formula(Schedule("constant", 3e-3, 0, 9)) == r"\eta(t) = 3\cdot10^{-3}"


def test_dropout_follows_its_rate_and_its_draws() -> None:
    app = schedules(part="dropout")
    assert metrics(app)["Two passes in evaluation"] == "0"
    assert metrics(app)["The same dice twice"] == "0"
    assert float(metrics(app)["Two passes in training"]) > 0
    off = float(metrics(app)["Mean, off by"])
    app.select_slider(key="draws").set_value(1000).run()
    assert float(metrics(app)["Mean, off by"]) < off
    app.slider(key="rate").set_value(0.0).run()
    assert sound(app)
    assert metrics(app)["Dropped in this draw"] == "0.0%"
    assert metrics(app)["Two passes in training"] == "0"
    assert {"rate": "0.0", "draws": "1000"}.items() <= parameters(app).items()
