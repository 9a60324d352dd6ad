"""One blob of bytes for the browser: a JSON header, then the cells of every array.

Layout: the header's length as a little-endian uint32, the header as UTF-8 JSON with sorted
keys, zeros up to a multiple of 8, then the arrays, each starting at a multiple of 8. Identical
input gives identical bytes, so that Streamlit sends an unchanged picture as a hash.

Codes, where q is the stored integer and t = q / levels:

* ``f32``: the number itself;
* ``u16``, ``u8``: low + (high - low) · t^power. With power 1 the steps are equal. Attention
  weights use power 4 in 16 bits (small weights keep four significant digits) and power 2 in 8
  bits (they keep at least their order of magnitude);
* ``u8`` with ``signed``: t = (q - 127) / 127 stands for high · t · |t|: differences keep their
  small values, and where there is none it stays exactly none;
* in each of these what is not finite travels as NaN; ``u16`` and ``u8`` with ``lost`` keep their
  highest integer for it, and the levels are one fewer (with ``signed`` it is 255, never used);
* ``bits``: booleans, the first in the lowest bit;
* ``bytes``: bytes as they are, e.g. another payload in zlib's format (``deflated``).

``js/codec.js`` is the other half; a test holds both to the same numbers.
"""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Code = Literal["f32", "u16", "u8", "bits", "bytes"]
Floats = npt.NDArray[np.float32]

ALIGNMENT = 8
BYTES = {"f32": 4, "u16": 2, "u8": 1}
LEVELS = {"u16": 65535, "u8": 255}
WEIGHTS_POWER = {"f32": 1, "u16": 4, "u8": 2}
MIDDLE = 127  # of a signed u8: what 0 is stored as

# Bytes of cells: up to which sizes what a reader looks at travels exactly, or in 16 bits.
EXACT_UP_TO = 150_000
FINE_UP_TO = 300_000


@dataclass(frozen=True)
class Encoded:
    """One array, ready to be placed behind a header."""

    spec: dict[str, Any]  # code, shape, and for integers low, high, power
    data: bytes


