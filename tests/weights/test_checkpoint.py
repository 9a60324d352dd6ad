"""Model folders: what is in them is read right, and nothing in them is believed unchecked."""

import contextlib
import json
import os
import tracemalloc
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save, save_file

from model.errors import ModelError
from model.weights.blocks import read_tensor
from model.weights.checkpoint import read_checkpoint, read_safetensors
from tests.weights.folders import LLAMA, LLAMA_SIZES, tensors, write_folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def safetensors(header: object, data: bytes = b"") -> bytes:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(content).to_bytes(8, "little") + content + data


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_as_the_safetensors_library_writes(dtype: torch.dtype, path: Path):
    written = {
        "matrix": torch.randn(3, 5).to(dtype),
        "vector": torch.tensor([0.0, -0.0, 65504.0, 1e-40]).to(dtype),
        "one": torch.tensor(0.1).to(dtype),
        "none": torch.empty(0, 4, dtype=dtype),
    }
    save_file(written, path, {"format": "pt"})
    entries = read_safetensors(path)
    assert entries.keys() == written.keys()
    for name, tensor in written.items():
        ours = read_tensor(entries[name])
        assert ours.dtype == torch.float32
        assert torch.equal(ours, tensor.float())


def test_integers_are_listed_but_not_read_as_weights(path: Path):
    save_file({"ids": torch.arange(3), "weight": torch.ones(2)}, path)
    entries = read_safetensors(path)
    assert entries["ids"].type == "I64"
    with pytest.raises(ModelError, match="ids has the type I64") as caught:
        read_tensor(entries["ids"])
    assert caught.value.code == "tensor-type"


VALID = save({"a": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.float16)})


def test_a_file_cut_anywhere_is_truncated(path: Path):
    for end in range(len(VALID)):
        path.write_bytes(VALID[:end])
        with pytest.raises(ModelError) as caught:
            read_safetensors(path)
        assert caught.value.code == "file-truncated"


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        (safetensors(b"[]"), "json-invalid", None),
        (safetensors(b"{"), "json-invalid", None),
        (safetensors(b"\xff{}"), "json-invalid", None),
        (safetensors(b"[" * 100_000), "json-invalid", None),
        (safetensors(b'{"t":' + b"9" * 5000 + b"}"), "json-invalid", None),
        (safetensors(b'{"t": {}, "t": {}}'), "file-duplicate", "t"),
        (safetensors({"t": 1}), "tensor-invalid", "t"),
        (safetensors({"t": {}}), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [1], 0, 8)}, bytes(8)), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [-1], 0, 4)}, bytes(8)), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [True], 0, 4)}, bytes(8)), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [1], 4, 0)}, bytes(8)), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [1] * 9, 0, 4)}, bytes(8)), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [2**62, 4], 0, 0)}), "tensor-invalid", "t"),
        (safetensors({"t": entry("F32", [2**60], 0, 2**62)}), "file-truncated", "t"),
        (safetensors({"t": entry("F32", [2], 4, 12)}, bytes(8)), "file-truncated", "t"),
        (safetensors({"t": entry("F4", [2], 0, 1)}, bytes(8)), "tensor-type", "t"),
        (
            safetensors({"t": entry("F32", [2], 0, 8), "u": entry("F32", [1], 4, 8)}, bytes(8)),
            "tensor-overlap",
            "u",
        ),
        ((1 << 62).to_bytes(8, "little") + b"{}", "file-truncated", "the header"),
    ],
)
def test_a_lying_file_is_refused_by_name(content: bytes, code: str, what: str | None, path: Path):
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_safetensors(path)
    assert caught.value.code == code
    assert caught.value.fields["file"] == "model.safetensors"
    assert caught.value.fields.get("what") == what


def test_a_header_does_not_grow_without_bound(path: Path):
    with path.open("wb") as file:
        file.write((1 << 28).to_bytes(8, "little"))
        file.truncate(1 << 29)  # sparse: takes no room on the disk
    with pytest.raises(ModelError, match="header goes on") as caught:
        read_safetensors(path)
    assert caught.value.code == "header-size"


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6))
def test_no_change_of_bytes_does_harm(path: Path, changes: list[tuple[int, int]]):
    content = bytearray(VALID)
    for at, value in changes:
        content[at] = value
    path.write_bytes(content)
    tracemalloc.start()
    with contextlib.suppress(ModelError):
        for found in read_safetensors(path).values():
            assert found.offset + found.size <= len(content)
            assert read_tensor(found).shape == found.shape
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_file_that_shrinks_after_its_header_was_read(path: Path):
    path.write_bytes(VALID)
    entries = read_safetensors(path)
    path.write_bytes(VALID[:-5])
    with pytest.raises(ModelError) as caught:
        [read_tensor(found) for found in entries.values()]
    assert caught.value.code == "file-truncated"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "model", LLAMA, tensors(LLAMA_SIZES))


