"""Number formats of weight files, decoded to float32 block by block.

A block is the smallest run of bytes that decodes on its own: one number for the plain formats,
32 or 256 numbers sharing a scale for the quantised ones. Layouts: the GGUF specification and the
block structures of ggml (`ggml-common.h`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.errors import ModelError

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Values decoded at a time: the float32 result of one step (1 MiB) stays in the cache between the
# passes of a decoder, and nothing larger is needed beside the tensor itself.
STEP = 1 << 18


@dataclass(frozen=True)
class Format:
    """How one number format lies in a file; `decode(blocks, out)` fills `out`, (n, values)."""

    name: str
    values: int  # numbers in a block
    size: int  # bytes of a block
    decode: Callable[[Bytes, Floats], None] | None  # None: no weights are read in this format


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies, `shape` in torch's order (the last axis is contiguous)."""

    path: Path
    name: str
    shape: tuple[int, ...]
    format: Format
    offset: int  # bytes from the start of the file

    @property
    def type(self) -> str:
        return self.format.name

    @property
    def count(self) -> int:
        """Numbers in the tensor."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.count // self.format.values * self.format.size


def read_tensor(entry: TensorEntry) -> Tensor:
    """Decode one tensor to float32 in memory of its own.

    The file is read in small steps and not mapped: its pages do not count as ours, and a file
    that shrinks meanwhile ends in an error and not in a signal.

    Raises:
        ModelError: `file-truncated` when the file ends inside the tensor; `tensor-type` when its
            numbers are of a kind that no weights have; `tensor-not-finite` when one of them is no
            number or, as float32, has no end.
    """
    form = entry.format
    if form.decode is None:
        raise unsupported(entry.path, entry.name, form.name)
    out = torch.empty(entry.count, dtype=torch.float32)
    n_blocks = entry.count // form.values
    rows = out.numpy().reshape(n_blocks, form.values)
    per_step = max(1, STEP // form.values)
    buffer = np.empty((min(per_step, n_blocks), form.size), np.uint8)
    with entry.path.open("rb", buffering=0) as file, np.errstate(all="ignore"):
        file.seek(entry.offset)
        for start in range(0, n_blocks, per_step):
            blocks = buffer[: n_blocks - start]
            if not _fill(file.readinto, blocks.data.cast("B")):
                left = entry.path.stat().st_size - entry.offset
                raise truncated(entry.path, entry.name, entry.size, left)
            values = rows[start : start + per_step]
            form.decode(blocks, values)
            _check_finite(entry, values)
    return out.view(entry.shape)


def _check_finite(entry: TensorEntry, values: Floats) -> None:
    # The sum of squares tells in the quickest of passes; that of large numbers may have no end.
    numbers = values.reshape(-1)
    if math.isfinite(np.dot(numbers, numbers)) or np.isfinite(numbers).all():
        return
    raise ModelError(
        "tensor-not-finite",
        "{file}: the tensor {what} holds NaN or infinity in place of numbers: the file is damaged, "
        "or its training went wrong",
        file=entry.path.name,
        what=entry.name,
    )


def same(one: TensorEntry, other: TensorEntry) -> bool:
    """Whether two tensors hold the same numbers."""
    if one.shape != other.shape:
        return False
    if one.format is other.format and _same_bytes(one, other):
        return True
    return torch.equal(read_tensor(one), read_tensor(other))


def _same_bytes(one: TensorEntry, other: TensorEntry) -> bool:
    """Whether two tensors of the same format and size lie in their files alike."""
    left = one.size
    with one.path.open("rb") as file, other.path.open("rb") as second:
        file.seek(one.offset)
        second.seek(other.offset)
        while left > 0:
            part = file.read(min(left, STEP))
            if not part or part != second.read(min(left, STEP)):
                return False
            left -= len(part)
    return True


def regular(path: Path) -> Path:
    """The path, if a regular file lies there: to open a pipe might wait forever.

    ModelError `file-unreadable` otherwise.
    """
    if path.exists() and not path.is_file():
        raise ModelError(
            "file-unreadable",
            "{file} cannot be read: {why}",
            file=path.name,
            why="not a regular file",
        )
    return path


def truncated(path: Path, what: str, needed: int, left: int) -> ModelError:
    """The error for a file that promises more bytes than it has."""
    return ModelError(
        "file-truncated",
        "{file}: {what} needs {needed} bytes, but only {left} are left in the file",
        file=path.name,
        what=what,
        needed=needed,
        left=max(left, 0),
    )


def unsupported(path: Path, what: str, form: str) -> ModelError:
    """The error for a tensor whose number format is not read."""
    return ModelError(
        "tensor-type",
        "{file}: tensor {what} has the type {type}, which is not supported",
        file=path.name,
        what=what,
        type=form,
    )


def _fill(readinto: Callable[[Any], int | None], view: memoryview) -> bool:
    """Read until `view` is full; False at the end of the file."""
    while view:
        got = readinto(view)
        if not got:
            return False
        view = view[got:]
    return True


def _half(blocks: Bytes, at: int) -> Floats:
    """The float16 at byte `at` of every block, (n, 1)."""
    return blocks[:, at : at + 2].view("<f2").astype(np.float32)


def _nibbles(packed: Bytes, out: Floats) -> None:
    """Low halves of the bytes first, then the high ones: (..., k) bytes, (..., 2k) numbers."""
    k = packed.shape[-1]
    out[..., :k] = packed & 15
    out[..., k:] = packed >> 4


def _plain(dtype: str) -> Callable[[Bytes, Floats], None]:
    def decode(blocks: Bytes, out: Floats) -> None:
        out[:] = blocks.view(dtype)

    return decode


def _bf16(blocks: Bytes, out: Floats) -> None:
    # The upper half of a float32.
    np.left_shift(blocks.view("<u2"), 16, out=out.view(np.uint32), dtype=np.uint32)


def _q4_0(blocks: Bytes, out: Floats) -> None:
    _nibbles(blocks[:, 2:], out)
    out -= 8
    out *= _half(blocks, 0)


def _q4_1(blocks: Bytes, out: Floats) -> None:
    _nibbles(blocks[:, 4:], out)
    out *= _half(blocks, 0)
    out += _half(blocks, 2)


def _fifth_bits(blocks: Bytes, at: int) -> Floats:
    bits = np.unpackbits(blocks[:, at : at + 4], axis=1, bitorder="little")
    return bits.astype(np.float32) * 16  # (n, 32)


def _q5_0(blocks: Bytes, out: Floats) -> None:
    _nibbles(blocks[:, 6:], out)
    out += _fifth_bits(blocks, 2)
    out -= 16
    out *= _half(blocks, 0)


def _q5_1(blocks: Bytes, out: Floats) -> None:
    _nibbles(blocks[:, 8:], out)
    out += _fifth_bits(blocks, 4)
    out *= _half(blocks, 0)
    out += _half(blocks, 2)


def _q8_0(blocks: Bytes, out: Floats) -> None:
    out[:] = blocks[:, 2:].view(np.int8)
    out *= _half(blocks, 0)


def _sub_blocks(blocks: Bytes) -> tuple[Floats, Floats]:
    """Scales and minima of a K-quant's 8 sub-blocks, (n, 8, 1): 6 bits each, packed in 12 bytes."""
    first, second, third = (blocks[:, at : at + 4] for at in (4, 8, 12))  # (n, 4) each
    scales = np.hstack([first & 63, third & 15 | first >> 6 << 4])
    minima = np.hstack([second & 63, third >> 4 | second >> 6 << 4])
    return (
        (scales * _half(blocks, 0))[:, :, None],
        (minima * _half(blocks, 2))[:, :, None],
    )


