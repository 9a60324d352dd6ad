"""Decoding against whole passes, against enumerating everything, and against transformers."""

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from model import Bench, load
from model.decoding import (
    Hypothesis,
    Prompt,
    beam,
    greedy,
    greedy_batch,
    prompt,
    replay,
    sample,
)
from model.errors import ModelError
from model.shape import Shape
from model.tape import Tape
from model.transformer import Transformer
from tests.model.zoo import grown, tiny, words
from tests.weights.reference import script

BOTH = pytest.mark.parametrize("cached", [True, False])
LANGUAGE = tiny(encoder_layers=0, decoder_layers=2, head="lm", positions="rope", vocab_size=6)
TRANSLATION = tiny(encoder_layers=1, decoder_layers=1, head="lm", vocab_size=6)


def predict(model: Transformer, prompt: Prompt, written: Sequence[int]) -> Tensor:
    """Log-probabilities (vocab,) after what is written, by one whole pass."""
    ids = torch.tensor([[*prompt.given, *written]])
    logits = model(torch.tensor([prompt.source]), target=ids) if prompt.source else model(ids)
    return logits[0, -1].log_softmax(-1)


def start(shape: Shape, stop: tuple[int, ...] = ()) -> Prompt:
    source = (3, 1, 4, 1) if shape.encoder_layers else ()
    return Prompt((2,) if source else (2, 5, 3), source, frozenset(stop))


@BOTH
@pytest.mark.parametrize("shape", [LANGUAGE, TRANSLATION], ids=["language", "translation"])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_is_argmax_of_whole_passes(shape: Shape, seed: int, cached: bool) -> None:
    model, begin = grown(shape, seed), start(shape, stop=(0,))
    written: list[int] = []
    while len(written) < 9 and 0 not in written:
        written.append(int(predict(model, begin, written).argmax()))
    steps = list(greedy(model, begin, limit=9, cached=cached))
    assert [step.token for step in steps] == written
    for i, step in enumerate(steps):
        want = predict(model, begin, written[:i])
        torch.testing.assert_close(step.logits.log_softmax(-1), want, atol=1e-10, rtol=1e-10)
        assert step.probability == pytest.approx(want.exp().max().item())
        assert step.likeliest(2)[0] == (step.token, pytest.approx(step.probability))
        assert len(step.likeliest(99)) == 6
        assert step.length == len(begin.given) + i
        assert step.first == (step.length - 1 if cached and i else 0)


def enumerated(model: Transformer, begin: Prompt, limit: int, power: float) -> list[Hypothesis]:
    """Every text of at most `limit` tokens that stops, or that the limit cuts short."""

    def grow(tokens: tuple[int, ...], total: float) -> Iterator[Hypothesis]:
        ended = bool(tokens) and tokens[-1] in begin.stop
        if ended or len(tokens) == limit:
            yield Hypothesis(tokens, total, total / len(tokens) ** power, ended)
            return
        for token, log_probability in enumerate(predict(model, begin, tokens).tolist()):
            yield from grow((*tokens, token), total + log_probability)

    return sorted(grow((), 0.0), key=lambda one: -one.score)


@BOTH
@pytest.mark.parametrize("shape", [LANGUAGE, TRANSLATION], ids=["language", "translation"])
@pytest.mark.parametrize("power", [0.0, 1.0, 0.6])
def test_a_beam_that_holds_everything_finds_the_best(
    shape: Shape, power: float, cached: bool
) -> None:
    model, begin = grown(shape, 1), start(shape, stop=(0, 4))
    want = enumerated(model, begin, 3, power)
    *_, last = beam(model, begin, limit=3, width=6**3, power=power, cached=cached)
    assert len(last.finished) == len(want) > 80
    for got, best in zip(last.finished, want, strict=True):
        assert got.tokens == best.tokens
        assert got.ended == best.ended
        assert got.log_probability == pytest.approx(best.log_probability, abs=1e-9)
        assert got.score == pytest.approx(best.score, abs=1e-9)


def test_ending_early_loses_nothing() -> None:
    early = 0
    for seed, power in itertools.product(range(4), (0.0, 0.5)):
        model, begin = grown(LANGUAGE, seed), start(LANGUAGE, stop=(0, 1, 2, 4))
        want = enumerated(model, begin, 6, power)[:8]
        # two of six tokens go on, so that eight beams hold all but the worst beginnings
        steps = list(beam(model, begin, limit=6, width=8, power=power))
        assert [one.tokens for one in steps[-1].finished[:4]] == [one.tokens for one in want[:4]]
        early += len(steps) < 6
    assert early


