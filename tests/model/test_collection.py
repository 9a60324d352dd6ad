"""Which models a folder holds, and which of them will open."""

import json
import os
import struct
from pathlib import Path

import pytest

from model import ModelError, load
from model.collection import DEPTH, ENTRIES, MOST, collection
from tests.own_models import write_cached, write_model
from tokenizers.files import called

Seen = list[tuple[str, str, bool]]


def seen(folder: Path) -> Seen:
    return [(one.name, one.title, one.opens) for one in collection(folder)]


def write_gguf(path: Path, architecture: str = "llama") -> Path:
    """The head of a GGUF file; no more of it is looked at."""

    def text(said: str) -> bytes:
        return struct.pack("<Q", len(said)) + said.encode()

    path.parent.mkdir(parents=True, exist_ok=True)
    entry = text("general.architecture") + struct.pack("<I", 8) + text(architecture)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry)
    return path


def test_folders_of_the_cache_that_hold_no_model_are_none(tmp_path: Path) -> None:
    for name in (".locks", ".cache", "datasets--a--b", "spaces--a--b", "models--a--empty"):
        write_model(tmp_path / name / "snapshots" / "one") if name[0] != "m" else None
        (tmp_path / name).mkdir(exist_ok=True)
    (tmp_path / "models--a--refs" / "refs").mkdir(parents=True)
    (tmp_path / "models--a--refs" / "refs" / "main").write_text("gone")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").touch()
    assert seen(tmp_path) == []


def test_the_state_that_main_names_wins_over_the_newest(tmp_path: Path) -> None:
    cached = write_cached(tmp_path, "who/what", "aaa", "bbb", main="aaa\n")
    os.utime(cached / "snapshots" / "aaa", (0, 0))
    [found] = collection(tmp_path)
    assert (found.name, found.title, found.path.name) == ("models--who--what", "who/what", "aaa")
    (cached / "refs" / "main").write_text("../../secret")
    assert collection(tmp_path)[0].path.name == "bbb"


def test_gguf_files_of_the_cache_of_publishers_and_in_capitals(tmp_path: Path) -> None:
    cached = write_cached(tmp_path, "who/what", "aaa", main="aaa")
    for size in ("q4", "q8"):
        write_gguf(cached / "blobs" / size)
        (cached / "snapshots" / "aaa" / f"{size}.gguf").symlink_to(f"../../blobs/{size}")
    write_gguf(cached / "snapshots" / "aaa" / "deep" / "q2.gguf")
    write_gguf(tmp_path / "publisher" / "model" / "file.gguf")
    write_gguf(tmp_path / "MODEL.GGUF")
    write_gguf(tmp_path / "a" / "b" / "c" / "too deep.gguf")
    assert seen(tmp_path) == [
        ("MODEL.GGUF", "MODEL.GGUF", True),
        ("publisher/model/file.gguf", "publisher/model/file.gguf", True),
        ("models--who--what", "who/what", True),
        ("models--who--what/deep/q2.gguf", "who/what/deep/q2.gguf", True),
        ("models--who--what/q4.gguf", "who/what/q4.gguf", True),
        ("models--who--what/q8.gguf", "who/what/q8.gguf", True),
    ]
    assert DEPTH == 2


def test_what_will_not_open_is_told_by_its_settings(tmp_path: Path) -> None:
    write_model(tmp_path / "fine")
    for name, config in {"mamba": {"model_type": "mamba"}, "broken": [], "no type": {}}.items():
        write_model(tmp_path / name)
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    write_model(tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled" / "model.bin")
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "adapter_config.json").write_text("{}")
    write_gguf(tmp_path / "clip.gguf", "clip")
    (tmp_path / "cut.gguf").write_bytes(b"GG")
    assert {name: opens for name, _, opens in seen(tmp_path)} == {
        "fine": True, "mamba": False, "broken": False, "no type": False, "pickled": False,
        "lora": False, "clip.gguf": False, "cut.gguf": False,
    }  # fmt: skip
    assert seen(tmp_path)[0][0] == "fine"
    for one in collection(tmp_path)[1:]:
        with pytest.raises(ModelError):
            load(one.path)
    (tmp_path / "mamba" / "config.json").write_text((tmp_path / "fine" / "config.json").read_text())
    assert {name: opens for name, _, opens in seen(tmp_path)}["mamba"]


def test_a_models_folder_may_be_the_folder_itself(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")  # part of it, no model
    assert seen(folder) == [("mine", "mine", True)] == seen(tmp_path)


def test_links_are_not_looked_behind(tmp_path: Path) -> None:
    write_model(tmp_path / "secret" / "deep")
    models = tmp_path / "models"
    write_model(models / "who" / "what")
    (models / "who" / "out").symlink_to("../../secret")
    (models / "who" / "up").symlink_to("..")
    (models / "out.gguf").symlink_to("../secret/deep/model.safetensors")
    (models / "circle").symlink_to("circle")
    (models / "models--a--b" / "snapshots").mkdir(parents=True)
    (models / "models--a--b" / "snapshots" / "aaa").symlink_to("../../../secret/deep")
    assert seen(models) == [
        ("who/what", "who/what", True),
        ("out.gguf", "out.gguf", False),
        ("who/out", "who/out", False),
    ]


def test_no_more_is_looked_at_than_the_bounds_say(tmp_path: Path) -> None:
    for number in range(MOST + 10):
        write_gguf(tmp_path / f"{number:05}.gguf")
    assert len(collection(tmp_path)) == MOST < ENTRIES


def test_an_error_names_the_model_and_not_its_state(tmp_path: Path) -> None:
    cached = write_cached(tmp_path, "who/what", "0123abc", main="0123abc")
    state = cached / "snapshots" / "0123abc"
    for file in ("symbols.json", "model.safetensors", "config.json"):
        (state / file).unlink()
        with pytest.raises(ModelError) as caught:
            load(state)
        assert "who/what" in str(caught.value) and "0123abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/models/mine", "mine"),
        ("/models/who/file.gguf", "file.gguf"),
        ("/hub/models--who--what/snapshots/0123", "who/what"),
        ("/hub/models--who--what/snapshots/0123/q4/a.gguf", "who/what/q4/a.gguf"),
        ("models--gpt2", "gpt2"),
        ("models--a--b--c/a.gguf", "a/b/c/a.gguf"),
    ],
)
def test_what_a_model_is_called(path: str, name: str) -> None:
    assert called(Path(path)) == name
