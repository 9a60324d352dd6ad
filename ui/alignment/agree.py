"""Whether the cross-attention is an alignment: held against letters and phonemes that an EM
aligner put together from the dictionary alone."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add

import pandas as pd
import streamlit as st

from charts.viewer import Axis, Panel, matrices
from experiments.cross_attention import SURE, Agreement, agreement_of
from experiments.cross_attention import evidence as table_of
from experiments.letter_alignment import Aligner, learn
from model import Bench
from model.training.tasks.pronunciation import LETTERS, PHONEMES, dictionary
from ui.alignment import steps
from ui.alignment.lexicon import lessons, lexicon, tests
from ui.alignment.spelling import View
from ui.alignment.written import spoken, trace_of
from ui.anatomy import badge, evidence, figures
from ui.fragment import fragment
from ui.gradual import begin, gradually, so_far, working
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.scene import words

KEY = "agree"
AT_ONCE = 0.6  # seconds of work between two pictures
PAUSE = 0.5  # seconds in which the page can answer something else
LESSONS = 3000  # training words that the aligner learns from
ROUNDS = 6  # of EM
TESTED = 200
PORTION = 20  # of them at once


def show(bench: Bench, view: View) -> None:
    """Draw what is measured so far, and go on."""
    badge("observed")
    lexicon()
    with st.spinner(_("Aligning {n} training words …").format(n=f"{LESSONS:,}")):
        aligner = _aligner(LESSONS)
    _one_word(bench, aligner, view)
    settings, count = bench.name, TESTED // PORTION
    sample = tests(TESTED)
    begin(KEY, settings, lambda: _measure(bench, aligner, sample), within=AT_ONCE)
    ticking = working(KEY, count)
    draw = fragment(_draw, run_every=PAUSE if ticking else None)
    draw(bench, lambda: _measure(bench, aligner, sample), settings, count, ticking)


def _draw(
    bench: Bench,
    measure: Callable[[], Iterator[Agreement]],
    settings: str,
    count: int,
    ticking: bool,
) -> None:
    place = st.container()  # above what grows, so that the button stays where it is
    done: list[Agreement] = so_far(KEY, settings)
    if done:
        total = reduce(add, done)
        if total.phonemes:
            _all_words(bench, total)
    with place:
        gradually(
            KEY,
            settings,
            measure,
            count,
            _("Comparing where every head looks …"),
            within=AT_ONCE,
        )
    if ticking != working(KEY, count):
        st.rerun()  # the clock of a fragment starts and stops only with the whole page


@st.cache_resource(max_entries=1, show_spinner=False)
def _aligner(count: int) -> Aligner:
    entries = dictionary()
    pairs = [(word, entries[word][0]) for word in lessons(count)]
    *_before, (aligner, _likelihood) = learn(pairs, LETTERS, PHONEMES, ROUNDS)
    return aligner


def _measure(bench: Bench, aligner: Aligner, sample: Sequence[str]) -> Iterator[Agreement]:
    """The counts of one portion of the test words after the other."""
    entries = dictionary()
    for first in range(0, len(sample), PORTION):
        portion = sample[first : first + PORTION]
        found = [agreement_of(bench, aligner, word, entries[word][0]) for word in portion]
        yield reduce(add, [one for one in found if one is not None])


def _one_word(bench: Bench, aligner: Aligner, view: View) -> None:
    """The reader's word: the aligner's letters beside the chosen head's."""
    said = spoken(bench, view.tokens)
    aligned = aligner.align(view.word, said)
    if aligned is None:
        st.info(_("The aligner gives a letter at most two phonemes: it cannot place this word."))
        return
    layer = bench.shape.encoder_layers + view.layer
    looks = trace_of(bench, view.word, view.tokens).looks(layer, view.head)
    rows, letters = (
        Axis(_("phonemes"), said, "queries"),
        Axis(_("letters"), list(view.word), "keys"),
    )
    matrices(
        "aligned",
        panels=[
            Panel(
                _("EM aligner: which letter wrote it"),
                aligned,
                "weights",
                high=1.0,
                rows=rows,
                columns=letters,
            ),
            Panel(
                _("Cross-attention: {place}").format(place=steps.place_name(view.layer, view.head)),
                looks[: len(said), :-1],
                "weights",
                high=1.0,
                rows=rows,
                columns=letters,
            ),
        ],
        largest=44,
        words=words(),
    )
    st.caption(
        _(
            "The aligner knows no network: each letter writes no phoneme, one or two, and EM "
            "estimates from {n} training words how often. Layer and head are those chosen above; "
            "the encoder's end is left out."
        ).format(n=f"{LESSONS:,}")
    )


def _all_words(bench: Bench, total: Agreement) -> None:
    shape = bench.shape
    shares = table_of(total, 0)
    best = shares.loc[shares["exact"].idxmax()]
    pace = total.pace_exact / total.phonemes
    place = steps.place_name(int(best["layer"]), int(best["head"]))
    figures(
        (_("Best head: same letter"), numeral(best["exact"], ".1%"), place),
        (_("An even pace: same letter"), numeral(pace, ".1%"), _("knows only both lengths")),
        (
            _("Best head, where the even pace is wrong"),
            numeral(best["hard"], ".1%"),
            _("{n} phonemes").format(n=total.phonemes - total.pace_exact),
        ),
    )
    rows = Axis(_("Decoder layer"), [str(n) for n in range(shape.decoder_layers)])
    columns = Axis(_("Head"), [str(n) for n in range(shape.n_heads)])
    titles = {
        "exact": _("Same letter as the aligner"),
        "hard": _("… where an even pace is wrong"),
        "forward": _("Does not go back"),
    }
    grid = (shape.decoder_layers, shape.n_heads)
    matrices(
        "agreement",
        panels=[
            Panel(
                title,
                shares[name].to_numpy().reshape(grid),
                "amounts",
                high=1.0,
                rows=rows,
                columns=columns,
            )
            for name, title in titles.items()
        ],
        across=3,
        largest=44,
        words=words() | {"weight": _("share")},
    )
    pacing = {
        "layer": "–",
        "head": _("even pace"),
        "exact": pace,
        "near": total.pace_near / total.phonemes,
        "hard": 0.0,
        "forward": 1.0,
    }
    table = pd.concat(
        [shares.assign(layer=shares["layer"].astype(str), head=shares["head"].astype(str)),
         pd.DataFrame([pacing])],
        ignore_index=True,
    )  # fmt: skip
    percent = {
        name: [numeral(v, ".1%") for v in table[name]]
        for name in ("exact", "near", "hard", "forward")
    }
    evidence(
        table.assign(**percent),
        _(
            "Model {model}, test words read with their first dictionary pronunciation; of {placed} "
            "phonemes the {phonemes} count whose letter the aligner is at least {sure} sure of. "
            "A head's letter is the one with its largest weight, the encoder's end included."
        ).format(
            model=model_name(bench),
            placed=f"{total.placed:,}",
            phonemes=f"{total.phonemes:,}",
            sure=numeral(SURE, ".0%"),
        ),
        {
            "layer": _("decoder layer"),
            "head": _("head"),
            "exact": _("same letter"),
            "near": _("at most one away"),
            "hard": _("same letter, even pace wrong"),
            "forward": _("does not go back"),
        },
    )
