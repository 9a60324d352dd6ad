"""Reads GGUF files (versions 2 and 3): metadata and tensors, nothing believed unchecked.

Source: the GGUF specification (ggml, docs/gguf.md).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from model.errors import ModelError
from model.weights import blocks
from model.weights.blocks import (
    Format,
    TensorEntry,
    read_tensor,
    regular,
    truncated,
    unsupported,
)
from model.weights.foreign import ENOUGH, check_start

MAX_HEADER = 64 << 20  # bytes; a vocabulary of 256,000 tokens takes about 10 MiB
MAX_NESTING = 4  # arrays of arrays
MAX_ENTRIES = 1 << 16  # tensors, or metadata values
MAX_VALUES = 1 << 21  # in all arrays together: each takes up to 40 bytes as a Python object
MAX_DIMENSIONS = 4
DEFAULT_ALIGNMENT = 32

FORMATS: Mapping[int, Format] = {
    0: blocks.F32,
    1: blocks.F16,
    2: blocks.Q4_0,
    3: blocks.Q4_1,
    6: blocks.Q5_0,
    7: blocks.Q5_1,
    8: blocks.Q8_0,
    12: blocks.Q4_K,
    13: blocks.Q5_K,
    14: blocks.Q6_K,
    30: blocks.BF16,
}
OTHER_FORMATS = {  # for the error's sake
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16",
    26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
NUMBERS = {
    0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "<?",
    10: "<u8", 11: "<i8", 12: "<f8",
}  # fmt: skip
STRING, ARRAY = 8, 9


@dataclass(frozen=True)
class Gguf:
    """A GGUF file's metadata, as Python values, and the tensors it holds."""

    path: Path
    metadata: Mapping[str, object] = field(repr=False)
    tensors: Mapping[str, TensorEntry] = field(repr=False)

    def tensor(self, name: str) -> Tensor:
        """The tensor in float32, dequantised, in memory of its own; KeyError when absent."""
        return read_tensor(self.tensors[name])


def read_first(path: Path, key: str) -> dict[str, object]:
    """The metadata of a GGUF file up to a key, which usually stands near the beginning.

    Raises:
        ModelError: as `read_gguf`.
    """
    metadata: dict[str, object] = {}
    with regular(path).open("rb") as file:
        header = _Header(path, file)
        _n_tensors, n_values = header.counts()
        for number in range(n_values):
            name = header.text(f"metadata key {number}")
            metadata[name] = header.value(header.integer("<I", name), name)
            if name == key:
                break
    return metadata


