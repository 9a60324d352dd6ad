"""Folders and files as people have them: what cannot be read says what to do."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from model.bench import load
from model.errors import ModelError
from model.weights.reading import read_weights
from tests.weights.folders import LLAMA, LLAMA_SIZES, tensors, write_folder
from tests.weights.gguf_files import STRING, entry, gguf, text, u32

POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""
PAGE = b"\n<!DOCTYPE html><html><head><title>404</title></head></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "tiny", LLAMA, tensors(LLAMA_SIZES))


def refused(path: Path) -> ModelError:
    """What the library says; never where on the machine it lies."""
    with pytest.raises(ModelError) as caught:
        load(path)
    said = [str(caught.value), *map(str, caught.value.fields.values())]
    assert not any(str(path.parent) in part for part in said)
    return caught.value


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "model.safetensors.index.json", "tiny.gguf"]
)
@pytest.mark.parametrize(
    ("content", "code", "way_out"),
    [(POINTER, "lfs-pointer", "git lfs pull"), (PAGE, "web-page", "download it again")],
)
def test_what_was_downloaded_instead_of_the_file(
    name: str, content: bytes, code: str, way_out: str, folder: Path
):
    if name.endswith("index.json"):
        (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(content)
    error = refused(folder / name if name.endswith("gguf") else folder)
    assert (error.code, error.fields["file"]) == (code, name)
    assert way_out in str(error)


@pytest.mark.parametrize(
    "start", [b"PK\x03\x04\x14\0\0\x08\x08\0", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j"]
)
def test_a_pickle_that_was_only_renamed(start: bytes, folder: Path):
    (folder / "model.safetensors").write_bytes(start + bytes(99))
    error = refused(folder)
    assert error.code == "weights-pickle"
    assert "save_pretrained" in str(error)


def test_any_other_kind_of_file(folder: Path):
    (folder / "model.safetensors").write_bytes(b"a text of some length")
    assert refused(folder).code == "not-safetensors"


@pytest.mark.parametrize("with_config", [False, True])
def test_an_adapter_is_no_model(with_config: bool, folder: Path):
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    if not with_config:
        (folder / "config.json").unlink()
    said = {"base_model_name_or_path": "meta/some-model", "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    error = refused(folder)
    assert (error.code, error.fields["base"]) == ("adapter", "meta/some-model")
    assert "merge" in str(error)


def test_an_adapter_beside_a_model_is_told(folder: Path):
    (folder / "adapter_config.json").write_text("{}")
    assert [notice.code for notice in read_weights(folder).notices] == ["adapter-unread"]


def test_an_adapter_in_a_gguf_file(tmp_path: Path):
    metadata = [entry("general.type", STRING, text("adapter"))]
    (tmp_path / "lora.gguf").write_bytes(gguf(metadata))
    assert refused(tmp_path / "lora.gguf").code == "adapter"


@pytest.mark.parametrize("name", ["model.fp16.safetensors", "my weights.safetensors"])
def test_one_file_of_another_name_is_read_and_told(name: str, folder: Path):
    expected = read_weights(folder).state
    (folder / "model.safetensors").rename(folder / name)
    weights = read_weights(folder)
    assert all(torch.equal(weights.state[key], tensor) for key, tensor in expected.items())
    (said,) = weights.notices
    assert (said.code, said.fields["file"]) == ("weights-variant", name)


def test_shards_of_a_variant(folder: Path):
    expected = read_weights(folder).state
    (folder / "model.safetensors").rename(folder / "model.fp16-00001-of-00001.safetensors")
    places = dict.fromkeys(LLAMA_SIZES, "model.fp16-00001-of-00001.safetensors")
    index = folder / "model.safetensors.index.fp16.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert read_weights(folder).state.keys() == expected.keys()
    index.unlink()
    error = refused(folder)
    assert (error.code, error.fields["file"]) == ("file-missing", "model.safetensors.index.json")


def test_several_files_are_named(folder: Path):
    (folder / "model.safetensors").rename(folder / "model.fp16.safetensors")
    save_file(load_file(folder / "model.fp16.safetensors"), folder / "model.bf16.safetensors")
    error = refused(folder)
    assert error.code == "weights-several"
    assert error.fields["files"] == "model.bf16.safetensors, model.fp16.safetensors"


def test_the_usual_name_goes_before_a_variants(folder: Path):
    save_file({"other": torch.zeros(1)}, folder / "model.fp16.safetensors")
    assert read_weights(folder).notices == ()


@pytest.mark.parametrize("version", [2, 3])
def test_a_big_endian_gguf(version: int, tmp_path: Path):
    (tmp_path / "m.gguf").write_bytes(gguf(version=version << 24))
    error = refused(tmp_path / "m.gguf")
    assert error.code == "gguf-endian"
    assert "big-endian" in str(error)


def test_a_part_of_a_gguf_file(tmp_path: Path):
    metadata = [entry("split.count", 4, u32(2))]
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(gguf(metadata))
    error = refused(tmp_path / "m-00001-of-00002.gguf")
    assert error.code == "gguf-split"
    assert "--merge" in str(error)


def test_what_is_no_regular_file_is_not_waited_for(folder: Path):
    """A pipe would keep who opens it waiting; a folder and a device are no weights either."""
    os.mkfifo(folder / "pipe.gguf")
    os.symlink("/dev/zero", folder / "device.gguf")
    for name in ("pipe.gguf", "device.gguf"):
        error = refused(folder / name)
        assert (error.code, error.fields["why"]) == ("file-unreadable", "not a regular file")
    for make in (os.mkfifo, os.mkdir):
        (folder / "model.safetensors").unlink()
        make(folder / "model.safetensors")
        error = refused(folder)
        assert (error.code, error.fields["file"]) == ("file-missing", "model.safetensors")
    with pytest.raises(ModelError, match="not a regular file"):
        read_weights(folder / "pipe.gguf")


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def deny(*_: object, **__: object) -> None:
        raise OSError(f"no way to read {folder}")  # an error that speaks of the whole path

    monkeypatch.setattr("model.weights.reading.read_checkpoint", deny)
    error = refused(folder)
    assert (error.code, error.fields["why"]) == ("file-unreadable", "OSError")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300])
@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.0.mlp.up_proj.weight"])
def test_weights_that_are_no_numbers(name: str, value: float, tmp_path: Path):
    weights = {key: tensor.double() for key, tensor in tensors(LLAMA_SIZES).items()}
    weights[name].view(-1)[-1] = value  # 1e300 is a number, but none that float32 holds
    error = refused(write_folder(tmp_path / "tiny", LLAMA, weights))
    assert (error.code, error.fields["what"]) == ("tensor-not-finite", name)


def test_numbers_whose_sum_alone_has_no_end_are_weights(tmp_path: Path):
    weights = tensors(LLAMA_SIZES)
    weights["model.norm.weight"].fill_(3e38)
    state = read_weights(write_folder(tmp_path / "tiny", LLAMA, weights)).state
    assert all(tensor.isfinite().all() for tensor in state.values())