def _q4_k(blocks: Bytes, out: Floats) -> None:
    scales, minima = _sub_blocks(blocks)
    values = out.reshape(-1, 8, 32)
    _nibbles(blocks[:, 16:].reshape(-1, 4, 32), values.reshape(-1, 4, 64))
    values *= scales
    values -= minima


def _q5_k(blocks: Bytes, out: Floats) -> None:
    scales, minima = _sub_blocks(blocks)
    values = out.reshape(-1, 8, 32)
    _nibbles(blocks[:, 48:].reshape(-1, 4, 32), values.reshape(-1, 4, 64))
    shifts = np.arange(8, dtype=np.uint8)[:, None]
    values += (blocks[:, None, 16:48] >> shifts & 1) << 4  # bit s belongs to sub-block s
    values *= scales
    values -= minima


def _q6_k(blocks: Bytes, out: Floats) -> None:
    low = blocks[:, :128].reshape(-1, 2, 64)  # two halves of 128 values
    high = blocks[:, 128:192].reshape(-1, 2, 1, 32)
    _nibbles(low, out.reshape(-1, 2, 128))
    shifts = np.array([[0], [2], [4], [6]], np.uint8)
    parts = out.reshape(-1, 2, 4, 32)
    parts += (high >> shifts & 3) << 4
    parts -= 32
    scales = blocks[:, 192:208].view(np.int8) * _half(blocks, 208)
    values = out.reshape(-1, 16, 16)
    values *= scales[:, :, None]


F32 = Format("F32", 1, 4, _plain("<f4"))
F16 = Format("F16", 1, 2, _plain("<f2"))
F64 = Format("F64", 1, 8, _plain("<f8"))
BF16 = Format("BF16", 1, 2, _bf16)
Q4_0 = Format("Q4_0", 32, 18, _q4_0)
Q4_1 = Format("Q4_1", 32, 20, _q4_1)
Q5_0 = Format("Q5_0", 32, 22, _q5_0)
Q5_1 = Format("Q5_1", 32, 24, _q5_1)
Q8_0 = Format("Q8_0", 32, 34, _q8_0)
Q4_K = Format("Q4_K", 256, 144, _q4_k)
Q5_K = Format("Q5_K", 256, 176, _q5_k)
Q6_K = Format("Q6_K", 256, 210, _q6_k)
