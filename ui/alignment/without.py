"""What is left of the pronunciation when the decoder's look at the word is switched off or
frozen: measured on held-out words, drawn while it is measured."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from charts import alignment as charts
from charts.viewer import Axis, Panel, matrices
from experiments.pronunciation import (
    Switch,
    Tally,
    paired,
    partners,
    pronounce,
    switches,
    tally,
)
from model import Bench
from model.training.tasks.pronunciation import dictionary
from ui.alignment.lexicon import tests
from ui.alignment.published import literature
from ui.anatomy import badge, evidence, figures
from ui.bounded import Bounded
from ui.fragment import fragment
from ui.gradual import begin, gradually, so_far, working
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, among
from ui.weight import weight

KEY = "without"
AT_ONCE = 0.6  # seconds of work between two pictures
PAUSE = 0.5  # seconds in which the page can answer something else
SIZES = (100, 300, 1000)

Sample = tuple[str, ...]

PARAMETERS = (Parameter("tested", 300, among(*SIZES)),)


@dataclass(frozen=True)
class Result:
    """Of one setting: errors against each word's own pronunciations and against those of the
    other word of its length, and what it makes of the reader's word."""

    name: str
    own: Tally
    others: Tally
    word: str


def show(bench: Bench, word: str) -> None:
    """Draw what is measured so far, and go on."""
    badge("switched")
    st.segmented_control(
        _("Held-out test words"),
        SIZES,
        key="tested",
        required=True,
        persist_state="session",
    )
    count = int(st.session_state["tested"])
    sample = tuple(paired(tests(count), count))
    settings, steps = (bench.name, word, len(sample)), len(switches(bench.shape))
    begin(KEY, settings, lambda: _measure(bench, word, sample), within=AT_ONCE)
    ticking = working(KEY, steps)
    draw = fragment(_draw, run_every=PAUSE if ticking else None)
    draw(bench, word, sample, settings, steps, ticking)


def _draw(
    bench: Bench,
    word: str,
    sample: Sample,
    settings: tuple[str, str, int],
    steps: int,
    ticking: bool,
) -> None:
    place = st.container()  # above what grows, so that the button stays where it is
    before: list[Result] = so_far(KEY, settings)
    found = {result.name: result for result in before}
    if "uniform" in found:
        _figures(found)
        _rates(bench, found)
        _heads(bench, found)
        _table(bench, word, sample, found)
    with place:
        gradually(
            KEY,
            settings,
            lambda: _measure(bench, word, sample),
            steps,
            _("Spelling {n} words under every setting …").format(n=len(sample)),
            within=AT_ONCE,
        )
    if ticking != working(KEY, steps):
        st.rerun()  # the clock of a fragment starts and stops only with the whole page


def _measure(bench: Bench, word: str, sample: Sample) -> Iterator[Result]:
    for name, switch in switches(bench.shape).items():
        own, others = _errors().get(
            (bench.name, sample, name), partial(_compare, bench, sample, switch)
        )
        # exchanged: the reader's word has one of the same length beside it, if there is one
        mine = [word, *(one for one in sample if len(one) == len(word) and one != word)][:2]
        alone = bool(switch.exchanged) and len(mine) < 2
        spelled = "–" if alone else " ".join(pronounce(bench, mine, switch)[0])
        yield Result(name, own, others, spelled or "–")


@st.cache_resource(show_spinner=False)
def _errors() -> Bounded[tuple[Tally, Tally]]:
    """Shared by all sessions: they are the same whatever word a reader writes."""
    return Bounded(2**20, weight)


def _compare(bench: Bench, sample: Sample, switch: Switch) -> tuple[Tally, Tally]:
    """Against each word's own pronunciations, and against those of its partner."""
    entries = dictionary()
    own = [entries[one] for one in sample]
    said = pronounce(bench, sample, switch)
    return tally(said, own), tally(said, [own[place] for place in partners(sample)])


