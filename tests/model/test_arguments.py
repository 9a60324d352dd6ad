"""What is no text, no Choices, no Tape gets a sentence; and what comes back can be looked at."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from model import Bench, Choices, ModelError, Tape, load
from model.catalogue import locate
from model.weights.reading import read_weights

TEXT = "The cat sat on the mat"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return load("bert-tiny")


def refused(call: Any, *arguments: Any, **named: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        call(*arguments, **named)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [None, 5, b"bytes", {"text": TEXT}, [None], [TEXT, 3], ("one",), ("a", "b", "c"), ("a", 1)],
)
def test_what_is_no_text(text: Any, bench: Bench):
    for call in (bench.run, bench.encode):
        error = refused(call, text)
        assert (error.code, error.fields["name"]) == ("bad-argument", "text")
    target = refused(load("g2p").run, "cat", target=text) if text is not None else error
    assert target.code == "bad-argument"


def test_no_texts_at_all(bench: Bench):
    assert refused(bench.run, []).code == "empty-text"


@pytest.mark.parametrize("choices", [{}, {"scaled": False}, "native", 0, False, ()])
def test_what_are_no_choices(choices: Any, bench: Bench):
    """An empty dictionary too: it would have counted as none."""
    run = bench.run(TEXT)
    for call in (lambda: bench.run(TEXT, choices), lambda: bench.resume(run, 1, choices)):
        error = refused(call)
        assert (error.code, error.fields["name"]) == ("bad-argument", "choices")


@pytest.mark.parametrize("tape", [{}, [], "logits", 0])
def test_what_is_no_tape(tape: Any, bench: Bench):
    error = refused(bench.run, TEXT, None, tape)
    assert (error.code, error.fields["name"]) == ("bad-argument", "tape")


def test_a_target_that_nobody_would_read(bench: Bench):
    assert refused(bench.run, TEXT, target=TEXT).code == "no-target"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"keep": "logits"}, "keep"),
        ({"edits": ["logits"]}, "edits"),
        ({"edits": {"logits": 0}}, "edits"),
        ({"watch": {"logits": None}}, "watch"),
    ],
)
def test_a_tape_that_is_told_nonsense(settings: Any, name: str):
    error = refused(Tape, **settings)
    assert (error.code, error.fields["name"]) == ("bad-argument", name)


@pytest.mark.parametrize(
    ("edit", "got"),
    [
        (lambda logits: None, "NoneType"),
        (lambda logits: 0, "int"),
        (lambda logits: logits.numpy(), "ndarray"),
        (lambda logits: logits > 0, "torch.bool"),
        (lambda logits: logits.double(), "torch.float64"),
    ],
)
def test_an_edit_that_gives_no_such_tensor_back(edit: Any, got: str, bench: Bench):
    error = refused(bench.run, TEXT, tape=Tape(edits={"logits": edit}))
    assert (error.code, str(error.fields["got"])) == ("edit-result", got)


@pytest.mark.parametrize(
    "change",
    [
        {"scaled": None},
        {"scaled": "no"},
        {"tied": 1},
        {"temperature": "hot"},
        {"temperature": None},
        {"temperature": True},
        {"mask": None},
        {"mask": 3},
        {"norm": ["layer"]},
        {"ablated": (1, 2)},
        {"ablated": [(1, 2, 3)]},
        {"ablated": 3},
        {"ablated": [("a", "b")]},
        {"ablated": [(0.5, 1)]},
        {"layers": 3},
        {"layers": "12"},
        {"layers": [0.5]},
    ],
)
def test_choices_of_another_kind(change: dict[str, Any]):
    error = refused(lambda: replace(Choices(), **change))
    assert (error.code, error.fields["field"]) == ("bad-choice", next(iter(change)))


def test_numbers_and_lists_of_other_libraries_are_welcome():
    choices = Choices(temperature=np.float32(2), window=np.int64(3), layers=[np.int64(1)])  # type: ignore[arg-type]
    assert choices == Choices(temperature=2.0, window=3, layers=(1,))
    assert Choices(ablated=[[1, 0], [0, 1]]).ablated == ((0, 1), (1, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("layer", [None, "1", 1.5, -1, 99])
def test_what_is_no_layer(layer: Any, bench: Bench):
    run = bench.run(TEXT)
    for call in (run.attention, run.feed_forward, run.residual):
        assert refused(call, layer).code == "no-such-layer"
    assert refused(bench.resume, run, layer).code == "no-such-layer"


def test_what_comes_back_says_what_it_is_in_a_line(bench: Bench):
    run = bench.run([TEXT, "Hello"])
    said = {
        repr(bench): "bert-tiny",
        repr(run): "2 layers",
        repr(run.source): "Encoded(2 × 8 tokens)",
        repr(run.attention(1)): "encoder.1.self_attention: head_outputs, keys",
        repr(run.norm(0, "attention")): "encoder.0.attention_norm",
        repr(run.embedding("encoder")): "positions, sum, tokens, types",
        repr(load("g2p").run("cat", target="K AE T")): "→",
        repr(read_weights(locate("bert-tiny"))): "bert",
    }
    for text, part in said.items():
        assert part in text
        assert len(text) < 1200 and "\n" not in text
    assert max(len(text) for text in list(said)[:-1]) < 250
    assert torch.is_tensor(run.kept["logits"])
