"""The positions page: every view in both languages, what its controls move, and nonsense."""

import pytest
from streamlit.testing.v1 import AppTest

from model import ModelError, load
from ui.navigation import ROOT

FAST = "bert-tiny"  # its two layers answer at once
VIEWS = [
    (9, {"wave_view": "table"}),
    (9, {"wave_view": "shift"}),
    (9, {"wave_view": "shuffle"}),
    (10, {"scheme_view": "compare"}),
    (10, {"scheme_view": "reach"}),
    (10, {"scheme_view": "rope"}),
    (10, {"scheme_view": "biases"}),
    (10, {"scheme_view": "biases", "bias": "relative"}),
    (10, {"scheme_view": "learned", "table_model": FAST}),
    (10, {"scheme_view": "moved"}),
    (10, {"scheme_view": "beyond"}),
    (10, {"scheme_view": "switch"}),
    (8, {"scale_view": "fresh"}),
    (8, {"scale_view": "real"}),
]


def positions(question: int, language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "inputs" / "positions.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in ({"q": str(question), "model": FAST} | parameters).items():
        app.query_params[name] = value
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def sound(app: AppTest) -> bool:
    return not (app.exception or app.error or app.warning)


def test_the_app_has_its_own_tokenizers() -> None:
    """A page of that name lies beside this one; the package must win."""
    assert load(FAST).tokenizer.encode("word")
    assert issubclass(ModelError, Exception)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("question", "view"), VIEWS)
def test_every_view_opens_in_both_languages(
    question: int, view: dict[str, str], language: str
) -> None:
    app = positions(question, language, **view)
    assert not (app.exception or app.error)
    # a table of positions has no row past its end: that is said
    assert bool(app.warning) == (view.get("scheme_view") == "beyond")
    assert app.header[0].value.startswith(f"Q{question} · ")
    assert app.dataframe


def test_the_table_follows_its_controls() -> None:
    app = positions(9)
    assert metrics(app)["Length of every row"] == "5.657"  # √(64 / 2)
    app.select_slider(key="d_model").set_value(8).run()
    assert metrics(app)["Length of every row"] == "2"
    assert app.slider(key="feature").value == 7  # brought into the table
    app.slider(key="feature").set_value(0).run()
    assert metrics(app)["Feature 0 repeats every"] == "6.283"
    app.select_slider(key="base").set_value(10).run()
    app.select_slider(key="length").set_value(16).run()
    assert len(app.dataframe[0].value) == 4
    assert app.slider(key="position").value == 15
    assert parameters(app)["base"] == "10"
    assert sound(app)


def test_sinusoids_rotate_and_a_random_table_does_not() -> None:
    app = positions(9, wave_view="shift")
    assert metrics(app)["Residual of the best rotation"] == "0 up to rounding"
    assert metrics(app)["Explained by the distance alone"] == "1.0000"
    before = app.dataframe[0].value
    app.slider(key="shift").set_value(30).run()
    assert not app.dataframe[0].value.equals(before)
    app.button_group(key="table").set_value("random").run()
    assert float(metrics(app)["Residual of the best rotation"]) > 1
    assert sound(app)


def test_a_shuffle_is_seen_only_with_positions() -> None:
    app = positions(9, wave_view="shuffle")
    assert float(metrics(app)["Error with learned table"]) > 0.05
    assert metrics(app)["Error with no positions"] == "0 up to rounding"
    before = metrics(app)
    app.number_input(key="order").set_value(5).run()
    assert metrics(app) != before
    assert parameters(app)["order"] == "5"
    assert sound(app)


def test_schemes_are_compared_on_the_same_q_and_k() -> None:
    app = positions(10)
    assert metrics(app)["Scores that a shift leaves alone"] == "4 / 5"
    app.multiselect(key="schemes").set_value(["learned", "shaw", "xl"]).run()
    assert metrics(app)["Scores that a shift leaves alone"] == "2 / 3"
    assert app.selectbox(key="minuend").value == "learned"  # the pair stays among the chosen
    before = app.dataframe[0].value
    app.button_group(key="content").set_value("drawn").run()
    assert not app.dataframe[0].value.equals(before)
    app.number_input(key="moved").set_value(0).run()
    assert metrics(app)["Scores that a shift leaves alone"] == "3 / 3"
    app.number_input(key="moved").set_value(5000).run()
    assert "512" in app.error[0].value  # the learned table has no such row
    app.multiselect(key="schemes").set_value(["rope"]).run()
    assert app.info[0].value == "Choose at least two schemes."
    assert not app.exception