def refused(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_checkpoint(folder)
    return caught.value


def test_a_folder(folder: Path):
    checkpoint = read_checkpoint(folder)
    assert checkpoint.config == LLAMA
    assert checkpoint.tensors.keys() == LLAMA_SIZES.keys()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json-invalid"),
        (b"[1, 2]", "json-invalid"),
        (b"\xff\xfe{}", "json-invalid"),
        (b'{"a": ' * 10_000 + b"1" + b"}" * 10_000, "json-invalid"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', "file-size"),
        (b'{"vocab_size": 3, "vocab_size": 4}', "file-duplicate"),
    ],
    ids=["empty", "list", "utf-16", "nested", "large", "duplicate"],
)
def test_a_broken_config_is_named(content: bytes, code: str, folder: Path):
    (folder / "config.json").write_bytes(content)
    error = refused(folder)
    assert (error.code, error.fields["file"]) == (code, "config.json")


def test_a_folder_without_config(folder: Path):
    (folder / "config.json").unlink()
    assert refused(folder).code == "config-missing"


def test_a_folder_without_weights(folder: Path):
    (folder / "model.safetensors").unlink()
    assert refused(folder).code == "weights-missing"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "tf_model.h5", "weights.ckpt"])
def test_pickles_are_refused_and_why(name: str, folder: Path):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    error = refused(folder)
    assert (error.code, error.fields["file"]) == ("weights-pickle", name)
    assert "code" in str(error)
    assert "safetensors" in str(error)


def shard(folder: Path, places: dict[str, str] | object) -> None:
    """Replace the one file by an index."""
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def test_shards(folder: Path):
    shard(folder, dict.fromkeys(LLAMA_SIZES, "part.safetensors"))
    assert read_checkpoint(folder).tensors.keys() == LLAMA_SIZES.keys()


@pytest.mark.parametrize("places", [None, [], {"a": 1}, "part.safetensors"])
def test_an_index_without_places(places: object, folder: Path):
    shard(folder, places)
    assert refused(folder).code == "index-invalid"


@pytest.mark.parametrize(
    "file",
    [
        "../secret.safetensors",
        "/etc/passwd",
        "sub/../../secret.safetensors",
        "sub/part.safetensors",
        "..",
        ".",
        "~/secret",
    ],
)
def test_an_index_cannot_lead_out_of_the_folder(file: str, folder: Path):
    save_file(tensors(LLAMA_SIZES), folder.parent / "secret.safetensors")
    (folder / "sub").mkdir()
    shard(folder, dict.fromkeys(LLAMA_SIZES, file))
    error = refused(folder)
    assert (error.code, error.fields["file"]) == ("file-outside", file)


@pytest.mark.parametrize(
    "file", ["", "absent.safetensors", "no\0name", "x" * 5000, "circle", "queue"]
)
def test_an_index_that_names_no_file(file: str, folder: Path):
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "queue")  # opening it would wait forever
    shard(folder, dict.fromkeys(LLAMA_SIZES, file))
    assert refused(folder).code in ("file-missing", "file-outside")


def test_links_out_of_the_folder_are_not_followed(folder: Path):
    save_file(tensors(LLAMA_SIZES), folder.parent / "secret.safetensors")
    (folder / "link.safetensors").symlink_to("../secret.safetensors")
    shard(folder, dict.fromkeys(LLAMA_SIZES, "link.safetensors"))
    assert refused(folder).code == "file-outside"
    (folder / "model.safetensors").symlink_to("../secret.safetensors")
    assert refused(folder).code == "file-outside"


def test_links_within_the_folder_are(folder: Path):
    shard(folder, dict.fromkeys(LLAMA_SIZES, "link.safetensors"))
    (folder / "link.safetensors").symlink_to("part.safetensors")
    assert read_checkpoint(folder).tensors.keys() == LLAMA_SIZES.keys()


def test_a_snapshot_in_the_hugging_face_cache(folder: Path, tmp_path: Path):
    cache = tmp_path / "models--org--name"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots" / "0123abc").mkdir(parents=True)
    for file in list(folder.iterdir()):
        blob = file.rename(cache / "blobs" / f"hash-{file.name}")
        (cache / "snapshots" / "0123abc" / file.name).symlink_to(f"../../blobs/{blob.name}")
    checkpoint = read_checkpoint(cache / "snapshots" / "0123abc")
    assert checkpoint.tensors.keys() == LLAMA_SIZES.keys()


def test_an_index_that_promises_too_much(folder: Path):
    shard(folder, dict.fromkeys([*LLAMA_SIZES, "more.weight"], "part.safetensors"))
    error = refused(folder)
    assert (error.code, error.fields["what"]) == ("tensor-missing", "more.weight")


def test_a_tensor_in_two_shards(folder: Path):
    shard(folder, {"a": "part.safetensors", "b": "again.safetensors"})
    save_file(tensors(LLAMA_SIZES), folder / "again.safetensors")
    assert refused(folder).code == "file-duplicate"
