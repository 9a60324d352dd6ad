"""Learning a vocabulary: worked by hand, against Hugging Face's trainer, against the formula."""

import json
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizers.learned import CharacterBPE, count_words, learned_tokenizer, tokenizer_json
from tokenizers.training import (
    END,
    Alphabet,
    Candidate,
    Corpus,
    Recipe,
    Replay,
    Score,
    begin,
    candidates,
    joined_piece,
    learn,
    symbols_of,
    train,
)

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "reference" / "bpe_trainer.py"
ENGLISH, CHINESE, CODE, EMOJI = (
    (ROOT / "experiments" / "samples" / f"{name}.txt").read_text("utf-8")
    for name in ("english", "chinese", "code", "emoji")
)
ALPHABETS: tuple[Alphabet, ...] = ("bytes", "characters")
SCORES: tuple[Score, ...] = ("frequency", "ratio", "gain")

# The corpus of Hugging Face's course, chapter 6: its merges were worked out there on paper.
HUGS = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}


def ask(folder: Path, jobs: list[dict[str, Any]]) -> Any:
    asked, answered = folder / "job.json", folder / "answer.json"
    asked.write_text(json.dumps(jobs), "utf-8")
    subprocess.run([sys.executable, "-I", SCRIPT, asked, answered], check=True)
    return json.loads(answered.read_text("utf-8"))


def divided(corpus: Corpus, pieces: list[str]) -> list[list[str]]:
    """The words of a corpus as pieces."""
    words: list[list[str]] = [[]]
    for id in corpus.symbols.tolist():
        if id == END:
            words.append([])
        else:
            words[-1].append(pieces[id])
    return words[:-1]


def test_bpe_by_hand() -> None:
    steps = train(HUGS, 3, Recipe("frequency", "characters")).steps
    assert [(s.left, s.right, s.piece, s.count) for s in steps] == [
        ("##u", "##g", "##ug", 20),  # hug 10, pug 5, hugs 5
        ("##u", "##n", "##un", 16),  # pun 12, bun 4
        ("h", "##ug", "hug", 15),  # hug 10, hugs 5
    ]
    assert [s.tokens for s in steps] == [113 - 20, 113 - 36, 113 - 51]


def test_wordpiece_by_hand() -> None:
    """The u that every word has makes its pairs cheap: "gs" wins with 5 of 20 · 5."""
    training = train(HUGS, 3, Recipe("ratio", "characters"))
    first = training.steps[0]
    assert (first.left, first.right, first.piece) == ("##g", "##s", "##gs")
    assert (first.count, first.left_count, first.right_count) == (5, 20, 5)
    assert first.ratio == 1 / 20
    best = candidates(training, training.start, "frequency", 2)
    assert best[0] == Candidate("##u", "##g", 20, 36, 20, 113)
    assert best[0].ratio == pytest.approx(1 / 36)


def test_the_gain_by_hand() -> None:
    """ug: 20 · ln(113 · 20 / (36 · 20)) = 22.9; hu, 15 · ln(113 · 15 / (15 · 36)) = 17.2; un,
    16 · ln(113 · 16 / (36 · 16)) = 18.3; pu, 17 · ln(113 · 17 / (17 · 36)) = 19.4."""
    training = train(HUGS, 1, Recipe("gain", "characters"))
    best = candidates(training.after(0), training.start, "gain", 4)
    assert [(c.left, c.right) for c in best] == [
        ("##u", "##g"), ("p", "##u"), ("##u", "##n"), ("h", "##u"),
    ]  # fmt: skip
    assert [c.gain for c in best] == pytest.approx([22.88, 19.44, 18.30, 17.16], abs=0.01)
    assert training.steps[0].piece == "##ug"