def _names(bench: Bench) -> dict[str, str]:
    """The settings as a reader reads them, decoder layers counted from 0."""
    first = bench.shape.encoder_layers
    names = {
        "native": _("native"),
        "off": _("off: writes nothing"),
        "uniform": _("frozen: every letter alike"),
        "keys": _("another word's keys"),
        "values": _("another word's values"),
        "memory": _("another word's memory (both)"),
    }
    for layer in range(bench.shape.decoder_layers):
        names[f"layer {first + layer}"] = _("off in decoder layer {layer}").format(layer=layer)
        for head in range(bench.shape.n_heads):
            names[f"head {first + layer}.{head}"] = _("off: layer {layer}, head {head}").format(
                layer=layer, head=head
            )
    return names


def _figures(found: Mapping[str, Result]) -> None:
    figures(
        *(
            (
                title,
                numeral(found[name].own.phoneme_error_rate, ".1%"),
                _("words wrong: {share}").format(
                    share=numeral(found[name].own.word_error_rate, ".1%")
                ),
            )
            for name, title in (
                ("native", _("Phoneme error rate, native")),
                ("off", _("cross-attention off")),
                ("uniform", _("every letter alike")),
            )
        )
    )


def _rates(bench: Bench, found: Mapping[str, Result]) -> None:
    names = _names(bench)
    shown = [found[name] for name in names if name in found and not name.startswith("head")]
    plot(
        charts.error_rates(
            pd.DataFrame(
                {
                    "setting": [names[one.name] for one in shown],
                    "phonemes": [one.own.phoneme_error_rate for one in shown],
                    "words": [one.own.word_error_rate for one in shown],
                }
            ),
            {
                "phonemes": _("phoneme error rate"),
                "words": _("word error rate"),
                "rate": _("error rate"),
                "setting": _("Setting"),
            },
            colours(),
        ),
        key="error_rates",
    )


def _heads(bench: Bench, found: Mapping[str, Result]) -> None:
    """What each head is worth alone."""
    shape = bench.shape
    native = found["native"].own
    names = [
        [f"head {shape.encoder_layers + layer}.{head}" for head in range(shape.n_heads)]
        for layer in range(shape.decoder_layers)
    ]
    waiting = [[name not in found for name in row] for row in names]
    if all(all(row) for row in waiting):
        return
    table = [
        [
            found[name].own.phoneme_error_rate - native.phoneme_error_rate if name in found else 0.0
            for name in row
        ]
        for row in names
    ]
    st.markdown(_("**One head at a time**: the phoneme error rate without it, minus native"))
    matrices(
        "without_heads",
        panels=[
            Panel(
                _("Δ phoneme errors"),
                table,
                "difference",
                rows=Axis(_("Decoder layer"), [str(n) for n in range(shape.decoder_layers)]),
                columns=Axis(_("Head"), [str(n) for n in range(shape.n_heads)]),
                masked=waiting,
            )
        ],
        largest=44,
        words=words() | {"masked": _("not measured yet")},
    )
    st.caption(
        _(
            "{errors} errors in {phonemes} phonemes are counted natively: chance alone moves such "
            "a rate by about {chance}. Test more words to see small differences."
        ).format(
            errors=native.errors,
            phonemes=f"{native.phonemes:,}",
            chance=numeral(math.sqrt(native.errors) / native.phonemes, ".2%"),
        )
    )


def _table(bench: Bench, word: str, sample: Sample, found: Mapping[str, Result]) -> None:
    names = _names(bench)
    rows = [
        {
            "setting": names[name],
            "phonemes": numeral(found[name].own.phoneme_error_rate, ".1%"),
            "words": numeral(found[name].own.word_error_rate, ".1%"),
            "others": numeral(found[name].others.phoneme_error_rate, ".1%"),
            "word": found[name].word,
        }
        for name in names
        if name in found
    ]
    evidence(
        pd.DataFrame(rows),
        _(
            "Model {model}, greedy decoding, {n} held-out test words in a fixed random order "
            "(those with another one of the same length among them). Phoneme error rate: "
            "insertions, deletions and replacements to the closest dictionary pronunciation, per "
            "phoneme. “Of the other word”: the same output against the word whose keys or values "
            "were given."
        ).format(model=model_name(bench), n=len(sample)),
        {
            "setting": _("cross-attention"),
            "phonemes": _("phoneme error rate"),
            "words": _("word error rate"),
            "others": _("… of the other word"),
            "word": _("“{word}” becomes").format(word=word),
        },
    )
    literature()
