"""How much memory values of all kinds hold, about: what a cache bounds itself by."""

import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor


def weight(value: Any) -> int:
    """Bytes that a value keeps alive, down to its parts; what it holds twice counts once."""
    known: dict[int, int] = {}  # what was counted, so that it is not counted again
    parts = [value]
    while parts:
        part = parts.pop()
        identity, size = _own(part)
        if identity not in known:
            known[identity] = size
            parts.extend(_parts(part))
    return sum(known.values())


def _own(value: Any) -> tuple[int, int]:
    """What tells this memory from other memory, and its size, its parts left out."""
    if isinstance(value, Tensor):
        storage = value.untyped_storage()  # a slice holds all of it
        return storage.data_ptr() or id(value), storage.nbytes()
    if isinstance(value, np.ndarray):
        whole = value if value.base is None else value.base
        return id(whole), int(getattr(whole, "nbytes", value.nbytes))
    if isinstance(value, pd.DataFrame):
        return id(value), int(value.memory_usage(deep=True).sum())
    return id(value), sys.getsizeof(value)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, (list, tuple, Set)):
        yield from value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, field.name) for field in fields(value))
