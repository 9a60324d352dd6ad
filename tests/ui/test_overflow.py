"""Numbers that float32 cannot hold: every switch on every real model is read, and what overflowed
is named with its layer, drawn as nothing else is, and never written as a number."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from charts.colours import palette
from charts.effects import moved as moved_chart
from charts.effects import predictions as predictions_chart
from charts.norms import depth
from charts.overflow import marked
from charts.viewer.focus import focus_payload
from charts.viewer.payload import unpack
from experiments.cell import arithmetic
from experiments.norm_statistics import norm_statistics
from experiments.outcome import cosines, predictions, row_shift
from experiments.reading import Reading, look, read, reread
from model import Bench, Choices, ModelError, Tape, legal, load
from model.choices import check
from ui.lab.cell import _steps
from ui.navigation import PAGES
from ui.numbers import measured, numeral

COLOURS = palette("light")
TEXT = "A cat"  # short: a hundred passes and more are made over each model
MODELS = ("minilm", "smollm2", "bert-tiny")
# "nan" and "inf" as Python, NumPy or JavaScript write them; not within a word
pytestmark = pytest.mark.usefixtures("one_core")
NO_NUMBER = re.compile(r"(?<![A-Za-z])[-+]?(nan|NaN|inf|Infinity)(?![A-Za-z])")
WORDS: Any = {
    name: name
    for name in (
        *("native", "variant", "probability", "token", "apart", "norm", "x", "y", "mask", "log"),
        *("std_before", "std_after", "mean_before", "mean_after"),
    )
}


@lru_cache(3)
def bench_and_reading(model: str) -> tuple[Bench, Reading]:
    bench = load(model)
    return bench, read(bench, TEXT, bench.native)


def switches(bench: Bench) -> Iterator[dict[str, Any]]:
    """Each value of each switch alone, and those that grow numbers together."""
    for name, verdicts in legal(bench.shape).items():
        for value, reason in verdicts.items():
            if reason is None and value != getattr(bench.native, name):
                yield {name: value}
    yield from ({"scaled": False}, {"tied": True}, {"temperature": 0.1}, {"temperature": 16.0})
    yield from ({"offset": 300}, {"multiplier": bench.shape.d_model**0.5})
    for name in ("none", "causal", "padding", "prefix", "window"):
        if name != bench.native.mask:
            yield {"mask": name}
    for more in ({"scaled": False}, {"residual": "none"}, {"place": "pre"}, {"multiplier": 50.0}):
        yield {"norm": "none"} | more


def variants(bench: Bench) -> Iterator[Choices]:
    last = bench.shape.n_layers - 1
    for switch in switches(bench):
        for layers in (None, (0,), (last,)):
            choices = replace(bench.native, layers=layers, **switch)
            try:
                check(choices, bench.shape)
            except ModelError:
                continue  # what acts at the input, in one layer
            yield choices


def first_by_hand(bench: Bench, reading: Reading) -> tuple[int, str] | None:
    """The first tensor of the whole pass that is not finite: each one is looked through."""
    sites: list[str] = []

    def see(site: str, tensor: torch.Tensor) -> None:
        if not torch.isfinite(tensor).all():
            sites.append(site)

    tape = Tape(keep=(), watch={"*": see})
    bench.run_encoded(reading.run.source, reading.run.choices, tape)
    if not sites:
        return None
    _stack, layer, name = sites[0].split(".", 2)
    return int(layer), name


@pytest.mark.parametrize("model", MODELS)
def test_every_switch_says_where_its_numbers_end(model: str) -> None:
    bench, native = bench_and_reading(model)
    assert native.overflow is None
    ended = set()
    for number, choices in enumerate(variants(bench)):
        try:
            reading = reread(bench, native, choices)
        except ModelError:
            continue
        found = first_by_hand(bench, reading)
        told = None if reading.overflow is None else (reading.overflow.layer, reading.overflow.name)
        assert told == found, choices
        ended.add(found)
        if found is None and number % 10:
            continue  # a pass that holds is written as any other: a sample is enough
        for text in sentences(bench, native, reading):
            assert not NO_NUMBER.search(text), (choices, text)
    # that the property was put to the test at all
    assert (4, "self_attention.raw_scores") in ended if model == "smollm2" else ended == {None}


def sentences(bench: Bench, native: Reading, variant: Reading) -> Iterator[str]:
    """What the lab writes of a pair of readings, and the texts of its charts."""
    yield numeral(row_shift(native.thumbnails[-1, 0], variant.thumbnails[-1, 0]), ".1%")
    yield from (numeral(x, ".3f") for x in variant.profiles[-1, 0].tolist())
    if native.asked and native.run.logits is not None and variant.run.logits is not None:
        frame, apart = predictions(native.run.logits[0, 0], variant.run.logits[0, 0], bench)
        yield numeral(apart, ".3g")
        yield from texts(predictions_chart(frame, WORDS, COLOURS))
        if variant.overflow is not None:
            assert frame["variant"].isna().all()  # nothing is predicted
            assert (frame["variant_rank"] == 0).all()
    yield from texts(moved_chart(cosines(native, variant), WORDS, COLOURS))
    norms = norm_statistics(variant)
    names = [str(number) for number in norms["site"].unique()]
    for quantity in ("std_before", "mean_after"):
        figure = depth(norms, quantity, variant.run.tokens[0], names, WORDS, COLOURS)
        yield from texts(figure)
    view = look(bench, variant, bench.shape.n_layers - 1).attention(bench.shape.n_layers - 1)
    yield _steps({"native": arithmetic(view, variant.run.choices, 0, 1, 0)})


def texts(figure: Any) -> Iterator[str]:
    """The texts of a chart's marks and ticks."""
    for trace in marked(figure, "overflowed", COLOURS).data:
        yield from map(str, trace.text if isinstance(trace.text, tuple | list) else ())
    yield from map(str, figure.layout.xaxis.ticktext or ())


