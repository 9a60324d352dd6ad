"""GGUF files: what is in them is read right, and nothing in them is believed unchecked."""

import contextlib
import struct
import tracemalloc
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.errors import ModelError
from model.weights import read_gguf
from model.weights.blocks import read_tensor
from tests.weights.gguf_files import ARRAY, STRING, array, entry, gguf, tensor, text, u32, u64

F32, F16, Q4_0, Q4_1, Q8_0, BF16 = 0, 1, 2, 3, 8, 30

NAMES = [text(name) for name in ("the", "Ġcat", "")]
METADATA = [
    entry("a.string", STRING, text("Größe 大")),
    entry("a.list", ARRAY, array(STRING, NAMES)),
    entry("nested", ARRAY, array(ARRAY, [array(4, [u32(1), u32(2)]), array(4, [])])),
    entry("count", 4, u32(7)),
]
TENSORS = [tensor("plain", [3, 2], F32, 0), tensor("half", [4], F16, 32)]
DATA = struct.pack("<6f", *range(6)) + bytes(8) + struct.pack("<4e", 1, -2, 0.5, 65504)
VALID = gguf(METADATA, TENSORS, DATA)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def refused(path: Path, content: bytes) -> ModelError:
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_gguf(path)
    assert caught.value.fields["file"] == "model.gguf"
    assert "model.gguf" in str(caught.value)
    return caught.value


def test_metadata_and_tensors(path: Path):
    path.write_bytes(VALID)
    file = read_gguf(path)
    assert file.metadata == {
        "a.string": "Größe 大",
        "a.list": ["the", "Ġcat", ""],
        "nested": [[1, 2], []],
        "count": 7,
    }
    assert list(file.tensors) == ["plain", "half"]
    assert file.tensors["plain"].shape == (2, 3)
    assert file.tensors["plain"].type == "F32"
    assert file.tensor("plain").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert file.tensor("half").tolist() == [1, -2, 0.5, 65504]
    assert file.tensor("half").dtype == torch.float32
    with pytest.raises(KeyError):
        file.tensor("absent")


@pytest.mark.parametrize(
    ("kind", "payload", "value"),
    [
        (0, b"\xff", 255),
        (1, b"\xff", -1),
        (2, b"\xff\xff", 65535),
        (3, b"\xff\xff", -1),
        (4, b"\xff\xff\xff\xff", 4294967295),
        (5, b"\xfe\xff\xff\xff", -2),
        (6, struct.pack("<f", 0.5), 0.5),
        (7, b"\x01", True),
        (7, b"\x00", False),
        (10, u64(2**64 - 1), 2**64 - 1),
        (11, struct.pack("<q", -(2**63)), -(2**63)),
        (12, struct.pack("<d", 0.1), 0.1),
    ],
)
def test_every_kind_of_number(kind: int, payload: bytes, value: float, path: Path):
    both = [entry("one", kind, payload), entry("two", ARRAY, array(kind, [payload, payload]))]
    path.write_bytes(gguf(both))
    metadata = read_gguf(path).metadata
    assert metadata == {"one": value, "two": [value, value]}
    assert type(metadata["one"]) is type(value)


def test_version_2_is_read_like_3(path: Path):
    path.write_bytes(gguf(METADATA, TENSORS, DATA, version=2))
    assert read_gguf(path).tensor("half")[2] == 0.5


def test_alignment_of_the_files_own(path: Path):
    metadata = [entry("general.alignment", 4, u32(8))]
    tensors = [tensor("a", [1], F32, 0), tensor("b", [1], F32, 8)]
    path.write_bytes(gguf(metadata, tensors, struct.pack("<f4xf", 1, 2), alignment=8))
    assert read_gguf(path).tensor("b").tolist() == [2]


def test_tensors_own_their_memory(path: Path):
    path.write_bytes(VALID)
    file = read_gguf(path)
    loaded = file.tensor("plain")
    path.write_bytes(bytes(len(VALID)))
    assert loaded[1, 2] == 5
    assert loaded.is_contiguous()


def test_a_file_cut_anywhere_is_truncated(path: Path):
    for end in range(4, len(VALID)):
        error = refused(path, VALID[:end])
        assert error.code == "file-truncated"
        assert error.fields["what"]


def test_a_file_that_shrinks_after_its_header_was_read(path: Path):
    path.write_bytes(VALID)
    file = read_gguf(path)
    path.write_bytes(VALID[:-5])
    with pytest.raises(ModelError, match="half") as caught:
        file.tensor("half")
    assert caught.value.code == "file-truncated"