def test_the_gain_is_close_to_what_the_likelihood_gains() -> None:
    """Every pair of the tale, against the unigram log-likelihood after its merge less that before:
    the largest gain is the pair that raises it most."""
    words = count_words(ENGLISH, "characters")
    training = begin(words, Recipe("gain", "characters", 2))

    def likelihood(corpus: Corpus) -> float:
        inside = corpus.symbols != END
        counts = np.bincount(corpus.symbols[inside], corpus.weights[inside])
        counts = counts[counts > 0]
        return float((counts * np.log(counts / counts.sum())).sum())

    ids = {piece: id for id, piece in enumerate(training.alphabet)}
    pairs = candidates(training, training.start, "gain", 10_000)
    rises = []
    for pair in pairs:
        at = training.start.places(ids[pair.left], ids[pair.right])
        after = training.start.joined(at, len(ids))
        rises.append(likelihood(after) - likelihood(training.start))
    assert (len(pairs), rises.index(max(rises))) == (258, 0)
    gains, ratios = [pair.gain for pair in pairs], [pair.ratio for pair in pairs]
    assert np.corrcoef(gains, rises)[0, 1] > 0.95
    assert np.corrcoef(ratios, rises)[0, 1] < 0.4
    # the figures of the page: what the first merge by each score raises, in nats
    counts = [pair.count for pair in pairs]
    firsts = {name: rises[int(np.argmax(v))] for name, v in
              {"gain": gains, "frequency": counts, "ratio": ratios}.items()}  # fmt: skip
    assert firsts == pytest.approx({"gain": 430.5, "frequency": 203.7, "ratio": 102.7}, abs=0.1)


def test_how_much_the_ratio_costs() -> None:
    """The figures of the page: the English tale, 300 merges from characters, each twice or more."""
    words = count_words(ENGLISH, "characters")
    left = {s: train(words, 300, Recipe(s, "characters", 2)).tokens[-1] for s in SCORES}
    assert sum(words.values()) == 1353
    assert left == {"frequency": 1852, "ratio": 3068, "gain": 1904}


def test_bpe_marks_words_by_their_blank() -> None:
    tokenizer = learned_tokenizer(train(HUGS, 3, Recipe("frequency", "characters")))
    assert tokenizer.tokens(tokenizer.encode("hugs bx")) == [" hug", "s", " b", "[UNK]"]
    pieces = learned_tokenizer(train(HUGS, 3, Recipe("ratio", "characters")))
    assert pieces.tokens(pieces.encode("hug")) == ["h", "##u", "##g"]


def test_a_run_is_joined_from_the_left() -> None:
    training = train({"aaaaa": 2}, 9, Recipe())
    assert [(s.left, s.right, s.count) for s in training.steps] == [
        ("a", "a", 8),  # overlapping pairs count, as in the reference
        ("aa", "a", 2),  # aa aa a: equal counts, and "a" has the smaller id
        ("aa", "aaa", 2),
    ]
    assert divided(Replay(training).at(1), training.pieces) == [["aa", "aa", "a"]]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_nothing_to_learn(score: Score, alphabet: Alphabet) -> None:
    recipe = Recipe(score, alphabet)
    for words in ({}, {"a": 7}):
        training = train(words, 10, recipe)
        assert training.steps == ()
        assert learned_tokenizer(training).encode("b") != []
        assert candidates(training, training.start, score, 5) == []


def test_more_merges_than_pairs_and_a_least_count() -> None:
    all_ = train(HUGS, 1000, Recipe("frequency", "characters"))
    assert divided(Replay(all_).at(len(all_.steps)), all_.pieces) == [[word] for word in HUGS]
    some = train(HUGS, 1000, Recipe("frequency", "characters", least=10))
    assert min(step.count for step in some.steps) >= 10
    assert some.merges == all_.merges[: len(some.merges)]


