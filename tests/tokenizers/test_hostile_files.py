"""Files of tokenizers that would lead elsewhere, wait for ever, or make every text slow."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tokenizers.test_loading import BPE, BYTES, GGUF, WORDPIECE, changed, read
from tokenizers import TokenizerError, from_gguf, load_tokenizer
from tokenizers.files import whereabouts

SECRET = "[UNK]\n[CLS]\n[SEP]\nsecret\n"


def refused(act: Callable[[], object]) -> TokenizerError:
    with pytest.raises(TokenizerError) as caught:
        act()
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


@pytest.mark.parametrize(
    "name", ["tokenizer_config.json", "tokenizer.json", "vocab.txt", "vocab.json", "symbols.json"]
)
def test_no_link_shows_another_file_of_the_server(name: str, folder: Path) -> None:
    (folder / name).symlink_to("../secret.txt")
    error = refused(lambda: load_tokenizer(folder))
    assert (error.code, error.fields) == ("file-outside", {"file": name, "folder": "model"})


def test_links_within_the_folder_and_into_the_caches_blobs_are_followed(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "words").write_text(SECRET)
    (tmp_path / "plain" / "vocab.txt").symlink_to("words")
    assert load_tokenizer(tmp_path / "plain").vocabulary["secret"] == 3
    snapshot = tmp_path / "snapshots" / "0123abc"
    (tmp_path / "blobs").mkdir()
    snapshot.mkdir(parents=True)
    (tmp_path / "blobs" / "hash").write_text(SECRET)
    (snapshot / "vocab.txt").symlink_to("../../blobs/hash")
    assert load_tokenizer(snapshot).vocabulary["secret"] == 3


@pytest.mark.parametrize("name", ["tokenizer_config.json", "tokenizer.json", "vocab.txt"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "circle"])
def test_what_is_no_file_is_never_opened(name: str, kind: str, folder: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(folder / name)  # opening it would wait for ever
        case "folder":
            (folder / name).mkdir()
        case _:
            (folder / name).symlink_to(name)
    error = refused(lambda: load_tokenizer(folder))
    assert (error.code, error.fields["file"]) == ("unreadable", name)


def test_a_device_lies_outside(folder: Path) -> None:
    (folder / "vocab.txt").symlink_to("/dev/zero")
    assert refused(lambda: load_tokenizer(folder)).code == "file-outside"


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("here.txt", "here"),
        ("absent.txt", "nowhere"),
        ("", "nowhere"),
        (".", "outside"),
        ("..", "outside"),
        ("../secret.txt", "outside"),
        ("/etc/passwd", "outside"),
        ("./here.txt", "outside"),
        ("a\0b", "nowhere"),
        ("x" * 5_000, "nowhere"),
        ("..\u2215secret.txt", "nowhere"),
        ("..%2fsecret.txt", "nowhere"),
    ],
)
def test_whereabouts(name: str, where: str, folder: Path) -> None:
    (folder / "here.txt").touch()
    assert whereabouts(folder, name) == where


def test_an_error_does_not_tell_where_the_server_keeps_its_models(folder: Path) -> None:
    assert str(folder.parent) not in str(refused(lambda: load_tokenizer(folder)))


LONG = "x" * 257
MANY: list[tuple[dict[str, Any], str, object, str]] = [
    (BPE, "pre_tokenizer", {"type": "Sequence", "pretokenizers": [{"type": "Digits"}] * 17},
     "pre_tokenizer.pretokenizers"),
    (BPE, "post_processor", {"type": "Sequence", "processors": [{"type": "ByteLevel"}] * 17},
     "post_processor.processors"),
    (BPE, "post_processor",
     {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 17,
      "pair": []}, "post_processor.single"),
    (BPE, "post_processor",
     {"type": "TemplateProcessing", "single": [], "pair": [],
      "special_tokens": {"<s>": {"ids": [257] * 17}}}, "post_processor.special_tokens.<s>.ids"),
    (BPE, "added_tokens.0.content", LONG, "added_tokens[0].content"),
    (WORDPIECE, "added_tokens.0.content", LONG, "added_tokens[0].content"),
]  # fmt: skip


@pytest.mark.parametrize(("whole", "place", "value", "field"), MANY)
def test_what_every_text_would_pay_for_is_bounded(
    whole: dict[str, Any], place: str, value: object, field: str
) -> None:
    error = refused(lambda: read(changed(whole, place, value)))
    assert (error.code, error.fields["field"]) == ("too-large", field)


def test_so_it_is_in_a_gguf_file() -> None:
    tokens = [*GGUF["tokenizer.ggml.tokens"][:-1], LONG]
    error = refused(lambda: from_gguf({**GGUF, "tokenizer.ggml.tokens": tokens}))
    assert (error.code, error.fields["field"]) == ("too-large", "tokenizer.ggml.tokens[257]")


@pytest.mark.parametrize(
    ("id", "content"),
    [("9" * 5_000, "[CLS]"), ("-1", "[CLS]"), ("٣", "[CLS]"), ("4294967296", "x"), ("0", "[CLS]")],
)
def test_ids_of_added_tokens_are_ids(id: str, content: str, folder: Path) -> None:
    """The last names a token of the vocabulary, whose id is another."""
    (folder / "vocab.txt").write_text(SECRET)
    config = {"added_tokens_decoder": {id: {"content": content}}}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    error = refused(lambda: load_tokenizer(folder))
    assert error.code == "bad-field"
    assert error.fields["file"] == "tokenizer_config.json"


@pytest.mark.parametrize("symbol", ["\ud800", "a\udfff", "x" * 70_000, "", 3])
def test_symbols_can_be_shown(symbol: object, folder: Path) -> None:
    facts = {"kind": "characters", "symbols": ["a", symbol]}
    (folder / "symbols.json").write_text(json.dumps(facts))
    assert refused(lambda: load_tokenizer(folder)).code in ("bad-field", "too-large")


def test_a_value_too_deep_to_be_written_is_named_all_the_same(folder: Path) -> None:
    deep = "[" * 900 + "]" * 900
    (folder / "tokenizer.json").write_text('{"model": ' + deep + "}")
    error = refused(lambda: load_tokenizer(folder))
    assert (error.code, error.fields["field"]) == ("bad-field", "model")
    assert len(str(error)) < 500


def test_the_worst_added_tokens_do_not_make_a_text_slow() -> None:
    """Every length is tried at every place, in vain."""
    added = [
        {"id": 300 + size, "content": "a" * size + "b", "special": True} for size in range(2, 250)
    ]
    tokenizer: Any = read({**BPE, "added_tokens": added})
    start = time.monotonic()
    assert tokenizer.encode("a" * 20_000) == [BYTES["a"]] * 20_000
    assert time.monotonic() - start < 10