def to_numpy(values: Any) -> Floats:
    """A tensor, array or nested list as float32 on the CPU."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().float().numpy()
    return np.ascontiguousarray(values, dtype=np.float32)


def encode_cells(cells: Floats, code: Code, *, weights: bool = False) -> Encoded:
    """Store numbers in one of the codes.

    ``weights`` says that no value is negative and that small ones matter: zero then stays
    exactly zero. Values that are not finite arrive as NaN.

    Raises ValueError for the codes ``bits`` and ``bytes``, and for negative weights.
    """
    if code in ("bits", "bytes"):
        raise ValueError(f"numbers cannot be stored as {code}")
    finite = np.isfinite(cells)
    everywhere = bool(finite.all())
    known = cells if everywhere else cells[finite]
    low = float(known.min()) if known.size else 0.0
    if weights and low < 0:
        raise ValueError(f"attention weights cannot be negative: {low}")
    shape = list(cells.shape)
    if code == "f32":
        exact = cells if everywhere else np.where(finite, cells, np.float32(np.nan))
        return Encoded({"code": code, "shape": shape}, exact.astype("<f4", copy=False).tobytes())
    filled = cells if everywhere else np.where(finite, cells, np.float32(low))
    high = float(known.max()) if known.size else 0.0
    low = 0.0 if weights else low
    power = WEIGHTS_POWER[code] if weights else 1
    spread = (high - low) or 1.0
    place = ((filled.astype(np.float64) - low) / spread) ** (1 / power)
    levels = LEVELS[code] if everywhere else LEVELS[code] - 1
    stored = np.rint(np.clip(place, 0, 1) * levels).astype("<u2" if code == "u16" else "u1")
    spec = {"code": code, "shape": shape, "low": low, "high": low + spread, "power": power}
    if not everywhere:
        stored[~finite] = LEVELS[code]
        spec["lost"] = True
    return Encoded(spec, stored.tobytes())


def code_for(cells: int) -> Code:
    """How finely this many cells that a reader looks at closely travel."""
    if cells * BYTES["f32"] <= EXACT_UP_TO:
        return "f32"
    return "u16" if cells * BYTES["u16"] <= FINE_UP_TO else "u8"


def encode_signed(cells: Floats) -> Encoded:
    """Store numbers of either sign in 8 bits: small ones finely, 0 exactly."""
    finite = np.isfinite(cells)
    filled = np.where(finite, cells, np.float32(0))
    high = float(np.abs(filled).max(initial=0)) or 1.0
    place = np.sqrt(np.abs(filled.astype(np.float64)) / high) * np.sign(filled)
    stored = (np.rint(place * MIDDLE) + MIDDLE).astype("u1")
    stored[~finite] = LEVELS["u8"]
    shape = list(cells.shape)
    spec = {"code": "u8", "shape": shape, "low": -high, "high": high, "power": 2, "signed": True}
    return Encoded(spec, stored.tobytes())


def encode_bits(flags: npt.NDArray[np.bool_]) -> Encoded:
    """Store booleans, eight to a byte."""
    spec = {"code": "bits", "shape": list(flags.shape)}
    return Encoded(spec, np.packbits(flags.ravel(), bitorder="little").tobytes())


def pack(header: Mapping[str, Any], arrays: Sequence[Encoded]) -> bytes:
    """Header and arrays as one blob; the header gains ``arrays``, their specs in order."""
    specs: list[dict[str, Any]] = []
    body = bytearray()
    for array in arrays:
        specs.append({**array.spec, "offset": len(body)})
        body += array.data + bytes(-len(array.data) % ALIGNMENT)
    text = json.dumps(
        {**header, "arrays": specs},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,  # the browser's JSON knows none
    ).encode("utf-8", "replace")
    head = struct.pack("<I", len(text)) + text
    return head + bytes(-len(head) % ALIGNMENT) + bytes(body)


def deflated(kind: str, payload: bytes) -> bytes:
    """A payload of a view of this kind that holds another one, compressed."""
    small = zlib.compress(payload, 1)
    return pack({"kind": kind}, [Encoded({"code": "bytes", "shape": [len(small)]}, small)])


def inflated(blob: bytes) -> bytes:
    """What ``deflated`` was given."""
    _header, (small,) = unpack(blob)
    return zlib.decompress(small.tobytes())


def unpack(blob: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The header and the arrays (numbers, bool or bytes) of a blob, as the browser sees them."""
    (length,) = struct.unpack_from("<I", blob)
    header = json.loads(blob[4 : 4 + length])
    start = 4 + length + -(4 + length) % ALIGNMENT
    return header, [_decode(spec, blob, start + spec["offset"]) for spec in header["arrays"]]


def _decode(spec: Mapping[str, Any], blob: bytes, at: int) -> np.ndarray:
    count = int(np.prod(spec["shape"]))
    if spec["code"] == "bits":
        octets = np.frombuffer(blob, "u1", -(-count // 8), at)
        flags = np.unpackbits(octets, count=count, bitorder="little").astype(bool)
        return flags.reshape(spec["shape"])
    if spec["code"] == "bytes":
        return np.frombuffer(blob, "u1", count, at)
    if spec["code"] == "f32":
        return np.frombuffer(blob, "<f4", count, at).reshape(spec["shape"])
    code = spec["code"]
    stored = np.frombuffer(blob, "<u2" if code == "u16" else "u1", count, at)
    lost = stored == LEVELS[code] if "signed" in spec or "lost" in spec else None
    if "signed" in spec:
        place = stored / MIDDLE - 1
        return _decoded(spec, spec["high"] * place * np.abs(place), lost)
    place = stored / (LEVELS[code] - 1 if "lost" in spec else LEVELS[code])
    # Squaring, not **: the browser then does the same operations and gets the same bits.
    for _ in range(spec["power"].bit_length() - 1):
        place = place * place
    return _decoded(spec, spec["low"] + (spec["high"] - spec["low"]) * place, lost)


def _decoded(spec: Mapping[str, Any], numbers: np.ndarray, lost: np.ndarray | None) -> np.ndarray:
    cells = numbers.astype(np.float32)
    if lost is not None:
        cells[lost] = np.nan
    return cells.reshape(spec["shape"])
