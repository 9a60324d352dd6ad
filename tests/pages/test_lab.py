"""The lab's page: state, switches, messages."""

import re
import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from model import load
from model.catalogue import locate
from tests.own_models import write_model
from ui import models, offers, scene, texts
from ui.gradual import gradually
from ui.lab import long
from ui.lab.norms import telling
from ui.navigation import ROOT
from ui.switches import SWITCHES

FAST = "bert-tiny"  # its two layers answer at once


def lab(language: str = "en", **parameters: str) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "attention" / "lab.py", default_timeout=120)
    app.session_state["lang"] = language
    for name, value in {"model": FAST, **parameters}.items():
        app.query_params[name] = value
    return app.run()


def parameters(app: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in app.query_params.items()}


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in app.main.markdown)


def chain(app: AppTest) -> dict[str, list[str]]:
    """The cell's steps by their name, a number for each side."""
    (table,) = (m.value for m in app.main.markdown if m.value.startswith("| step"))
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return {name: values for name, *values in rows}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("section", ["cell", "pipeline", "effect", "evidence", "norms", "takeaway"])
def test_every_section_opens_in_both_languages(language: str, section: str) -> None:
    app = lab(language, section=section, text="The capital of France is [MASK] .")
    assert not app.exception
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize("example", range(len(texts.EXAMPLES)))
def test_every_example_runs(example: int) -> None:
    app = lab()
    app.button_group(key="example").select(example).run()
    assert not app.exception
    assert not app.error
    assert app.text_area(key="text").value == texts.EXAMPLES[example].text
    assert app.selectbox(key="model").value == texts.EXAMPLES[example].model


def test_opens_with_an_effect() -> None:
    app = lab()
    assert app.toggle(key="scaled").value is False
    assert "no division by" in said(app)
    assert [metric.label for metric in app.metric]


def test_what_is_said_above_the_switches_does_not_move_them() -> None:
    # a fragment that moves is another one, and a redraw by name would draw both
    loading, quiet, warned = lab(), lab(), lab(norm="nonsense")
    assert warned.warning
    places = [list(app.main.children) for app in (loading, quiet, warned)]
    assert places[0] == places[1] == places[2]


@pytest.mark.parametrize("cell", ["-100.3", "-1.2", "2.-1", "500.500", "2.18", "+1.2", "1.2.3"])
def test_a_cell_that_is_not_there_is_named_and_another_one_shown(cell: str) -> None:
    app = lab(cell=cell)
    assert not app.exception
    assert any(f"cell={cell}" in warning.value for warning in app.warning)
    assert "The cell that changed most" in said(app)
    assert "cell" not in parameters(app)


@pytest.mark.parametrize(
    "asked", [{"layer": "2"}, {"head": "7"}, {"layer": "-1"}, {"layers": "-1"}, {"ablated": "0.-1"}]
)
def test_a_layer_or_head_that_is_not_there_is_named(asked: dict[str, str]) -> None:
    app = lab(**asked)
    assert not app.exception
    ((name, value),) = asked.items()
    assert any(f"{name}={value}" in warning.value for warning in app.warning)


def test_back_to_native_undoes_every_switch() -> None:
    app = lab(tied="true", norm="rms", mask="causal", layers="1", ablated="0.1", temperature="2.0")
    app.button(key="to_native").click().run()
    assert not app.exception
    assert "Everything is native" in app.info[0].value
    assert parameters(app) == {"model": FAST, "layer": "1", "scaled": "true"}


def test_the_url_holds_every_switch() -> None:
    asked = {
        "scaled": "true",
        "temperature": "0.5",
        "score": "cosine",
        "tied": "true",
        "mask": "causal+window",
        "window": "3",
        "positions": "rope",
        "offset": "7",
        "multiplier": "sqrt",
        "norm": "rms",
        "place": "pre",
        "residual": "attention",
        "activation": "relu",
        "layers": "0 1",
        "ablated": "0.1 1.0",
        "layer": "1",
        "head": "1",
        "cell": "2.1",
        "view": "lines",
        "atlas": "difference",
        "section": "effect",
        "text": "Some text",
        "model": FAST,
    }
    app = lab(**asked)
    assert not app.exception
    assert not app.error
    assert parameters(app) == asked
    assert {switch.name for switch in SWITCHES} - set(asked) == {"prefix"}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"positions": "wormhole"},
        {"temperature": "hot"},
        {"layers": "99"},
        {"ablated": "0.1 x"},
        {"ablated": "7.7"},
        {"cell": "3"},
        {"offset": "-4"},
        {"model": "g2p"},
        {"section": "<script>"},
        {"activation": "swiglu"},
        {"positions": "relative"},
    ],
)
def test_nonsense_in_the_url_is_named_and_left_out(nonsense: dict[str, str]) -> None:
    (name, value), *_rest = nonsense.items()
    app = lab(**nonsense)
    assert not app.exception
    assert len(app.warning) == 1
    assert name in app.warning[0].value
    assert parameters(app).get(name) != value


