"""Reads a folder in Hugging Face format: config.json and safetensors, whole or in shards.

Only safetensors: other weight files are pickles, which run code of their author when opened.
Source of the format: https://github.com/huggingface/safetensors (README, "Format").
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

from model.errors import ModelError
from model.weights import blocks
from model.weights.blocks import Format, TensorEntry, truncated, unsupported
from tokenizers.files import called, whereabouts

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
MAX_CONFIG = 1 << 20  # bytes
MAX_INDEX = 4 << 20
MAX_HEADER = 4 << 20  # 405 billion parameters take 0.2 MiB; parsed, JSON grows up to 30 ×
MAX_DIMENSIONS = 8
REFUSED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")

FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        blocks.F64,
        blocks.F32,
        blocks.F16,
        blocks.BF16,
        *(Format(name, 1, 1, None) for name in ("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2")),
        *(Format(name, 1, 2, None) for name in ("U16", "I16")),
        *(Format(name, 1, 4, None) for name in ("U32", "I32")),
        *(Format(name, 1, 8, None) for name in ("U64", "I64", "C64")),
    )
}


@dataclass(frozen=True)
class Checkpoint:
    """A model folder: its configuration and where its tensors lie."""

    folder: Path
    config: Mapping[str, object]
    tensors: Mapping[str, TensorEntry]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read config.json and the headers of the weight files.

    Raises:
        ModelError: `config-missing`, `weights-missing`, `weights-pickle`, `file-outside`,
            `file-missing`, `file-size`, `json-invalid`, `index-invalid`, `tensor-missing`,
            `file-duplicate`, and what `read_safetensors` raises; each names the file.
    """
    config = read_config(folder)
    if (folder / WEIGHTS).exists():
        return Checkpoint(folder, config, read_safetensors(_inside(folder, WEIGHTS)))
    if (folder / INDEX).exists():
        return Checkpoint(folder, config, _read_shards(folder))
    refused = sorted(path.name for pattern in REFUSED for path in folder.glob(pattern))
    if refused:
        raise ModelError(
            "weights-pickle",
            "{file} could run its author's code when opened, so it is not read: save the model "
            "as model.safetensors (transformers: save_pretrained(..., safe_serialization=True))",
            file=refused[0],
        )
    raise ModelError("weights-missing", "{folder} has no model.safetensors", folder=called(folder))


def read_config(folder: Path) -> dict[str, object]:
    """Read config.json.

    Raises:
        ModelError: `config-missing`, `file-outside`, `file-missing`, `file-size`, `json-invalid`.
    """
    if not (folder / CONFIG).exists():
        raise ModelError(
            "config-missing", "{folder} has no config.json: not a model", folder=called(folder)
        )
    return _read_json(folder, CONFIG, MAX_CONFIG)


def read_safetensors(path: Path) -> dict[str, TensorEntry]:
    """Where the tensors of a safetensors file lie; nothing is believed unchecked.

    Raises:
        ModelError: `file-truncated`, `header-size`, `json-invalid`, `file-duplicate`,
            `tensor-type`, `tensor-invalid`, `tensor-overlap`.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if size < 8:
            raise truncated(path, "the header's length", 8, size)
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            raise truncated(path, "the header", length, size - 8)
        if length > MAX_HEADER:
            raise ModelError(
                "header-size",
                "{file}: the header goes on beyond {limit} bytes",
                file=path.name,
                limit=MAX_HEADER,
            )
        header = _parse(file.read(length), path.name)
    start = 8 + length
    tensors = {
        name: _entry(path, name, facts, start, size)
        for name, facts in header.items()
        if name != "__metadata__"
    }
    for before, after in pairwise(sorted(tensors.values(), key=lambda e: (e.offset, e.size))):
        if before.offset + before.size > after.offset:
            raise ModelError(
                "tensor-overlap",
                "{file}: tensor {what} overlaps another",
                file=path.name,
                what=after.name,
            )
    return tensors


def _entry(path: Path, name: str, facts: object, start: int, file_size: int) -> TensorEntry:
    """One tensor of the header, checked against itself and the file's size."""
    known = facts if isinstance(facts, dict) else {}
    kind, shape, span = (known.get(key) for key in ("dtype", "shape", "data_offsets"))
    if isinstance(kind, str) and kind not in FORMATS:
        raise unsupported(path, name, kind)
    invalid = ModelError(
        "tensor-invalid",
        "{file}: the header's entry of tensor {what} contradicts itself",
        file=path.name,
        what=name,
    )
    if not isinstance(kind, str) or not _naturals(shape) or not _naturals(span):
        raise invalid
    if len(shape) > MAX_DIMENSIONS or len(span) != 2:
        raise invalid
    form = FORMATS[kind]
    if span[1] - span[0] != math.prod(shape) * form.size:
        raise invalid
    if start + span[1] > file_size:
        raise truncated(path, name, span[1] - span[0], file_size - start - span[0])
    return TensorEntry(path, name, tuple(shape), form, start + span[0])


def _naturals(values: object) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 1 << 63 for value in values
    )


def _read_shards(folder: Path) -> dict[str, TensorEntry]:
    """The tensors of all files that the index names, each where the index says."""
    places = _read_json(folder, INDEX, MAX_INDEX).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise ModelError("index-invalid", "{file} has no weight_map", file=INDEX)
    tensors: dict[str, TensorEntry] = {}
    for file in dict.fromkeys(places.values()):
        for name, entry in read_safetensors(_inside(folder, file)).items():
            if name in tensors:
                raise ModelError(
                    "file-duplicate", "{file}: {what} occurs twice", file=file, what=name
                )
            tensors[name] = entry
    for name, file in places.items():
        if name not in tensors or tensors[name].path.name != Path(file).name:
            raise ModelError(
                "tensor-missing", "{file}: tensor {what} is missing", file=file, what=name
            )
    return tensors


def _inside(folder: Path, file: str) -> Path:
    """The path of a file that must lie in the folder, links followed.

    See `whereabouts`.
    """
    place = whereabouts(folder, file)
    if place == "outside":
        raise ModelError(
            "file-outside",
            "{file} is not a file inside {folder}",
            file=file,
            folder=called(folder),
        )
    if place == "nowhere":
        raise ModelError(
            "file-missing", "{folder} has no file {file}", file=file, folder=called(folder)
        )
    return folder / file


def _read_json(folder: Path, name: str, limit: int) -> dict[str, object]:
    path = _inside(folder, name)
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ModelError("file-size", "{file} is larger than {limit} bytes", file=name, limit=limit)
    return _parse(data, name)


def _parse(data: bytes, file: str) -> dict[str, object]:
    """A JSON object without duplicate keys."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                raise ModelError(
                    "file-duplicate", "{file}: {what} occurs twice", file=file, what=key
                )
            found[key] = value
        return found

    try:
        content = json.loads(data.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, numbers or nesting beyond reason
        content = None
    if not isinstance(content, dict):
        raise ModelError("json-invalid", "{file} does not hold a JSON object", file=file)
    return content
