"""What scores cost: time and peak memory of a matrix product and of additive scores."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import finalize

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

BYTES = 4  # of a float32


@dataclass(frozen=True)
class Cost:
    """One measured point.

    kind: "dot" or "additive". axis: "n" or "d_k", what the series varies. n queries meet n keys
    of d_k features. seconds, median: the fastest and the median of `repeats` runs; what else the
    machine does disturbs the fastest least. peak: bytes of the tensors alive at
    once, inputs left out, measured. computed: the same from the shapes.
    """

    kind: str
    axis: str
    n: int
    d_k: int
    seconds: float
    median: float
    repeats: int
    peak: int
    computed: int

    @property
    def operations(self) -> int:
        """Floating-point operations by the textbook: 2·n²·d_k for the product; for the additive
        score one sum, one tanh, and a product and sum with v per feature."""
        return (2 if self.kind == "dot" else 4) * self.n**2 * self.d_k


def dot_scores(queries: Tensor, keys: Tensor) -> Tensor:
    """q·k of (n, d_k) and (n, d_k), as (n, n)."""
    return queries @ keys.T


def additive_scores(queries: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """vᵀ tanh(q + k), as (n, n): the plain form, with all n × n × d_k sums at once. The tanh
    overwrites them, so that one such tensor is alive and not two."""
    return (queries[:, None] + keys).tanh_() @ vector


def computed_peak(kind: str, n: int, d_k: int) -> int:
    """Bytes alive at once: the n × n scores, and for additive ones the n × n × d_k sums."""
    return BYTES * n * n * (1 if kind == "dot" else d_k + 1)


def plan(
    lengths: tuple[int, ...], widths: tuple[int, ...], at_n: int, at_d: int
) -> list[tuple[str, str, int, int]]:
    """The points of `measure` in order, cheap ones first: (kind, axis, n, d_k)."""
    points = [("n", n, at_d) for n in lengths] + [("d_k", at_n, d) for d in widths]
    return [
        (kind, axis, n, d)
        for axis, n, d in sorted(points, key=lambda point: point[1] ** 2 * point[2])
        for kind in ("dot", "additive")
    ]


def measure(points: list[tuple[str, str, int, int]], seed: int, seconds: float) -> Iterator[Cost]:
    """Each point's cost in turn: repeated until `seconds` have gone by, at least 7 times."""
    for kind, axis, n, d in points:
        dice = torch.Generator().manual_seed(seed)
        queries, keys = torch.randn(2, n, d, generator=dice)  # (n, d_k) each
        vector = torch.ones(d)

        def call(
            kind: str = kind, q: Tensor = queries, k: Tensor = keys, v: Tensor = vector
        ) -> Tensor:
            return dot_scores(q, k) if kind == "dot" else additive_scores(q, k, v)

        peak = peak_bytes(call)  # also the warm-up of the timing
        took = timings(call, seconds)
        yield Cost(
            kind=kind,
            axis=axis,
            n=n,
            d_k=d,
            seconds=min(took),
            median=statistics.median(took),
            repeats=len(took),
            peak=peak,
            computed=computed_peak(kind, n, d),
        )


def timings(call: Callable[[], object], seconds: float, least: int = 7) -> list[float]:
    """Seconds of each of several runs of `call`: until `seconds` have gone by, at least `least`."""
    took: list[float] = []
    with torch.no_grad():
        while len(took) < least or sum(took) < seconds:
            began = time.perf_counter()
            call()
            took.append(time.perf_counter() - began)
    return took


def peak_bytes(call: Callable[[], object]) -> int:
    """The most bytes of tensors, made while `call` runs, that were alive at once.

    Counted where PyTorch dispatches its operations, in this thread alone: what a kernel
    allocates for itself within one operation is not seen.
    """
    with torch.no_grad(), _Ledger() as ledger:
        call()
    return ledger.peak


class _Ledger(TorchDispatchMode):
    """Adds up the storages that operations make, and takes off those that are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = 0
        self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        known = {x.untyped_storage().data_ptr() for x in args if isinstance(x, Tensor)}
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor):
                self._enter(tensor.untyped_storage(), known)
        return result

    def _enter(self, storage: torch.UntypedStorage, known: set[int]) -> None:
        """A storage that is neither an argument's nor counted yet (a view, or in-place)."""
        place, size = storage.data_ptr(), storage.nbytes()
        if not size or place in known or place in self._known:
            return
        self._known.add(place)
        self.alive += size
        self.peak = max(self.peak, self.alive)
        finalize(storage, self._leave, place, size)

    def _leave(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.alive -= size