@pytest.mark.parametrize("section", ["cell", "pipeline", "effect", "evidence", "norms", "takeaway"])
@pytest.mark.parametrize("layer", ["2", "10"])
def test_the_lab_says_it_in_every_section(section: str, layer: str) -> None:
    app = AppTest.from_file(PAGES["lab"].script, default_timeout=300)
    app.session_state["lang"] = "en"
    asked = {"model": "smollm2", "norm": "none", "scaled": "true"}
    for name, value in (asked | {"section": section, "layer": layer, "text": TEXT}).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert any("overflowed in layer 4, the scores" in warning.value for warning in app.warning)
    assert [m.value for m in app.metric][1] == "overflowed in layer 4"
    said = [m.value for m in app.main.markdown] + [m.delta for m in app.metric]
    assert not [text for text in said if NO_NUMBER.search(text)]
    tables = [frame.value.to_csv(na_rep="NaN") for frame in app.dataframe]
    assert not [table for table in tables if NO_NUMBER.search(table)]


def test_a_bar_and_a_cell_that_overflowed_are_marked_and_no_value_is_not() -> None:
    from plotly.graph_objects import Bar, Figure, Heatmap

    bars = marked(Figure(Bar(x=[0, 1, 2], y=[1.0, float("nan"), None])), "lost", COLOURS)
    (mark,) = [trace for trace in bars.data if trace.name == "✕ lost"]
    assert (mark.x, mark.y) == ((1,), (0.0,))
    cells = [[1.0, float("inf")], [float("nan"), 2.0]]
    picture = marked(Figure(Heatmap(z=cells)), "lost", COLOURS)
    (mark,) = [trace for trace in picture.data if trace.name == "✕ lost"]
    assert (mark.x, mark.y) == ((1, 0), (0, 1))
    assert len(marked(Figure(Bar(y=[1.0, None])), "lost", COLOURS).data) == 1


def test_the_canvas_gets_no_number_where_there_is_none() -> None:
    weights = torch.full((1, 3, 3), float("nan"))
    weights[0, 0] = torch.tensor([1.0, 0.0, 0.0])
    blob = focus_payload(
        native=weights.nan_to_num(0.0),
        variant=weights,
        heads=[0],
        head=0,
        query_labels="abc",
        key_labels="abc",
        masked_native=None,
        masked_variant=None,
        view="matrix",
        selected=None,
        threshold=0.7,
        high=None,
        words=None,
    )
    header, stored = unpack(blob)
    cells = stored[header["variant"]["0"]]
    assert cells[0].tolist() == [1.0, 0.0, 0.0]
    assert torch.isnan(torch.tensor(cells[1:])).all()  # never the 0 of no attention


def test_numbers_are_named_when_they_are_none() -> None:
    assert numeral(float("nan"), ".3f") == numeral(float("-inf"), "g") == "overflowed"
    assert numeral(None, ".3f") == "–"
    assert numeral(0.5, ".1%") == "50.0%"
    assert measured(3e-7, ".2g", 1e-6) == "0 up to rounding"
    assert measured(3e-7, ".2g", 1e-8) == "3e-07"
    assert measured(0.0, ".2g", 1e-8) == "0"
    assert measured(float("nan"), ".2g", 1e-8) == "overflowed"