def test_illegal_switches_are_listed_with_their_reason() -> None:
    captions = " ".join(caption.value for caption in lab().caption)
    assert "SwiGLU" in captions
    assert "a gated activation needs a gate matrix" in captions
    assert "Transformer-XL" in captions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no text yet"),
        ("  \n ", "no text yet"),
        ("word " * 600, "at most 512"),
        ("a" * 20_001, "at most 20000"),
    ],
)
def test_a_text_that_cannot_run_is_explained_and_kept(text: str, message: str) -> None:
    app = lab(norm="rms")
    app.text_area(key="text").set_value(text).run()
    assert not app.exception
    assert message in app.error[0].value.replace(",", "")
    assert app.text_area(key="text").value == text
    assert app.selectbox(key="norm").value == "rms"
    app.text_area(key="text").set_value("fine again").run()
    assert not app.error


def test_switches_that_contradict_each_other_are_explained() -> None:
    app = lab(positions="sinusoidal", layers="1")
    assert not app.exception
    assert "apply the change to all layers" in app.error[0].value
    assert app.selectbox(key="positions").value == "sinusoidal"


def test_positions_past_the_table_are_explained() -> None:
    app = lab(offset="510")
    assert not app.exception
    assert "512 learned positions" in app.error[0].value


def test_a_missing_model_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = offers.Offer("Absent", "absent-model")
    monkeypatch.setattr(offers, "offered", lambda: {FAST: offer, "minilm": offer})
    models._loading.clear()
    app = lab()
    assert not app.exception
    assert "absent-model" in app.error[0].value


def test_hostile_text_stays_text() -> None:
    text = "<script>alert(1)</script> **bold** $x$ `code` :red[x] \u202eabc 👩‍👩‍👧 \x00"
    for section in ("cell", "effect", "takeaway"):
        app = lab(text=text, section=section)
        assert not app.exception
        assert not re.search(r"(?<!`)<script", said(app))


def test_a_cell_stands_beside_its_variant() -> None:
    asked = {"text": "One, two, three.", "scaled": "true", "layer": "1", "cell": "2.1"}
    app = lab(**asked, positions="alibi")
    steps, row = chain(app), app.dataframe[0].value
    bench = load(FAST)
    for place, side, choices in (
        (0, "Native", bench.native),
        (1, "Variant", replace(bench.native, positions="alibi")),
    ):
        attention = bench.run(asked["text"], choices).attention(1)
        assert np.allclose(row[f"weight · {side}"], attention.weights[0, 0, 2], atol=1e-6)
        assert np.allclose(row[f"score · {side}"], attention.scores[0, 0, 2], atol=1e-4)
        assert steps["weight"][place] == f"{attention.weights[0, 0, 2, 1]:.6g}"
    assert steps["step"] == ["Native", "Variant"]
    assert steps["position bias"] == ["—", "-0.0625"]  # slope 2⁻⁴, one token away

    alone = lab(**asked)
    assert chain(alone)["step"] == ["value"]
    assert "position bias" not in chain(alone)
    names = ["key", "token", "weight", "score", "allowed", "exp(score − highest)"]
    assert list(alone.dataframe[0].value) == names


def test_sentence_pairs_become_two_segments() -> None:
    bench = load(FAST)
    assert texts.as_text("One. [SEP] Two.", bench) == ("One.", "Two.")
    encoded = bench.encode(("One.", "Two."))
    assert encoded.tokens[0] == ["[CLS]", "one", ".", "[SEP]", "two", ".", "[SEP]"]
    assert encoded.types[0].tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_the_snippet_gives_the_numbers_of_the_picture(tmp_path: Path) -> None:
    app = lab(section="takeaway", norm="rms", layer="1", head="1", text="One. [SEP] Two.")
    script = tmp_path / "snippet.py"
    script.write_text(app.code[0].value, encoding="utf-8")
    found = runpy.run_path(str(script))
    expected = load(FAST).run(("One.", "Two.")).attention(1).weights[0, 1]
    assert found["native_weights"].equal(expected)
    assert found["difference"].abs().max() > 0