def read_gguf(path: Path) -> Gguf:
    """Read the header of a GGUF file; tensors are read one at a time afterwards.

    Raises:
        ModelError: what `check_start` raises, `file-unreadable` for what is no regular file,
            `not-gguf`, `gguf-version`, `gguf-endian`, `file-truncated`, `header-size`, `file-text`,
            `file-duplicate`, `too-large`, `gguf-type`, `gguf-nesting`, `gguf-alignment`,
            `tensor-alignment`, `tensor-invalid`, `tensor-type`, `tensor-overlap`: each names the
            file and the key or tensor.
    """
    with regular(path).open("rb") as file:
        header = _Header(path, file)
        n_tensors, n_values = header.counts()
        metadata: dict[str, object] = {}
        for number in range(n_values):
            key = header.text(f"metadata key {number}")
            if key in metadata:
                raise header.error("file-duplicate", "{what} occurs twice", what=key)
            metadata[key] = header.value(header.integer("<I", key), key)
        found = [_tensor_info(header, number) for number in range(n_tensors)]
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 8 or alignment & (alignment - 1):
            raise header.error(
                "gguf-alignment",
                "{what} has the alignment {alignment}",
                what="general.alignment",
                alignment=alignment,
            )
        start = -(-header.position // alignment) * alignment
        return Gguf(path, metadata, _placed(header, found, start, alignment))


def _tensor_info(header: "_Header", number: int) -> TensorEntry:
    """One tensor's entry, its offset still counted from the start of the data."""
    name = header.text(f"the name of tensor {number}")
    n_dimensions = header.integer("<I", name)
    if n_dimensions > MAX_DIMENSIONS:
        raise header.error(
            "tensor-invalid",
            "tensor {what} has the shape {shape}",
            what=name,
            shape=f"{n_dimensions} axes",
        )
    sizes = [header.integer("<Q", name) for _ in range(n_dimensions)]
    shape = tuple(reversed(sizes))  # GGUF's first axis is the contiguous one
    kind = header.integer("<I", name)
    offset = header.integer("<Q", name)
    if kind not in FORMATS:
        raise unsupported(header.path, name, OTHER_FORMATS.get(kind, str(kind)))
    form = FORMATS[kind]
    if not all(shape) or (shape[-1] if shape else 1) % form.values:
        raise header.error(
            "tensor-invalid", "tensor {what} has the shape {shape}", what=name, shape=shape
        )
    return TensorEntry(header.path, name, shape, form, offset)


def _placed(
    header: "_Header", found: list[TensorEntry], start: int, alignment: int
) -> dict[str, TensorEntry]:
    """The entries with offsets from the start of the file, none outside it, none over another."""
    tensors: dict[str, TensorEntry] = {}
    end = start
    for entry in sorted(found, key=lambda entry: entry.offset):
        if entry.name in tensors:
            raise header.error("file-duplicate", "{what} occurs twice", what=entry.name)
        if entry.offset % alignment:
            raise header.error(
                "tensor-alignment",
                "{what} does not have the alignment {alignment}",
                what=entry.name,
                alignment=alignment,
            )
        placed = replace(entry, offset=start + entry.offset)
        if placed.offset < end:
            raise header.error("tensor-overlap", "tensor {what} overlaps another", what=entry.name)
        end = placed.offset + placed.size
        if end > header.size:
            raise truncated(header.path, entry.name, placed.size, header.size - placed.offset)
        tensors[entry.name] = placed
    return {entry.name: tensors[entry.name] for entry in found}


class _Header:
    """Reads the header front to back, every length checked before it is believed."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self.size = path.stat().st_size
        self.position = 0
        self.values = 0  # of arrays

    def error(self, code: str, message: str, **fields: object) -> ModelError:
        return ModelError(code, "{file}: " + message, file=self.path.name, **fields)

    def counts(self) -> tuple[int, int]:
        """What the file begins with: how many tensors it has, how many metadata values."""
        check_start(self.file.read(ENOUGH), self.path.name)
        self.file.seek(0)
        if self.take(4, "the signature") != b"GGUF":
            raise ModelError("not-gguf", "{file} is not a GGUF file", file=self.path.name)
        version = self.integer("<I", "the version")
        if version in (2 << 24, 3 << 24):
            raise self.error(
                "gguf-endian",
                "this GGUF file is for big-endian machines: convert it (gguf: "
                "gguf-convert-endian FILE little)",
            )
        if version not in (2, 3):
            raise self.error("gguf-version", "GGUF version {version} is not supported",
                             version=version)  # fmt: skip
        n_tensors = self.integer("<Q", "the number of tensors")
        n_values = self.integer("<Q", "the number of metadata values")
        self.bounded("the number of tensors", n_tensors, MAX_ENTRIES)
        self.bounded("the number of metadata values", n_values, MAX_ENTRIES)
        return n_tensors, n_values

    def bounded(self, what: str, count: int, limit: int) -> None:
        """Believe a count of things that take a byte each at least."""
        if count > self.size - self.position:
            raise truncated(self.path, what, count, self.size - self.position)
        if count > limit:
            raise self.error(
                "too-large",
                "{field} is too large: {size}, at most {limit} is accepted",
                field=what,
                size=count,
                limit=limit,
            )

    def take(self, n: int, what: str) -> bytes:
        if n > self.size - self.position:
            raise truncated(self.path, what, n, self.size - self.position)
        if n > MAX_HEADER - self.position:
            raise self.error("header-size", "the header goes on beyond {limit} bytes at {what}",
                             limit=MAX_HEADER, what=what)  # fmt: skip
        data = self.file.read(n)
        if len(data) < n:
            raise truncated(self.path, what, n, len(data))
        self.position += n
        return data

    def integer(self, form: str, what: str) -> int:
        return struct.unpack(form, self.take(struct.calcsize(form), what))[0]

    def text(self, what: str) -> str:
        data = self.take(self.integer("<Q", what), what)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise self.error("file-text", "{what} is not UTF-8 text", what=what) from None

    def value(self, kind: int, what: str, depth: int = 0) -> object:
        """A metadata value of the type numbered `kind`; `what` names it in errors."""
        if kind == STRING:
            return self.text(what)
        if kind == ARRAY:
            return self.array(what, depth)
        return self.numbers(kind, 1, what)[0]

    def array(self, what: str, depth: int) -> list[object]:
        if depth == MAX_NESTING:
            raise self.error(
                "gguf-nesting",
                "{what} nests arrays deeper than {limit}",
                what=what,
                limit=MAX_NESTING,
            )
        kind = self.integer("<I", what)
        count = self.integer("<Q", what)
        self.bounded(what, count, MAX_VALUES - self.values)
        self.values += count
        if kind in (STRING, ARRAY):
            return [self.value(kind, what, depth + 1) for _ in range(count)]
        return self.numbers(kind, count, what)

    def numbers(self, kind: int, count: int, what: str) -> list[object]:
        if kind not in NUMBERS:
            raise self.error(
                "gguf-type", "{what} has the unknown type {type}", what=what, type=kind
            )
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize, what), dtype).tolist()
