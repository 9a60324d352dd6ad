"""Number formats: blocks worked by hand, blocks packed by the formula, and the gguf package."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.weights import blocks
from model.weights.blocks import Format, TensorEntry, read_tensor
from tests.weights.reference import script

FORMATS = [
    blocks.F32, blocks.F16, blocks.F64, blocks.BF16, blocks.Q4_0, blocks.Q4_1, blocks.Q5_0,
    blocks.Q5_1, blocks.Q8_0, blocks.Q4_K, blocks.Q5_K, blocks.Q6_K,
]  # fmt: skip


def decoded(form: Format, data: bytes) -> list[float]:
    assert len(data) == form.size
    out = np.full((1, form.values), np.nan, np.float32)
    assert form.decode is not None
    form.decode(np.frombuffer(data, np.uint8).reshape(1, -1), out)
    return out[0].tolist()


# Bytes 0x10, 0x32, 0x54, ...: value 0 in the low half of the first, value 16 in its high half.
NIBBLES = bytes(low | high << 4 for low, high in zip(range(16), reversed(range(16)), strict=True))
QUARTERS = [*range(16), *reversed(range(16))]  # the 32 nibbles in their order


@pytest.mark.parametrize(
    ("form", "data", "expected"),
    [
        (blocks.F32, struct.pack("<f", -1.5), [-1.5]),
        (blocks.F16, struct.pack("<e", 0.25), [0.25]),
        (blocks.F64, struct.pack("<d", 0.25), [0.25]),
        (blocks.BF16, b"\xc0\xbf", [-1.5]),  # sign 1, exponent 127, fraction .1
        (
            blocks.Q4_0,
            struct.pack("<e", 0.5) + NIBBLES,
            [0.5 * (q - 8) for q in QUARTERS],
        ),
        (
            blocks.Q4_1,
            struct.pack("<ee", 0.5, -3) + NIBBLES,
            [0.5 * q - 3 for q in QUARTERS],
        ),
        (  # fifth bits of value 0 and of value 31
            blocks.Q5_0,
            struct.pack("<eI", 2, 1 | 1 << 31) + NIBBLES,
            [2 * (q + 16 * (i in (0, 31)) - 16) for i, q in enumerate(QUARTERS)],
        ),
        (  # fifth bits of values 3 and 16
            blocks.Q5_1,
            struct.pack("<eeI", 2, 1, 1 << 3 | 1 << 16) + NIBBLES,
            [2 * (q + 16 * (i in (3, 16))) + 1 for i, q in enumerate(QUARTERS)],
        ),
        (
            blocks.Q8_0,
            struct.pack("<e32b", 0.25, *range(-128, 128, 8)),
            [0.25 * q for q in range(-128, 128, 8)],
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Format) else "",
)
def test_blocks_by_hand(form: Format, data: bytes, expected: list[float]):
    assert decoded(form, data) == expected


packing = settings(deadline=None)  # a busy machine is no failure


def numbers(count: int, bits: int) -> st.SearchStrategy[list[int]]:
    octets = st.binary(min_size=count, max_size=count)
    return octets.map(lambda data: [octet >> 8 - bits for octet in data])


def packed_sub_blocks(scales: list[int], minima: list[int]) -> bytes:
    """8 scales and 8 minima of 6 bits: the first four whole, of the others the low 4 bits in the
    last four bytes and the high 2 bits on top of the first eight."""
    first = [scales[i] | scales[i + 4] >> 4 << 6 for i in range(4)]
    second = [minima[i] | minima[i + 4] >> 4 << 6 for i in range(4)]
    third = [scales[i + 4] & 15 | (minima[i + 4] & 15) << 4 for i in range(4)]
    return bytes(first + second + third)


@packing
@given(scales=numbers(8, 6), minima=numbers(8, 6), values=numbers(256, 4))
def test_q4_k(scales: list[int], minima: list[int], values: list[int]):
    packed = [
        values[64 * pair + i] | values[64 * pair + 32 + i] << 4
        for pair in range(4)
        for i in range(32)
    ]
    data = struct.pack("<ee", 0.5, 2) + packed_sub_blocks(scales, minima) + bytes(packed)
    expected = [0.5 * scales[i // 32] * q - 2 * minima[i // 32] for i, q in enumerate(values)]
    assert decoded(blocks.Q4_K, data) == expected


@packing
@given(scales=numbers(8, 6), minima=numbers(8, 6), values=numbers(256, 5))
def test_q5_k(scales: list[int], minima: list[int], values: list[int]):
    packed = [
        values[64 * pair + i] & 15 | (values[64 * pair + 32 + i] & 15) << 4
        for pair in range(4)
        for i in range(32)
    ]
    fifth = [sum((values[32 * part + i] >> 4) << part for part in range(8)) for i in range(32)]
    data = struct.pack("<ee", 0.5, 2) + packed_sub_blocks(scales, minima)
    expected = [0.5 * scales[i // 32] * q - 2 * minima[i // 32] for i, q in enumerate(values)]
    assert decoded(blocks.Q5_K, data + bytes(fifth) + bytes(packed)) == expected


@packing
@given(scales=numbers(16, 7), values=numbers(256, 6))
def test_q6_k(scales: list[int], values: list[int]):
    low: list[int] = []
    high: list[int] = []
    for half in (values[:128], values[128:]):
        low += [half[i] & 15 | (half[i + 64] & 15) << 4 for i in range(64)]
        high += [
            sum((half[32 * part + i] >> 4) << 2 * part for part in range(4)) for i in range(32)
        ]
    signed = [scale - 64 for scale in scales]
    data = bytes(low) + bytes(high) + struct.pack("<16be", *signed, 0.5)
    expected = [0.5 * signed[i // 16] * (q - 32) for i, q in enumerate(values)]
    assert decoded(blocks.Q6_K, data) == expected


def finite(kind: Format, raw: np.ndarray) -> np.ndarray:
    """Random blocks with ordinary float16 scales in them: no infinities, which no file has."""
    halves = {
        "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
        "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    }  # fmt: skip
    dice = np.random.default_rng(1)
    for at in halves.get(kind.name, []):
        raw[:, at : at + 2] = dice.normal(size=(len(raw), 1)).astype("<f2").view(np.uint8)
    return raw


def test_as_the_gguf_package_decodes(tmp_path: Path):
    """Random blocks of every quantised format, enough for several steps of the reader."""
    dice = np.random.default_rng(0)
    quantised = [form for form in FORMATS if form.values > 1]
    raw = {
        form.name: finite(
            form, dice.integers(0, 256, (blocks.STEP // form.values + 3, form.size), np.uint8)
        )
        for form in quantised
    }
    for name, data in raw.items():
        np.save(tmp_path / f"{name}.npy", data)
    script("gguf_reference.py", tmp_path)
    for form in quantised:
        expected = torch.from_numpy(np.load(tmp_path / f"{form.name}.npy"))
        file = tmp_path / form.name
        file.write_bytes(b"head" + raw[form.name].tobytes())
        ours = read_tensor(TensorEntry(file, form.name, tuple(expected.shape), form, 4))
        assert torch.equal(ours, expected), form.name


def test_the_decoders_fill_every_value():
    for form in FORMATS:
        assert np.isfinite(decoded(form, bytes(form.size))).all(), form.name