@pytest.mark.parametrize("least", [1, 2])
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_merges_and_ids_are_the_reference_trainers(
    alphabet: Alphabet, least: int, tmp_path: Path
) -> None:
    corpora = [ENGLISH, CHINESE, CODE, EMOJI, ENGLISH + CHINESE + CODE + EMOJI]
    ours = [
        train(count_words(text, alphabet), 500, Recipe("frequency", alphabet, least))
        for text in corpora
    ]
    jobs = [
        {"corpus": text, "alphabet": alphabet, "size": len(training.pieces), "least": least}
        for text, training in zip(corpora, ours, strict=True)
    ]
    theirs = ask(tmp_path, [{"train": job} for job in jobs])
    for training, answer in zip(ours, theirs, strict=True):
        assert [list(pair) for pair in training.merges] == answer["merges"]
        assert {piece: id for id, piece in enumerate(training.pieces)} == answer["vocab"]
    assert len(ours[-1].steps) == 500


def by_the_formula(words: dict[str, int], merges: int, recipe: Recipe) -> list[tuple[str, str]]:
    """Counts everything anew at each step, in exact fractions."""
    ids = {piece: id for id, piece in enumerate(begin(words, recipe).alphabet)}
    rows = [(symbols_of(word, recipe.alphabet), count) for word, count in words.items()]
    learned: list[tuple[str, str]] = []
    while len(learned) < merges:
        single: Counter[str] = Counter()
        double: Counter[tuple[str, str]] = Counter()
        for row, count in rows:
            for symbol in row:
                single[symbol] += count
            for pair in pairwise(row):
                double[pair] += count
        total = single.total()

        def value(n: int, a: str, b: str, single: Counter[str] = single, total: int = total) -> Any:
            if recipe.score == "frequency":
                return n
            ratio = Fraction(n, single[a] * single[b])
            # n · ln x grows as xⁿ does, and that is a fraction
            return ratio if recipe.score == "ratio" else (total * ratio) ** n

        scored = [
            (
                -value(n, a, b),
                ids[a],
                ids[b],
                (a, b),
            )
            for (a, b), n in double.items()
            if n >= recipe.least
        ]
        if not scored:
            break
        pair = min(scored)[-1]
        if pair not in learned:  # joined again because its parts were made another way: no step
            learned.append(pair)
        piece = joined_piece(*pair, recipe.alphabet)
        ids.setdefault(piece, len(ids))
        for row, _ in rows:
            at = 0
            while at < len(row) - 1:
                if (row[at], row[at + 1]) == pair:
                    row[at : at + 2] = [piece]
                at += 1
    return learned


@pytest.mark.parametrize(
    ("score", "alphabet", "least"),
    [
        ("ratio", "characters", 1),
        ("ratio", "characters", 2),
        ("ratio", "bytes", 2),
        ("gain", "characters", 1),
        ("gain", "characters", 2),
        ("gain", "bytes", 2),
        ("frequency", "characters", 2),
    ],
)
@pytest.mark.parametrize("text", [ENGLISH[:2500], CHINESE], ids=["english", "chinese"])
def test_merges_are_the_formulas(score: Score, alphabet: Alphabet, least: int, text: str) -> None:
    words, recipe = count_words(text, alphabet), Recipe(score, alphabet, least)
    assert train(words, 60, recipe).merges == by_the_formula(words, 60, recipe)


