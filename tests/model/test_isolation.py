"""One object serves any number of threads: nothing is written during a call, and no call sees
another's choices."""

import random
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from model.choices import Choices, legal, native_choices
from model.shape import Shape
from model.tape import Tape
from model.transformer import Transformer
from tests.model.zoo import MASKS, grown, real, tiny, words

THREADS, RUNS = 16, 40
SHAPES = {
    "both": tiny(decoder_layers=2, head="lm", activation="swiglu", embedding_norm=True),
    "relative": tiny(positions="relative", n_kv_heads=2, final_norm=True),
    "xl": tiny(encoder_layers=0, decoder_layers=2, positions="xl", additive_score=True),
}


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    """One thread inside PyTorch, so that sums have one order; many switches between Python's."""
    threads, interval = torch.get_num_threads(), sys.getswitchinterval()
    torch.set_num_threads(1)
    sys.setswitchinterval(1e-4)
    yield
    torch.set_num_threads(threads)
    sys.setswitchinterval(interval)


def some_choices(shape: Shape, number: int) -> list[Choices]:
    """Native ones, and random legal ones."""
    dice, native = random.Random(number), native_choices(shape)
    found = [native]
    while len(found) < number:
        thrown: dict[str, Any] = {
            name: dice.choice([value for value, reason in options.items() if reason is None])
            for name, options in legal(shape).items()
        }
        layers = tuple(sorted(dice.sample(range(shape.n_layers), dice.randint(0, 2))))
        if {thrown["positions"], native.positions} & {"learned", "sinusoidal"} or not layers:
            layers = None
        found.append(
            replace(
                native,
                **thrown,
                mask=dice.choice(MASKS),
                scaled=dice.random() < 0.5,
                tied=dice.random() < 0.5,
                offset=dice.choice((0, 3)),
                ablated=((dice.randrange(shape.n_layers), dice.randrange(4)),),
                layers=layers,
            )
        )
    return found


def run(model: Transformer, choices: Choices) -> tuple[Tensor, dict[str, Tensor]]:
    tape = Tape(edits={"*.values": lambda values: values * choices.window})
    ids, seen = words(model.shape, 2, 6), real(6, 4)
    return model(ids, seen, target=ids, target_real=seen, choices=choices, tape=tape), tape.kept


@pytest.mark.parametrize("name", ["both", "relative"])
def test_every_run_of_many_threads_equals_its_run_alone(name: str) -> None:
    model = grown(SHAPES[name])
    choices = some_choices(model.shape, 30)
    choices = [replace(one, window=1 + i % 5) for i, one in enumerate(choices)]
    alone = [run(model, one) for one in choices]
    assert all(output.isfinite().all() for output, _ in alone)  # NaN would not equal itself
    start = threading.Barrier(THREADS)

    def work(thread: int) -> list[str]:
        order = random.Random(thread).choices(range(len(choices)), k=RUNS)
        start.wait()
        wrong = []
        for i in order:
            output, kept = run(model, choices[i])
            want, want_kept = alone[i]
            if not output.equal(want) or kept.keys() != want_kept.keys():
                wrong.append(f"output of {choices[i]}")
            wrong += [site for site in want_kept if not kept[site].equal(want_kept[site])]
        return wrong

    with ThreadPoolExecutor(THREADS) as pool:
        assert [wrong for wrong in pool.map(work, range(THREADS)) if wrong] == []
    assert len({output.numpy().tobytes() for output, _ in alone}) == len(choices)


def attributes(model: nn.Module) -> dict[str, list[tuple[str, int]]]:
    """Every attribute of every module by the identity of its value, down into the dictionaries
    where modules keep parameters, buffers and hooks."""
    found = {}
    for name, module in model.named_modules():
        entries = [(key, id(value)) for key, value in vars(module).items()]
        for key, value in vars(module).items():
            if isinstance(value, dict):
                entries += [(f"{key}.{inner}", id(item)) for inner, item in value.items()]
        found[name] = entries
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_is_written_to_a_module(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = grown(SHAPES[name])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("written during a call")

    state = {key: weight.clone() for key, weight in model.state_dict().items()}
    versions = {key: weight._version for key, weight in model.named_parameters()}
    before = attributes(model)
    writers = [
        method
        for method in dir(nn.Module)
        if method in ("__setattr__", "__delattr__", "__setstate__", "add_module", "train", "_apply")
        or method.startswith("register_")
    ]
    assert len(writers) > 8
    for method in writers:
        monkeypatch.setattr(nn.Module, method, refuse)
    for choices in some_choices(model.shape, 30):
        run(model, choices)
    monkeypatch.undo()
    assert attributes(model) == before
    assert {key: weight._version for key, weight in model.named_parameters()} == versions
    assert all(weight.equal(state[key]) for key, weight in model.state_dict().items())
    assert not list(model.buffers())


def test_a_call_leaves_the_random_state_and_the_default_dtype_alone() -> None:
    model = grown(SHAPES["both"])
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    run(model, model.native)
    assert torch.get_rng_state().equal(state)
    assert torch.get_default_dtype() == dtype