@BOTH
@pytest.mark.parametrize("shape", [LANGUAGE, TRANSLATION], ids=["language", "translation"])
def test_each_beam_step_follows_from_the_one_before(shape: Shape, cached: bool) -> None:
    model, begin = grown(shape, 2), start(shape, stop=(0,))
    before: tuple[Hypothesis, ...] = (Hypothesis((), 0.0, 0.0, False),)
    for number, step in enumerate(beam(model, begin, limit=5, width=3, cached=cached), 1):
        totals = {
            (i, token): one.log_probability + more
            for i, one in enumerate(before)
            for token, more in enumerate(predict(model, begin, one.tokens).tolist())
            if token not in begin.stop
        }
        best = sorted(totals, key=lambda key: -totals[key])[:3]
        assert [one.tokens for one in step.alive] == [
            (*before[i].tokens, token) for i, token in best
        ]
        assert list(step.parents) == [i for i, _ in best]
        assert all(len(one.tokens) == number for one in step.alive)
        assert [one.score for one in step.finished] == sorted(
            (one.score for one in step.finished), reverse=True
        )
        before = step.alive


def test_a_beam_of_one_is_greedy() -> None:
    model, begin = grown(LANGUAGE, 5), start(LANGUAGE)
    *_, last = beam(model, begin, limit=8, width=1)
    tokens = tuple(step.token for step in greedy(model, begin, limit=8))
    assert [one.tokens for one in last.finished] == [tokens]


@BOTH
def test_samples_are_drawn_by_the_models_probabilities(cached: bool) -> None:
    model, begin, n = grown(LANGUAGE, 1), start(LANGUAGE), 600

    def frequencies(**settings: Any) -> tuple[Counter[int], Tensor]:
        drawn, logits = Counter[int](), torch.empty(0)
        for seed in range(n):
            (step,) = sample(model, begin, limit=1, seed=seed, cached=cached, **settings)
            drawn[step.token] += 1
            logits = step.logits
        return drawn, logits

    for temperature, top_k in ((1.0, 0), (3.0, 0), (3.0, 2)):
        drawn, logits = frequencies(temperature=temperature, top_k=top_k)
        kept = logits.topk(top_k or len(logits)).indices.tolist()
        weights = {token: math.exp(logits[token] / temperature) for token in kept}
        for token in range(len(logits)):
            p = weights.get(token, 0.0) / sum(weights.values())
            assert abs(drawn[token] / n - p) <= 4 * math.sqrt(p * (1 - p) / n)


def test_a_seed_is_a_text_and_leaves_the_random_state_alone() -> None:
    model, begin, state = grown(LANGUAGE), start(LANGUAGE), torch.get_rng_state()

    def text(seed: int) -> list[int]:
        return [step.token for step in sample(model, begin, limit=12, seed=seed, temperature=5)]

    assert text(1) == text(1) != text(2)
    assert torch.get_rng_state().equal(state)


@BOTH
def test_replay_reads_what_it_is_told(cached: bool) -> None:
    model, begin, tokens = grown(LANGUAGE), start(LANGUAGE, stop=(1,)), [1, 4, 1, 0]
    steps = list(replay(model, begin, tokens, cached=cached))
    assert [step.token for step in steps] == tokens  # a stop token among them stops nothing
    whole = model(torch.tensor([[*begin.given, *tokens]]))[0, len(begin.given) - 1 : -1]
    got = torch.stack([step.logits for step in steps])
    torch.testing.assert_close(got, whole, atol=1e-10, rtol=1e-10)


@given(data=st.data())
def test_a_batch_writes_what_each_row_writes_alone(data: st.DataObject) -> None:
    model = grown(TRANSLATION, data.draw(st.integers(0, 20)))
    token = st.integers(0, 5)
    sources = data.draw(st.lists(st.lists(token, min_size=1, max_size=6), min_size=1, max_size=4))
    prompts = [Prompt((2,), tuple(source), frozenset({0})) for source in sources]
    alone = [[step.token for step in greedy(model, one, limit=6)] for one in prompts]
    alone = [row[:-1] if row[-1] == 0 else row for row in alone]
    assert greedy_batch(model, prompts, limit=6) == alone
    assert greedy_batch(model, prompts, limit=6, cached=False) == alone


