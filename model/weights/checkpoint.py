"""Reads a folder in Hugging Face format: config.json and safetensors, whole or in shards.

Only safetensors: other weight files are pickles, which run code of their author when opened.
Source of the format: https://github.com/huggingface/safetensors (README, "Format").
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

from model.errors import ModelError
from model.weights import blocks
from model.weights.blocks import Format, TensorEntry, regular, truncated, unsupported
from model.weights.foreign import ENOUGH, PICKLES, adapter, check_start, pickled
from tokenizers.files import called, whereabouts
from tokenizers.notices import Notice, notice

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
MAX_CONFIG = 1 << 20  # bytes
MAX_INDEX = 4 << 20
MAX_HEADER = 4 << 20  # 405 billion parameters take 0.2 MiB; parsed, JSON grows up to 30 ×
MAX_DIMENSIONS = 8
_SHARD = re.compile(r"-\d+-of-\d+\.safetensors$")
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
    config: Mapping[str, object] = field(repr=False)
    tensors: Mapping[str, TensorEntry] = field(repr=False)
    notices: tuple[Notice, ...] = ()


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read config.json and the headers of the weight files.

    Raises:
        ModelError: `config-missing`, `adapter`, `weights-missing`, `weights-several`,
            `weights-pickle`, `lfs-pointer`, `web-page`, `file-outside`, `file-missing`,
            `file-size`, `json-invalid`, `index-invalid`, `tensor-missing`, `file-duplicate`, and
            what `read_safetensors` raises; each names the file.
    """
    config = read_config(folder)
    has_adapter = (folder / ADAPTER).exists()
    weights = _weights_of(folder)
    if weights is None:
        raise _adapter_of(folder) if has_adapter else _no_weights(folder)
    tensors = (
        _read_shards(folder, weights)
        if weights.endswith(".json")
        else read_safetensors(_inside(folder, weights))
    )
    notices: list[Notice] = []
    if weights not in (WEIGHTS, INDEX):
        notices.append(
            notice(
                "weights-variant",
                "the folder has no model.safetensors: the weights were read from {file}",
                file=weights,
            )
        )
    if has_adapter:
        notices.append(
            notice(
                "adapter-unread",
                "the folder holds an adapter too ({file}), which is not applied: what is computed "
                "is the model without it",
                file=ADAPTER,
            )
        )
    return Checkpoint(folder, config, tensors, tuple(notices))


def read_config(folder: Path) -> dict[str, object]:
    """Read config.json.

    Raises:
        ModelError: `config-missing`, `adapter`, `lfs-pointer`, `web-page`, `file-outside`,
            `file-missing`, `file-size`, `json-invalid`.
    """
    if not (folder / CONFIG).exists():
        if (folder / ADAPTER).exists():
            raise _adapter_of(folder)
        raise ModelError(
            "config-missing", "{folder} has no config.json: not a model", folder=called(folder)
        )
    return _read_json(folder, CONFIG, MAX_CONFIG)


def _weights_of(folder: Path) -> str | None:
    """The file to read: weights, or an index of them; one of another name if it is the only one,
    as `model.fp16.safetensors`. None where there is none."""
    for name in (WEIGHTS, INDEX):
        if (folder / name).exists():
            return name
    indices = sorted(path.name for path in folder.glob("*.safetensors.index*.json"))
    if len(indices) == 1:
        return indices[0]
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    files = [name for name in files if not name.startswith("adapter")]
    if any(_SHARD.search(name) for name in files):
        return INDEX  # which is missing
    if len(files) > 1:
        raise ModelError(
            "weights-several",
            "{folder} has no model.safetensors but {files}: give that name to the one to read",
            folder=called(folder),
            files=", ".join(files),
        )
    return files[0] if files else None


def _no_weights(folder: Path) -> ModelError:
    refused = sorted(path.name for pattern in REFUSED for path in folder.glob(pattern))
    if refused:
        return pickled(refused[0])
    return ModelError("weights-missing", "{folder} has no model.safetensors", folder=called(folder))


def _adapter_of(folder: Path) -> ModelError:
    config = _read_json(folder, ADAPTER, MAX_CONFIG)
    return adapter(called(folder), config.get("base_model_name_or_path"))


def read_safetensors(path: Path) -> dict[str, TensorEntry]:
    """Where the tensors of a safetensors file lie; nothing is believed unchecked.

    Raises:
        ModelError: what `check_start` raises, `file-unreadable` for what is no regular file,
            `not-safetensors`, `file-truncated`, `header-size`, `json-invalid`, `file-duplicate`,
            `tensor-type`, `tensor-invalid`, `tensor-overlap`.
    """
    size = path.stat().st_size
    with regular(path).open("rb") as file:
        start = file.read(ENOUGH)
        check_start(start, path.name)
        file.seek(0)
        if size < 8:
            raise truncated(path, "the header's length", 8, size)
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8 > 0 and start[8:9] != b"{":  # no header cut short, but another kind
            if start.startswith(PICKLES):
                raise pickled(path.name)
            raise ModelError("not-safetensors", "{file} is not a safetensors file", file=path.name)
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
    data = 8 + length  # where it begins
    tensors = {
        name: _entry(path, name, facts, data, size)
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


def _read_shards(folder: Path, index: str) -> dict[str, TensorEntry]:
    """The tensors of all files that the index names, each where the index says."""
    places = _read_json(folder, index, MAX_INDEX).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise ModelError("index-invalid", "{file} has no weight_map", file=index)
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
    check_start(data[:ENOUGH], name)
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