def test_rope_keeps_its_product_under_a_shift() -> None:
    app = positions(10, scheme_view="rope")
    values = list(metrics(app).values())
    assert values[0] == values[1] != values[2]
    app.slider(key="key_at").set_value(12).run()  # where the query stands
    values = list(metrics(app).values())
    assert values[0] == values[1] == values[2]
    assert sound(app)


def test_shifting_a_model_past_its_table_is_said() -> None:
    app = positions(10, scheme_view="moved")
    assert float(metrics(app)["learned table: attention that moves"]) > 0.001
    assert metrics(app)["RoPE: attention that moves"] == "0 up to rounding"
    app.number_input(key="further_on").set_value(2000).run()
    assert "512" in app.warning[0].value
    assert "RoPE: attention that moves" in metrics(app)
    assert not app.exception


def test_schemes_switched_on_a_real_model() -> None:
    app = positions(10, scheme_view="switch", text="The capital of France is [MASK] .")
    assert "KL divergence" in metrics(app)
    before = metrics(app)
    app.selectbox(key="scheme").set_value("alibi").run()
    assert metrics(app) != before
    assert len(app.dataframe[0].value) == 4
    assert sound(app)


def test_the_factor_and_the_standard_deviation() -> None:
    app = positions(8)
    assert float(metrics(app)["Token part ÷ position part"]) == pytest.approx(2**0.5, rel=0.02)
    app.select_slider(key="std").set_value("1.0").run()
    assert float(metrics(app)["Token part ÷ position part"]) == pytest.approx(32, rel=0.02)
    app.button_group(key="against").set_value("std").run()
    assert app.dataframe[0].value["standard deviation"].nunique() == 8
    app.select_slider(key="model_width").set_value(64).run()
    assert float(metrics(app)["Token part ÷ position part"]) == pytest.approx(128**0.5, rel=0.05)
    assert sound(app)


def test_the_factor_on_a_real_model() -> None:
    app = positions(8, scale_view="real")
    before = float(metrics(app)["Token part ÷ position part"])
    app.toggle(key="multiplied").set_value(True).run()
    ratio = float(metrics(app)["Token part ÷ position part"])
    assert ratio == pytest.approx(before * 128**0.5, rel=0.01)
    assert "Cosine with native, mean" in metrics(app)
    assert sound(app)


def test_a_model_without_a_table_says_so() -> None:
    app = positions(8, scale_view="real", model="smollm2", text="A short text.")
    assert "RoPE" in app.info[0].value
    app = positions(10, scheme_view="learned", table_model="smollm2")
    assert "no table of learned positions" in app.error[0].value


@pytest.mark.parametrize(
    ("question", "view"),
    [
        (9, {"wave_view": "shuffle"}),
        (10, {"scheme_view": "moved"}),
        (10, {"scheme_view": "beyond"}),
        (10, {"scheme_view": "switch"}),
        (8, {"scale_view": "real"}),
    ],
)
def test_no_text_is_said_and_nothing_is_lost(question: int, view: dict[str, str]) -> None:
    app = positions(question, text=" ", **view)
    assert not app.exception
    assert [error.value for error in app.error] == ["There is no text yet: type a sentence."]
    assert app.expander  # the fine print still stands below


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        (9, "wave_view", "nowhere"),
        (9, "base", "7"),
        (9, "position", "-1"),
        (10, "schemes", "rope rope"),
        (10, "schemes", "none sinusoidal learned shaw xl relative rope"),
        (10, "schemes", "magic"),
        (10, "times", "nan"),
        (10, "moved", "-3"),
        (10, "scheme", "learned"),
        (8, "std", "0.3"),
        (8, "model_width", "many"),
    ],
)
def test_nonsense_in_the_address_is_left_out_and_said(question: int, name: str, value: str) -> None:
    app = positions(question, **{name: value})
    assert not app.exception
    assert not app.error
    assert f"{name}={value}" in app.warning[0].value
    assert name not in parameters(app)