HUGE = 2**63


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        (b"", "file-truncated", "the signature"),
        (b"PK\x03\x04" + bytes(40), "not-gguf", None),
        (gguf(version=1), "gguf-version", None),
        (gguf(version=0x03000000), "gguf-endian", None),  # big-endian
        (b"GGUF" + u32(3) + u64(0) + u64(HUGE), "file-truncated", "the number of metadata values"),
        (b"GGUF" + u32(3) + u64(HUGE) + u64(0), "file-truncated", "the number of tensors"),
        (gguf([u64(HUGE) + b"key"]), "file-truncated", "metadata key 0"),
        (gguf([entry("key", STRING, u64(HUGE) + b"x")]), "file-truncated", "key"),
        (gguf([entry("key", ARRAY, u32(12) + u64(HUGE))]), "file-truncated", "key"),
        (gguf([entry("key", ARRAY, u32(STRING) + u64(HUGE))]), "file-truncated", "key"),
        (gguf([entry("key", ARRAY, u32(ARRAY) + u64(HUGE))]), "file-truncated", "key"),
        (gguf([entry("key", 13, bytes(8))]), "gguf-type", "key"),
        (gguf([entry("key", ARRAY, array(99, []))]), "gguf-type", "key"),
        (gguf([entry("key", STRING, text(b"\xff"))]), "file-text", "key"),
        (gguf([text(b"\xc3")]), "file-text", "metadata key 0"),
        (gguf([entry("key", 4, u32(1))] * 2), "file-duplicate", "key"),
        (gguf([], [tensor("t", [1], F32, at) for at in (0, 32)], bytes(64)), "file-duplicate", "t"),
        (gguf([], [tensor("t", [2**32, 2**32, 4], F32, 0)]), "file-truncated", "t"),
        (gguf([], [tensor("t", [HUGE] * 4, F32, 0)]), "file-truncated", "t"),
        (gguf([], [tensor("t", [1] * 5, F32, 0)], bytes(4)), "tensor-invalid", "t"),
        (gguf([], [tensor("t", [4, 0], F32, 0)], bytes(4)), "tensor-invalid", "t"),
        (gguf([], [tensor("t", [33], Q8_0, 0)], bytes(99)), "tensor-invalid", "t"),
        (gguf([], [tensor("t", [], Q8_0, 0)], bytes(99)), "tensor-invalid", "t"),
        (gguf([], [tensor("t", [32], 19, 0)], bytes(99)), "tensor-type", "t"),
        (gguf([], [tensor("t", [1], F32, HUGE)], bytes(4)), "file-truncated", "t"),
        (gguf([], [tensor("t", [1], F32, 4)], bytes(8)), "tensor-alignment", "t"),
        (gguf([], [tensor("t", [9], F32, 0), tensor("u", [1], F32, 32)], bytes(64)),
         "tensor-overlap", "u"),
        (gguf([entry("general.alignment", 4, u32(0))]), "gguf-alignment", "general.alignment"),
        (gguf([entry("general.alignment", 4, u32(24))]), "gguf-alignment", "general.alignment"),
        (gguf([entry("general.alignment", STRING, text("8"))]), "gguf-alignment",
         "general.alignment"),
    ],
)  # fmt: skip
def test_a_lying_file_is_refused_by_name(content: bytes, code: str, what: str | None, path: Path):
    error = refused(path, content)
    assert error.code == code
    assert error.fields.get("what") == what


def test_the_error_of_an_unsupported_type_says_which(path: Path):
    error = refused(path, gguf([], [tensor("blk.0.ffn_up.weight", [256], 10, 0)], bytes(99)))
    assert str(error) == (
        "model.gguf: tensor blk.0.ffn_up.weight has the type Q2_K, which is not supported"
    )


def test_arrays_nest_four_deep_at_most(path: Path):
    value = array(ARRAY, [array(ARRAY, [array(ARRAY, [array(4, [u32(5)])])])])
    path.write_bytes(gguf([entry("deep", ARRAY, value)]))
    assert read_gguf(path).metadata["deep"] == [[[[5]]]]
    error = refused(path, gguf([entry("deep", ARRAY, array(ARRAY, [value]))]))
    assert (error.code, error.fields["what"]) == ("gguf-nesting", "deep")


def test_a_header_does_not_grow_without_bound(path: Path):
    with path.open("wb") as file:
        file.write(b"GGUF" + u32(3) + u64(0) + u64(1) + text("key") + u32(STRING) + u64(1 << 30))
        file.truncate((1 << 30) + 4096)  # sparse: takes no room on the disk
    with pytest.raises(ModelError, match="key") as caught:
        read_gguf(path)
    assert caught.value.code == "header-size"


def survives(path: Path, content: bytes) -> None:
    """Success or a ModelError, in memory that the file's own size bounds."""
    path.write_bytes(content)
    tracemalloc.start()
    with contextlib.suppress(ModelError):
        for found in read_gguf(path).tensors.values():
            assert found.offset + found.size <= len(content)
            assert found.count <= 2 * len(content)
            assert read_tensor(found).shape == found.shape
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


fuzzing = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzing
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6))
def test_no_change_of_bytes_does_harm(path: Path, changes: list[tuple[int, int]]):
    content = bytearray(VALID)
    for at, value in changes:
        content[at] = value
    survives(path, bytes(content))


@fuzzing
@given(st.integers(0, len(VALID)), st.integers(0, len(VALID)), st.binary(max_size=24))
def test_no_cut_or_insertion_does_harm(path: Path, start: int, end: int, inserted: bytes):
    survives(path, VALID[:start] + inserted + VALID[end:])
