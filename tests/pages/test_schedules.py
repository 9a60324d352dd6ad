"""The page about schedules, live training and dropout: every part in both languages, what its
controls move, and what it says to nonsense."""

import runpy
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from streamlit.testing.v1 import AppTest

from experiments.live_training import Plan, Setting, recipe
from experiments.recorded import READY
from model.training import Schedule
from ui.environment import trainings
from ui.navigation import ROOT
from ui.training import live
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
    while training(app).state in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return app.run()


def trained(language: str = "en", **parameters: str) -> AppTest:
    """The page with a training of these settings, pressed for and finished."""
    return finished(schedules(language, **parameters).button(key="train").click().run())


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
def test_the_page_opens_with_a_recording_and_trains_nothing(language: str) -> None:
    app = schedules(language)
    assert sound(app)
    assert "live training" not in app.session_state
    assert len(app.get("plotly_chart")) >= 4
    table = app.dataframe[0].value
    assert len(table) == 2 and table.iloc[0, 0].startswith("A: ")
    assert table.iloc[0, 3] == "100.0%"  # what was recorded, not the models before a step
    assert "Training(recipe)" in app.code[0].value


def test_the_address_says_which_step_and_head_are_looked_at() -> None:
    app = schedules(train_at="120", train_head="0.1")
    assert sound(app)
    assert app.select_slider(key="train_at").value == 120
    assert app.selectbox(key="train_head").value == "0.1"
    app.selectbox(key="train_head").set_value("best").run()
    assert parameters(app) == {"train_at": "120"}


@pytest.mark.parametrize("asked", [("train_at", "121"), ("train_at", "-1"), ("train_head", "7.0")])
def test_a_step_or_head_that_is_not_there_is_left_out(asked: tuple[str, str]) -> None:
    app = schedules(**dict([asked]))
    assert not app.exception and "=".join(asked) in app.warning[0].value
    assert app.select_slider(key="train_at").value == "last"
    assert app.selectbox(key="train_head").value == "best"


def test_every_ready_comparison_is_recorded() -> None:
    app = schedules()
    tables = []
    for name in READY:
        app.button_group(key="comparison").set_value(name).run()
        assert sound(app) and "live training" not in app.session_state
        tables.append(tuple(app.dataframe[0].value.iloc[:, 0]))
    assert len(set(tables)) == len(READY)


def test_a_recording_plays_and_is_seen_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    app = schedules()
    monkeypatch.setattr(live, "PLAYED", 1e6)
    app.button(key="train_play").click().run()
    assert "step 0 of 240" in app.get("progress")[0].proto.text and sound(app)
    monkeypatch.setattr(live, "PLAYED", 1e-3)
    app.run()
    assert "240 steps" in app.get("progress")[0].proto.text
    monkeypatch.setattr(live, "PLAYED", 1e6)
    app.button(key="train_play").click().run()
    app.button(key="train_end").click().run()
    assert "240 steps" in app.get("progress")[0].proto.text and sound(app)


def test_settings_that_nobody_recorded_wait_for_a_press() -> None:
    app = schedules(**QUICK, a_warmup="20")
    assert sound(app) and "live training" not in app.session_state
    assert len(app.get("plotly_chart")) >= 4  # the models before their first step
    assert "Not trained yet" in app.get("progress")[0].proto.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_training_runs_on_a_press_and_can_be_taken_away(language: str) -> None:
    app = trained(language, **QUICK, a_warmup="20")
    assert sound(app)
    assert training(app).state == "done"
    assert len(training(app).seen) == 61
    assert len(app.get("plotly_chart")) >= 4
    table = app.dataframe[0].value
    assert len(table) == 2 and table.iloc[0, 0].startswith("A: ")
    assert "Training(recipe)" in app.code[0].value


def test_a_recorded_training_can_be_run_here() -> None:
    app = schedules()
    app.button(key="train").click().run()
    assert training(app).state == "running" and sound(app)
    assert training(app).pair == READY["warmup"]
    assert not [button for button in app.button if button.key == "train_play"]
    training(app).stop()
    assert "after step" in app.run().get("progress")[0].proto.text


def test_the_address_reproduces_the_training() -> None:
    asked = {**QUICK, "a_warmup": "10", "b_place": "pre", "b_scaled": "false", "train_seed": "3"}
    app = trained(**asked)
    plan, pair = training(app).plan, training(app).pair
    assert plan == Plan(layers=1, width=16, steps=60, batch=8, seed=3)
    assert pair == (Setting(warmup=10), Setting(warmup=0, place="pre", scaled=False))
    assert asked.items() <= parameters(app).items()


def test_the_snippet_trains_the_same_model(tmp_path: Path) -> None:
    app = trained(**QUICK, a_warmup="10")
    head = app.code[0].value.partition("for recipe in recipes:")[0]
    (tmp_path / "snippet.py").write_text(head, encoding="utf-8")
    recipes = runpy.run_path(str(tmp_path / "snippet.py"))["recipes"]
    shown = training(app)
    assert recipes == [recipe(shown.plan, setting) for setting in shown.pair]
    assert recipes[0].schedule == Schedule("cosine", 0.02, 10, 60)


def test_a_second_training_waits_for_the_first() -> None:
    app = schedules(train_layers="4", train_steps="2000", train_width="64")
    app.button(key="train").click().run()
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
    app = trained(**QUICK, a_warmup="10")
    app.select_slider(key="a_peak").set_value(0.001).run()
    assert "Train anew" in app.info[0].value
    before = training(app)
    app.button(key="train").click().run()
    finished(app)
    assert training(app) is not before and not app.info
    assert training(app).pair[0].peak == 0.001


def test_on_a_full_server_a_training_waits_and_says_for_whom() -> None:
    free = Event()
    taken = [places().ask(number, lambda: free.wait(120), 0.0) for number in range(trainings())]
    try:
        first, second = (schedules(**QUICK, a_warmup=warmup) for warmup in ("10", "11"))
        for app in (first, second):
            app.button(key="train").click().run()
            assert not app.exception and training(app).state == "waiting"
            assert len(app.get("plotly_chart")) >= 4  # the models before their first step
        assert "number 1 in the queue" in first.info[0].value
        assert "number 2 in the queue" in second.info[0].value
        second.button(key="train_leave").click().run()
        assert training(second).state == "paused" and not second.info
    finally:
        free.set()
    assert all(place.wait(60) for place in taken)
    assert training(finished(first)).state == "done"  # nobody pressed again
    assert not training(second).seen


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
