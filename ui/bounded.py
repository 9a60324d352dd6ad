"""A cache that all sessions share, bounded by the memory of what it holds."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from torch import Tensor

from ui.cores import DESK

Value = TypeVar("Value")


@dataclass
class _Turn:
    """Those who want a value that is being made: one makes it, the others wait."""

    lock: Lock = field(default_factory=Lock)
    wanting: int = 0


class Bounded(Generic[Value]):
    """Keeps the values that were asked for last, up to `most` bytes of them as `size` counts
    them, and up to `entries` of them: what a small value costs besides its tensors is not counted.
    The newest is kept whatever its size. Values are shared: read only."""

    def __init__(self, most: int, size: Callable[[Value], int], entries: int = 256) -> None:
        self.most, self.entries = most, entries
        self._size = size
        self._lock = Lock()
        self._held: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0  # of all that is held
        self._turns: dict[Hashable, _Turn] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value under `key`, made now if nobody has; two sessions that ask for it at the same
        time make it once. What `make` raises is raised here, and nothing is kept. What works at
        the desk waits for nobody: whoever makes the value may wait for that very seat."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.wanting += 1
        try:
            with nullcontext() if DESK.seated else turn.lock:
                found = self.find(key)
                return self.put(key, make()) if found is None else found
        finally:
            with self._lock:
                turn.wanting -= 1
                if not turn.wanting:
                    del self._turns[key]

    def find(self, key: Hashable) -> Value | None:
        """The value under `key`, if it is here."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def drop(self, key: Hashable) -> None:
        """Let go of the value under `key`, if it is here."""
        with self._lock:
            self._bytes -= self._held.pop(key, (None, 0))[1]

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep a value, letting go of those asked for longest ago; returns it."""
        size = self._size(value)
        with self._lock:
            self._bytes += size - self._held.pop(key, (value, 0))[1]
            self._held[key] = value, size
            while len(self._held) > self.entries or (
                len(self._held) > 1 and self._bytes > self.most
            ):
                _key, (_value, gone) = self._held.popitem(last=False)
                self._bytes -= gone
        return value

    @property
    def bytes(self) -> int:
        """What is held now."""
        with self._lock:
            return self._bytes


def memory(tensors: Iterable[Tensor]) -> int:
    """Bytes that these tensors keep alive: each storage once, and all of it, since a slice holds
    the whole tensor that it was cut from."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())