def test_the_snippet_says_nothing_of_where_own_models_lie(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "own" / "mine"
    shutil.copytree(locate(FAST), folder)
    monkeypatch.setenv("ATTENTION_LAB_MODELS", str(folder.parent))
    app = lab(model="mine", section="takeaway")
    assert not app.error
    assert str(tmp_path) not in app.code[0].value
    (tmp_path / "own" / "snippet.py").write_text(app.code[0].value, encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    assert runpy.run_path("snippet.py")["native_weights"].shape[0] > 1


def test_own_models_come_from_the_named_folder_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    (tmp_path / "notes.txt").write_text("not a model")
    monkeypatch.setenv("ATTENTION_LAB_MODELS", str(tmp_path))
    write_model(tmp_path / "mine")
    assert list(offers.offered())[5:] == ["mine", "tiny.gguf"]
    monkeypatch.delenv("ATTENTION_LAB_MODELS")
    named = ["minilm", "smollm2", "bert-tiny", "characters", "reverse"]
    assert list(offers.offered()) == named


def test_effect_asks_for_a_gap_where_a_masked_model_has_none() -> None:
    app = lab(section="effect", text="no gap")
    assert "Write [MASK]" in " ".join(info.value for info in app.info)


@pytest.fixture
def long_from_nine_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence is a long text: read in steps, one head kept, seen by tiles."""
    monkeypatch.setattr(scene, "MAX_TOKENS", 8)


@pytest.mark.usefixtures("long_from_nine_tokens")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("section", ["cell", "pipeline", "effect", "evidence", "norms", "takeaway"])
def test_every_section_opens_for_a_long_text(language: str, section: str) -> None:
    text = "The capital of a land far from here is [MASK] ."
    app = lab(language, section=section, text=text, norm="rms", layer="1", head="1", cell="3.2")
    assert not app.exception
    assert not app.error
    shown = " ".join(caption.value for caption in app.caption)
    assert ("Lines are drawn" if language == "en" else "连线视图") in shown


@pytest.mark.usefixtures("long_from_nine_tokens")
def test_a_long_text_shows_the_numbers_that_a_short_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"text": "All the keys are lost in the old museum today.", "cell": "4.2", "norm": "rms"}
    long = lab(**asked)
    monkeypatch.undo()
    short = lab(**asked)
    assert [m.value for m in long.metric] == [m.value for m in short.metric]
    for line in ("of each query's attention moved", r"\frac"):
        said_long, said_short = (
            [m.value for m in app.markdown if line in m.value] for app in (long, short)
        )
        assert said_long == said_short
        assert len(said_long) == 1


@pytest.mark.usefixtures("long_from_nine_tokens")
def test_the_snippet_of_a_long_text_keeps_one_layer(tmp_path: Path) -> None:
    text = "All the keys are lost in the old museum today."
    app = lab(section="takeaway", norm="rms", layer="1", head="1", text=text)
    script = tmp_path / "snippet.py"
    script.write_text(app.code[0].value, encoding="utf-8")
    found = runpy.run_path(str(script))
    expected = load(FAST).run(text).attention(1).weights[0, 1]
    assert found["native_weights"].equal(expected)
    assert list(found["native"].kept) == ["encoder.1.self_attention.weights"]


def test_additive_scores_of_many_tokens_are_read_layer_by_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"score": "additive", "text": "Additive scores of this text are read in steps."}
    monkeypatch.setattr(scene, "ADDITIVE_AT_ONCE", 0)
    counts: list[int] = []

    def stopped(key: str, of: Any, start: Any, count: int, doing: str, **_how: Any) -> list[Any]:
        counts.append(count)
        return []

    monkeypatch.setattr(long, "gradually", stopped)
    assert not lab(**asked).metric
    monkeypatch.setattr(
        long, "gradually", lambda *of, **how: counts.append(of[3]) or gradually(*of, **how)
    )
    app = lab(**asked)
    assert not app.exception
    assert app.metric
    assert counts == [1, 1, 2]  # two layers at once natively, then one by one


def test_norms_of_a_long_text_show_the_tokens_that_stand_out() -> None:
    source = np.random.default_rng(0)
    sizes = source.random((3, 50))
    sizes[1, [7, 33]] = 9
    frame = pd.DataFrame(
        {
            "norm": np.repeat(range(3), 50),
            "position": np.tile(range(50), 3),
            "std_before": sizes.ravel(),
        }
    )
    shown = telling(frame, "std_before", most=10)
    assert len(shown) == 10
    assert {7, 33} <= set(shown)
    assert [position // 5 for position in shown] == list(range(10))
    assert telling(frame, "std_before", most=60) == list(range(50))
