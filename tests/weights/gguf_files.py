"""Writes GGUF files byte by byte, wrong ones included."""

import struct
from collections.abc import Sequence

STRING, ARRAY = 8, 9


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return u64(len(data)) + data


def entry(key: str, kind: int, payload: bytes) -> bytes:
    """One metadata value."""
    return text(key) + u32(kind) + payload


def array(kind: int, items: Sequence[bytes]) -> bytes:
    return u32(kind) + u64(len(items)) + b"".join(items)


def tensor(name: str, sizes: Sequence[int], kind: int, offset: int) -> bytes:
    """One tensor's description; sizes innermost first, as the format has them."""
    return text(name) + u32(len(sizes)) + b"".join(map(u64, sizes)) + u32(kind) + u64(offset)


def gguf(
    metadata: Sequence[bytes] = (),
    tensors: Sequence[bytes] = (),
    data: bytes = b"",
    *,
    version: int = 3,
    alignment: int = 32,
) -> bytes:
    head = b"GGUF" + u32(version) + u64(len(tensors)) + u64(len(metadata))
    head += b"".join([*metadata, *tensors])
    return head + bytes(-len(head) % alignment) + data
