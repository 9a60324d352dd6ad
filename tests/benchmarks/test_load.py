"""The check of the load benchmark finds answers that are not the reader's own."""

import random
from dataclasses import replace

import pytest

from benchmarks.load.lab import Lab, mistakes, text_of
from benchmarks.load.reader import Answer
from charts.viewer.focus import focus_payload
from experiments.heads import mean_entropy
from experiments.outcome import cosines
from experiments.reading import read
from model import Bench, load

LAB = Lab("The cat sat on the mat", scaled=False, ablated=((1, 3),), layer=3)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return load("minilm")


def answer(bench: Bench, lab: Lab) -> Answer:
    """What a right server says, by way of the readings that the app works with."""
    native, variant = (read(bench, lab.text, c) for c in (bench.native, lab.choices(bench.native)))
    sides = [
        bench.run(lab.text, reading.run.choices).attention(lab.layer).weights[0]
        for reading in (native, variant)
    ]
    picture = focus_payload(
        native=sides[0],
        variant=sides[1],
        heads=range(12),
        head=0,
        query_labels=native.run.tokens[0],
        key_labels=native.run.tokens[0],
        masked_native=None,
        masked_variant=None,
        view="matrix",
        selected=None,
        threshold=0.7,
        high=None,
        words=None,
    )
    moved = cosines(native, variant)["cosine"]
    numbers = [f"{moved.mean():.3f}", f"{moved.min():.3f}"]
    numbers.append(f"{mean_entropy(variant.profiles):.2f} nats")
    return Answer(pictures={"viewer": picture}, numbers=numbers)


def test_a_right_answer_passes(bench: Bench) -> None:
    assert mistakes(bench, LAB, answer(bench, LAB)) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(LAB, text="The dog sat on the mat"),
        replace(LAB, scaled=True),
        replace(LAB, temperature=1.5),
        replace(LAB, mask="causal"),
        replace(LAB, ablated=((1, 4),)),
        replace(LAB, layer=2),
        replace(LAB, scaled=True, ablated=()),
    ],
)
def test_the_answer_to_another_question_is_found(bench: Bench, other: Lab) -> None:
    assert mistakes(bench, other, answer(bench, LAB))


def test_a_complaint_of_the_app_is_found(bench: Bench) -> None:
    said = answer(bench, LAB)
    said.complaints.append("boom")
    assert mistakes(bench, LAB, said) == ["boom"]


def test_no_two_readers_write_the_same() -> None:
    texts = {text_of(number, random.Random(number)) for number in range(50)}
    assert len(texts) == 50