@settings(max_examples=40, deadline=None)
@given(
    words=st.dictionaries(st.text("abc", min_size=1, max_size=6), st.integers(1, 5), max_size=8),
    score=st.sampled_from(SCORES),
    least=st.integers(1, 3),
)
def test_counts_stay_true(words: dict[str, int], score: Score, least: int) -> None:
    """What a step says of its counts is what counting the replayed corpus says."""
    training = train(words, 12, Recipe(score, "characters", least))
    replay = Replay(training)
    for number, step in enumerate(training.steps):
        corpus = replay.at(number)
        winner = candidates(training, corpus, score, 1)[0]
        assert winner == Candidate(
            step.left, step.right, step.count, step.left_count, step.right_count, corpus.tokens
        )
        assert replay.at(number + 1).tokens == step.tokens < corpus.tokens
    assert ["".join(p.removeprefix("##") for p in row) for row in divided(
        replay.at(len(training.steps)), training.pieces
    )] == list(words)  # fmt: skip


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_encoding_divides_the_corpus_as_training_did(alphabet: Alphabet) -> None:
    words = count_words(ENGLISH + CHINESE, alphabet)
    training = train(words, 400, Recipe("frequency", alphabet, 2))
    replay = Replay(training)
    for steps in (0, 1, 137, 136, 400, 20):  # forwards and backwards
        model = learned_tokenizer(training.after(steps)).model
        names = training.pieces
        encoded = [[names[id] for id in model(word)] for word in words]
        assert encoded == divided(replay.at(steps), names)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_the_reference_loads_what_was_learnt(
    score: Score, alphabet: Alphabet, tmp_path: Path
) -> None:
    texts = [
        *ENGLISH.split("\n")[:30], *CHINESE.split("\n")[:20], *CODE.split("\n"), EMOJI,
        "", " ", "[UNK] ##x <s>", "Café naïve Ωmega \u0301", "\x00\x07\x1f\u200b", "a" * 1500,
    ]  # fmt: skip
    training = train(count_words(ENGLISH, alphabet), 300, Recipe(score, alphabet, 2))
    tokenizer = learned_tokenizer(training)
    text = tokenizer_json(training)
    [answer] = ask(tmp_path, [{"load": {"text": text, "texts": texts}}])
    ids = [tokenizer.encode(one) for one in texts]
    assert ids == answer["ids"]
    assert [tokenizer.decode(row) for row in ids] == answer["decoded"]


def test_only_an_alphabet_of_characters_has_unknowns() -> None:
    words = count_words(ENGLISH, "bytes")
    for score in SCORES:
        tokenizer = learned_tokenizer(train(words, 50, Recipe(score, "bytes")))
        assert tokenizer.decode(tokenizer.encode("猫坐 😀")) == "猫坐 😀"
    bpe = learned_tokenizer(train({"ab": 2}, 5, Recipe("frequency", "characters")))
    assert bpe.pieces(bpe.encode("abxab")) == ["ab", "[UNK]", "##a", "##b"]  # one character
    whole = learned_tokenizer(train({"ab": 2}, 5, Recipe("ratio", "characters")))
    assert whole.pieces(whole.encode("abxab")) == ["[UNK]"]  # the word


def test_work_shows_each_merge() -> None:
    model = learned_tokenizer(train(HUGS, 3, Recipe("frequency", "characters"))).model
    assert isinstance(model, CharacterBPE)
    symbols, merges, pieces = model.work("hugs")
    assert symbols == ["h", "##u", "##g", "##s"]
    assert [(merge.left, merge.right) for merge in merges] == [("##u", "##g"), ("h", "##ug")]
    assert pieces == ["hug", "##s"]


def test_a_generator_can_be_stopped_and_gone_on_with() -> None:
    training = begin(count_words(ENGLISH, "bytes"), Recipe())
    steps = learn(training)
    some = [next(steps) for _ in range(20)]
    rest = [next(steps) for _ in range(20)]
    assert tuple(some + rest) == train(count_words(ENGLISH, "bytes"), 40, Recipe()).steps


def test_time_for_a_large_corpus() -> None:
    """About 400 distinct kB: 600 merges in far less than what 5,000 on 1 MB may take (a minute)."""
    text = "".join(
        path.read_text("utf-8") for folder in ("model", "ui", "tests") for path in
        sorted((ROOT / folder).rglob("*.py"))
    )[:400_000]  # fmt: skip
    words = count_words(text, "bytes")
    for score in SCORES:
        began = time.process_time()
        assert len(train(words, 600, Recipe(score, "bytes", 2)).steps) == 600
        assert time.process_time() - began < 10
