"""The models and runs that sessions share: every cache of a tensor is here, and bounded."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st

from experiments.reading import Reading, look, read, reread
from model import Bench, Choices, Run, load
from model.bench import Text
from ui import heap
from ui.i18n import _

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
    """The model `name`, with a progress bar while it loads; raises ModelError."""
    loading = _loading(name)
    if not loading.result.done():
        bar = st.progress(0.0, text=_("Loading the model …"))
        while not loading.result.done():
            bar.progress(min(1.0, loading.share), text=_("Loading the model …"))
            time.sleep(_POLL)
        bar.empty()
    try:
        return loading.result.result()
    except Exception:
        _loading.clear(name)  # what was missing may be there at the next try
        raise


@st.cache_resource(max_entries=24, show_spinner=False)
def reading_of(model: str, text: Text, choices: Choices) -> Reading:
    """One reading, shared read-only by all sessions. A variant starts from the native reading at
    the first layer that it changes."""
    bench = bench_of(model)
    if choices == bench.native:
        return read(bench, text, choices)
    return reread(bench, reading_of(model, text, bench.native), choices)


@st.cache_resource(max_entries=12, show_spinner=False)
def layer_of(model: str, text: Text, choices: Choices, layer: int) -> Run:
    """Everything of one layer."""
    return look(bench_of(model), reading_of(model, text, choices), layer)
