"""The largest lies that a file may tell within its size: memory and time stay within bounds.

Every file here is about as large as its reader permits, and made to take as much memory as possible
once it is parsed; the readers run in a process whose memory is bounded.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model import ModelError
from model.weights import memory, reading
from model.weights.checkpoint import MAX_HEADER
from model.weights.gguf import MAX_ENTRIES, MAX_VALUES
from model.weights.reading import read_weights
from tests.weights.folders import LLAMA, LLAMA_SIZES, tensors, write_folder
from tests.weights.gguf_files import ARRAY, STRING, entry, gguf, tensor, u32, u64
from tokenizers.section import MAX_VALUES as MAX_JSON_VALUES

ROOT = Path(__file__).parents[2]
GGUF, TOKENIZER = "model.gguf", "tokenizer.json"
MEGABYTES = 700  # beyond what the interpreter and its libraries take

# Reads the files one by one with a bound on memory; says what each came to, its peak in MB, and how
# long it took.
READ = """
import resource, sys, time
from pathlib import Path
from model import ModelError
from model.weights.checkpoint import read_safetensors
from model.weights.gguf import read_gguf
from tokenizers import TokenizerError, load_tokenizer
status, peak = Path("/proc/self/status"), Path("/proc/self/clear_refs")
def megabytes():
    return int(status.read_text().split("VmHWM:")[1].split()[0]) >> 10
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + int(sys.argv[1]) * (1 << 20),) * 2)
for folder in sorted(Path(sys.argv[2]).iterdir()):
    peak.write_text("5")
    before, start = megabytes(), time.monotonic()
    try:
        if (folder / "model.gguf").exists():
            read_gguf(folder / "model.gguf")
        elif (folder / "model.safetensors").exists():
            read_safetensors(folder / "model.safetensors")
        else:
            load_tokenizer(folder)
        said = "read"
    except (ModelError, TokenizerError) as error:
        said = error.code
    print(folder.name, said, megabytes() - before, time.monotonic() - start, sep="|")
"""


def listed(kind: int, count: int, payload: bytes) -> bytes:
    return entry("list", ARRAY, u32(kind) + u64(count) + payload)


def header_of_objects() -> bytes:
    header = b'{"__metadata__":[' + b"{}," * ((MAX_HEADER - 30) // 3) + b"{}]}"
    return len(header).to_bytes(8, "little") + header


def many_tensors() -> bytes:
    infos = [tensor(f"{i:x}", [1], 0, 32 * i) for i in range(MAX_ENTRIES)]
    return gguf([], infos, bytes(32 * MAX_ENTRIES))


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "numbers": (GGUF, lambda: gguf([listed(3, MAX_VALUES, b"\x00\x80" * MAX_VALUES)]), "read"),
    "more numbers": (GGUF, lambda: gguf([listed(1, MAX_VALUES + 1, bytes(MAX_VALUES + 1))]),
                     "too-large"),
    "texts": (GGUF, lambda: gguf([listed(STRING, 1 << 20, bytes(8 << 20))]), "read"),
    "lists": (GGUF, lambda: gguf([listed(ARRAY, 1 << 18, (u32(0) + u64(0)) * (1 << 18))]), "read"),
    "keys": (GGUF, lambda: gguf([entry(f"{i:x}", 0, b"0") for i in range(MAX_ENTRIES)]), "read"),
    "more keys": (GGUF, lambda: gguf([entry(f"{i:x}", 0, b"0") for i in range(MAX_ENTRIES + 1)]),
                  "too-large"),
    "tensors": (GGUF, many_tensors, "read"),
    "header": ("model.safetensors", header_of_objects, "read"),
    "objects": (TOKENIZER, lambda: b'{"a":[' + b'{"":0},' * (MAX_JSON_VALUES // 2 - 9) + b"{}]}",
                "missing-field"),
    "more lists": (TOKENIZER, lambda: b'{"a":[' + b"[]," * (MAX_JSON_VALUES // 2) + b"[]]}",
                   "too-large"),
    "wide text": (TOKENIZER, lambda: '{"a":"😀'.encode() + b" " * (63 << 20) + b'"}',
                  "missing-field"),
    "blanks": (TOKENIZER, lambda: b"{}" + b" " * (65 << 20), "too-large"),
}  # fmt: skip


def test_the_largest_lies_take_neither_the_memory_nor_the_day(tmp_path: Path) -> None:
    for name, (file, content, _said) in FILES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_bytes(content())
    done = subprocess.run(
        [sys.executable, "-c", READ, str(MEGABYTES), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    ends = [line.split("|") for line in done.stdout.splitlines()]
    expected = {name: said for name, (_file, _content, said) in FILES.items()}
    assert {name: said for name, said, *_ in ends} == expected
    for name, _said, megabytes, seconds in ends:
        assert int(megabytes) < MEGABYTES, f"{name} takes {megabytes} MB"
        assert float(seconds) < 30, f"{name} takes {seconds} s"


def test_a_model_larger_than_the_memory_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(tmp_path / "model", LLAMA, tensors(LLAMA_SIZES))
    monkeypatch.setattr(reading, "available", lambda: 1 << 10)
    with pytest.raises(ModelError) as caught:
        read_weights(folder)
    assert caught.value.code == "no-memory"
    assert caught.value.fields == {"needed": 0, "free": 0}
    monkeypatch.setattr(reading, "available", lambda: None)
    assert read_weights(folder).state


def test_a_sparse_file_is_no_reason_to_fill_the_memory(tmp_path: Path) -> None:
    """A terabyte of holes costs its author nothing."""
    vast = {**LLAMA, "vocab_size": 1 << 24, "hidden_size": 1 << 14, "num_attention_heads": 2}
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(vast))
    names = {name: [1 << 14 if size == 8 else size for size in sizes]
             for name, sizes in LLAMA_SIZES.items()}  # fmt: skip
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        names[name] = [1 << 24, 1 << 14]
    for name in ("k", "v"):
        names[f"model.layers.0.self_attn.{name}_proj.weight"] = [1 << 13, 1 << 14]
    header, end = {}, 0
    for name, sizes in names.items():
        count = 4
        for size in sizes:
            count *= size
        header[name] = {"dtype": "F32", "shape": sizes, "data_offsets": [end, end + count]}
        end += count
    written = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        file.truncate(8 + len(written) + end)
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        read_weights(folder)
    assert caught.value.code == "no-memory"
    assert time.monotonic() - start < 5


def test_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.available()
    assert free is None or free > 0
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal:  16 kB\nMemAvailable:    8 kB\n")
    monkeypatch.setattr(memory, "_MACHINE", machine)
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    assert memory.available() == 8 << 10
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert memory.available() == 8 << 10
    (tmp_path / "memory.max").write_text("5000\n")
    assert memory.available() == 4000
    machine.unlink()
    (tmp_path / "memory.max").unlink()
    assert memory.available() is None