@BOTH
def test_each_step_has_a_tape(cached: bool) -> None:
    model, site = grown(TRANSLATION), "decoder.0.cross_attention.weights"
    steps = list(
        greedy(
            model,
            start(TRANSLATION),
            limit=3,
            cached=cached,
            tape=lambda: Tape(keep=("*.cross_attention.weights",)),
        )
    )
    rows = [step.tape.kept[site] for step in steps]
    assert [row.shape for row in rows] == [(1, 4, 1 if cached else i, 4) for i in (1, 2, 3)]
    target = torch.tensor([[2, *(step.token for step in steps[:2])]])
    whole = Tape()
    model(torch.tensor([start(TRANSLATION).source]), target=target, tape=whole)
    for i, row in enumerate(rows):
        want = whole.kept[site][:, :, i]
        torch.testing.assert_close(row[:, :, -1], want, atol=1e-10, rtol=1e-10)


@BOTH
def test_writing_ends_where_the_context_is_full(cached: bool) -> None:
    shape = replace(LANGUAGE, context=6, positions="learned")
    model, begin = grown(shape), start(shape)  # three tokens given
    assert len(list(greedy(model, begin, limit=99, cached=cached))) == 4  # the last is not read
    *_, last = beam(model, begin, limit=99, width=2, cached=cached)
    assert {len(one.tokens) for one in last.finished} == {4}
    assert [len(row) for row in greedy_batch(model, [begin], limit=99, cached=cached)] == [4]


@pytest.mark.parametrize("write", [greedy, replay, sample, beam])
def test_what_cannot_be_read_is_refused_before_the_first_step(
    write: Callable[..., object],
) -> None:
    model = grown(replace(LANGUAGE, context=6))
    extra = {
        greedy: {"limit": 3},
        replay: {"tokens": [1]},
        sample: {"limit": 3, "seed": 0},
        beam: {"limit": 3, "width": 2},
    }[write]
    for read, code in (((), "empty-text"), ((1,) * 7, "too-long")):
        with pytest.raises(ModelError) as caught:
            write(model, Prompt(read), **extra)
        assert caught.value.code == code


def test_choices_that_a_cache_does_not_permit_work_without_one() -> None:
    model = grown(LANGUAGE)
    open_mask = replace(model.native, mask="none")
    with pytest.raises(ModelError) as caught:
        list(greedy(model, start(LANGUAGE), limit=3, choices=open_mask))
    assert caught.value.code == "cache-future"
    assert len(list(greedy(model, start(LANGUAGE), limit=3, choices=open_mask, cached=False))) == 3


@pytest.fixture(scope="module")
def smollm2() -> Bench:
    return load("smollm2")


def test_smollm2_writes_paris_with_and_without_a_cache(smollm2: Bench) -> None:
    begin = prompt(smollm2, "The capital of France is")
    with_cache, without = (
        list(greedy(smollm2.transformer, begin, limit=8, cached=cached)) for cached in (True, False)
    )
    tokens = [step.token for step in with_cache]
    assert tokens == [step.token for step in without]
    assert smollm2.tokenizer.decode(tokens).startswith(" Paris.")
    assert with_cache[0].probability == pytest.approx(0.77, abs=0.01)
    for one, other in zip(with_cache, without, strict=True):
        torch.testing.assert_close(one.logits, other.logits, atol=1e-3, rtol=0)


def test_a_prompt_needs_a_text_and_a_model_that_writes(smollm2: Bench) -> None:
    with pytest.raises(ModelError) as caught:
        prompt(smollm2, "")
    assert caught.value.code == "empty-text"
    with pytest.raises(ModelError) as caught:
        prompt(load("bert-tiny"), "no decoder")
    assert caught.value.code == "cannot-write"


def test_greedy_and_beam_are_those_of_transformers(tmp_path: Path) -> None:
    script("make_tiny_models.py", tmp_path)
    jobs: list[dict[str, Any]] = []
    for name, width in itertools.product(("gpt2-lm", "llama-lm", "qwen2"), (1, 4)):
        model = load(tmp_path / name).transformer
        ids = words(model.shape, 1, 9, seed=3)[0].tolist()
        # a token that it would write anyway, so that something stops
        written = [step.token for step in greedy(model, Prompt(tuple(ids)), limit=12)]
        jobs.append(
            {
                "model": str(tmp_path / name),
                "ids": ids,
                "limit": 12,
                "width": width,
                "stop": written[7],
            }
        )
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps(jobs))
    answers = json.loads(script("generation.py", file))
    for job, want in zip(jobs, answers, strict=True):
        model = load(job["model"]).transformer
        begin = Prompt(tuple(job["ids"]), stop=frozenset({job["stop"]}))
        if job["width"] == 1:
            got = [step.token for step in greedy(model, begin, limit=12)]
        else:
            *_, last = beam(model, begin, limit=12, width=4)
            got = list(last.finished[0].tokens)
        assert got == want, job["model"]
