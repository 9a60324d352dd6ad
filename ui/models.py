"""The models and runs that sessions share: every cache of a tensor is here, and bounded."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from experiments.reading import Reading, first_layer, look, look_at_head, read, reread, steps
from experiments.sequential import pass_flops
from model import Bench, Choices, Run, load
from model.bench import Text
from ui import heap
from ui.bounded import Bounded, memory
from ui.cores import TURNS, passing
from ui.i18n import _
from ui.offers import source_of

# Bytes that each cache holds at most: of SmolLM2 at 2,048 tokens three readings and four heads,
# of MiniLM at 512 tokens eight layers.
READINGS = 512 * 2**20
LAYERS = 384 * 2**20
HEADS = 224 * 2**20
_POLL = 0.05  # seconds between two looks at a loading model


@dataclass
class _Loading:
    """A model on its way: one for all sessions that wait for it."""

    result: Future[Bench] = field(default_factory=Future)
    share: float = 0.0  # done, 0 to 1

    def work(self, name: str) -> Bench:
        bench = load(name, self._tell)
        heap.freeze()
        return bench

    def _tell(self, share: float) -> None:
        self.share = share


@st.cache_resource(max_entries=4, show_spinner=False)
def _loading(name: str) -> _Loading:
    loading = _Loading()
    with_pool = ThreadPoolExecutor(1, thread_name_prefix=f"load {name}")
    loading.result = with_pool.submit(loading.work, name)
    with_pool.shutdown(wait=False)
    return loading


def bench_of(name: str) -> Bench:
    """The model of this name, on offer or in the catalogue, with a progress bar while it loads;
    ModelError where it cannot be opened, or is not there."""
    source = source_of(name)
    loading = _loading(source)
    if not loading.result.done():
        bar = st.progress(0.0, text=_("Loading the model …"))
        with TURNS.given():
            while not loading.result.done():
                bar.progress(min(1.0, loading.share), text=_("Loading the model …"))
                time.sleep(_POLL)
        bar.empty()
    try:
        return loading.result.result()
    except Exception:
        _loading.clear(source)  # what was missing may be there at the next try
        raise


def flops_of(bench: Bench, tokens: int) -> int:
    """Floating-point operations of a pass over so many tokens."""
    return pass_flops(bench.shape, tokens, tokens, logits=1)


def reading_of(bench: Bench, text: Text, choices: Choices) -> Reading:
    """One reading, shared read-only by all sessions."""
    native = None if choices == bench.native else reading_of(bench, text, bench.native)

    def make() -> Reading:
        if native is None:
            flops = flops_of(bench, bench.encode(text).ids.shape[1])
            return passing(flops, partial(read, bench, text, choices))
        return passing(flops_of(bench, _length(native)), partial(reread, bench, native, choices))

    return _readings().get((bench.name, text, choices), make)


def reading_steps(
    bench: Bench, text: Text, choices: Choices, each: int = 1
) -> Iterator[Reading | None]:
    """`reading_of`, at most `each` layers a step: None after each step but the last, which gives
    the reading. Under other choices than the native ones the native reading is to be there."""
    readings, key = _readings(), (bench.name, text, choices)
    found = readings.find(key)
    if found is None:
        start = text if choices == bench.native else reading_of(bench, text, bench.native)
        work = steps(bench, start, choices, each)
        share = flops_of(bench, bench.encode(text).ids.shape[1]) * each / bench.shape.n_layers
        while found is None:
            found = passing(share, partial(next, work))
            heap.give_back()
            if found is None:
                yield None
        readings.put(key, found)
    yield found


def is_read(bench: Bench, text: Text, choices: Choices) -> bool:
    """Whether `reading_of` would answer at once."""
    return _readings().find((bench.name, text, choices)) is not None


def steps_of(bench: Bench, choices: Choices, each: int) -> int:
    """How many steps `reading_steps` takes for what is not read yet."""
    first = 0 if choices == bench.native else first_layer(choices, bench.native, bench.shape)
    return -(-(bench.shape.n_layers - first) // each)


def layer_of(bench: Bench, text: Text, choices: Choices, layer: int) -> Run:
    """Everything of one layer, shared read-only by all sessions."""
    reading = reading_of(bench, text, choices)

    def make() -> Run:
        flops = flops_of(bench, _length(reading)) / bench.shape.n_layers
        return passing(flops, partial(look, bench, reading, layer))

    return _layers().get((bench.name, text, choices, layer), make)


def head_of(bench: Bench, text: Text, choices: Choices, layer: int, head: int) -> Run:
    """One head of a layer, shared read-only by all sessions: for texts so long that all heads
    would be too much to keep."""
    reading = reading_of(bench, text, choices)

    def make() -> Run:
        flops = flops_of(bench, _length(reading)) / bench.shape.n_layers
        run = passing(flops, partial(look_at_head, bench, reading, layer, head))
        heap.give_back()
        return run

    return _heads().get((bench.name, text, choices, layer, head), make)


@st.cache_resource(show_spinner=False)
def _readings() -> Bounded[Reading]:
    return Bounded(READINGS, _weight)


@st.cache_resource(show_spinner=False)
def _layers() -> Bounded[Run]:
    return Bounded(LAYERS, lambda run: memory(run.kept.values()))


@st.cache_resource(show_spinner=False)
def _heads() -> Bounded[Run]:
    return Bounded(HEADS, lambda run: memory(run.kept.values()))


def _length(reading: Reading) -> int:
    """Tokens of the text that was read."""
    return reading.run.source.ids.shape[1]


def _weight(reading: Reading) -> int:
    notes = (reading.thumbnails, reading.profiles, *reading.norms.values())
    return memory((*reading.run.kept.values(), *notes))
