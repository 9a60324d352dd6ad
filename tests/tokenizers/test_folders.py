"""Whole folders, as people have them: what stands beside a vocabulary counts as in transformers'
AutoTokenizer, or is said not to."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.tokenizers.conftest import Reference
from tests.tokenizers.strings import hostile_strings
from tokenizers import TokenizerError, load_tokenizer

OLD, NEW, WORDS = ("vocab.json", "merges.txt"), ("tokenizer.json",), ("vocab.txt",)
TEXTS = [
    "Hello CAFÉ naïve 猫坐 ABC 123",
    "Hello the<new>x [SPEC] <legacy> <x> <y> <img> <mypad> the [MASK] end",
    "<s>a</s> b<|endoftext|>c",
    *hostile_strings(60, seed=11),
]
SPACED = ["", " ", " lead  two"]  # of these SentencePiece's classes think otherwise
PAIRS = [("one two", "three"), ("Ä", "é")]
ADDED = {
    "30522": {"content": "<new>", "special": False},
    "30523": {"content": "[SPEC]", "special": True, "lstrip": True},
}


@dataclass(frozen=True)
class Folder:
    """Files out of `source`, and what is said beside them."""

    source: str
    files: tuple[str, ...]
    model_type: str
    says: dict[str, Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()  # what is in the notices

    def write(self, folder: Path, source: Path) -> Path:
        folder.mkdir()
        for file in self.files:
            shutil.copy(source / file, folder)
        said = {"config": {"model_type": self.model_type}, **self.more}
        if self.says is not None:
            said["tokenizer_config"] = self.says
        for name, values in said.items():
            (folder / f"{name}.json").write_text(json.dumps(values), "utf-8")
        return folder


def bert(says: dict[str, Any] | None = None, *told: str, **more: Any) -> Folder:
    return Folder("minilm", NEW, "bert", says, more, told)


SAME = {
    # the class goes with the model's type
    "roberta": Folder("masked", OLD, "roberta"),
    "roberta, nothing said": Folder("masked", OLD, "roberta", {}),
    "roberta, prefixed": Folder("masked", OLD, "roberta", {"add_prefix_space": True}),
    "roberta in config.json": Folder(
        "masked", OLD, "gpt2", None, {"config": {"tokenizer_class": "RobertaTokenizer"}}
    ),
    "gpt2": Folder("gpt2", OLD, "gpt2"),
    "gpt2, begun": Folder("gpt2", OLD, "gpt2", {"add_bos_token": True}),
    "qwen2": Folder("qwen2", OLD, "qwen2"),
    "qwen2 by another name": Folder("qwen2", OLD, "qwen2", {"tokenizer_class": "GPT2Tokenizer"}),
    "bert": Folder("minilm", WORDS, "bert"),
    "distilbert": Folder("minilm", WORDS, "distilbert"),
    "distilbert, cased": Folder("minilm", WORDS, "distilbert", {"do_lower_case": False}),
    # settings that contradict tokenizer.json
    "cased": bert({"do_lower_case": False}, "lowercase = true"),
    "cased by class": bert(
        {"do_lower_case": False, "tokenizer_class": "BertTokenizerFast"}, "lowercase = true"
    ),
    "cased distilbert": Folder(
        "minilm", NEW, "distilbert", {"do_lower_case": False}, told=("lowercase = true",)
    ),
    "accents": bert({"strip_accents": False}, "strip_accents = null"),
    "ideographs": bert({"tokenize_chinese_chars": False}, "handle_chinese_chars = true"),
    "tokenizer.json alone counts": bert(
        {"do_lower_case": False, "tokenizer_class": "PreTrainedTokenizerFast"}
    ),
    "lowered by default": Folder(
        "bert_cased", NEW, "bert", told=("lowercase = false", "strip_accents = true")
    ),
    "gpt2, prefixed": Folder(
        "gpt2", NEW, "gpt2", {"add_prefix_space": True}, told=("add_prefix_space = false",)
    ),
    "qwen2, prefixed": Folder(
        "qwen2", NEW, "qwen2", {"add_prefix_space": True}, told=("add_prefix_space = false",)
    ),
    "roberta, not prefixed": Folder(
        "roberta", NEW, "roberta", {}, told=("add_prefix_space = true",)
    ),
    "llama3": Folder("llama3", NEW, "llama", {"tokenizer_class": "PreTrainedTokenizerFast"}),
    # added tokens
    "added, json": bert({"added_tokens_decoder": ADDED}),
    "added, txt": Folder("minilm", WORDS, "bert", {"added_tokens_decoder": ADDED}),
    "added, no class": bert(
        {"added_tokens_decoder": ADDED, "tokenizer_class": "PreTrainedTokenizerFast"}
    ),
    "added_tokens.json": bert(None, added_tokens={"<legacy>": 30522, "<y>": 30523}),
    "added_tokens.json, txt": Folder(
        "minilm", WORDS, "bert", None, {"added_tokens": {"<legacy>": 30522}}
    ),
    "added_tokens.json, old": Folder("gpt2", OLD, "gpt2", {}, {"added_tokens": {"<legacy>": 600}}),
    "more specials": bert({"additional_special_tokens": ["<x>", "the"]}),
    "named specials": bert({"extra_special_tokens": {"image_token": "<img>"}}),
    "specials, old": Folder("qwen2", OLD, "qwen2", {"additional_special_tokens": ["<x>"]}),
    "a new role": Folder("gpt2", NEW, "gpt2", {"pad_token": "<mypad>"}),
    "another role": bert({"cls_token": "[unused5]"}, "[unused5] … [SEP]"),
    "special_tokens_map.json": bert(
        {"cls_token": "[unused5]"},
        "[unused1] … [SEP]",
        special_tokens_map={"cls_token": "[unused1]", "additional_special_tokens": ["<y>"]},
    ),
    "it is older": bert(
        {"added_tokens_decoder": ADDED}, special_tokens_map={"cls_token": "[unused1]"}
    ),
}


@pytest.fixture(scope="module")
def sources(
    small_folders: Path, minilm_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    masked = tmp_path_factory.mktemp("masked")  # as published: the mask stands in vocab.json
    vocabulary = json.loads((small_folders / "roberta" / "vocab.json").read_text("utf-8"))
    vocabulary["<mask>"] = len(vocabulary)
    (masked / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    shutil.copy(small_folders / "roberta" / "merges.txt", masked)
    special = {"minilm": minilm_folder, "masked": masked}
    return lambda name: special.get(name, small_folders / name)


def test_ids_are_those_of_the_reference(
    sources: Callable[[str], Path], reference: Reference, tmp_path: Path
) -> None:
    folders = {
        name: made.write(tmp_path / str(number), sources(made.source))
        for number, (name, made) in enumerate(SAME.items())
    }
    texts = [*TEXTS, *SPACED]
    answers = reference(
        {"folders": list(map(str, folders.values())), "texts": texts, "pairs": PAIRS}
    )
    for (name, folder), answer in zip(folders.items(), answers, strict=True):
        tokenizer = load_tokenizer(folder)
        for text, ids in zip(texts, answer["ids"], strict=True):
            assert tokenizer.encode(text) == ids, (name, text, tokenizer.tokens(ids))
        assert [tokenizer.encode(*pair) for pair in PAIRS] == answer["pairs"], name
        told = " ".join(map(str, tokenizer.notices))
        assert all(part in told for part in SAME[name].told), (name, told)
        assert len(tokenizer.notices) == len(SAME[name].told), (name, told)


def test_llamas_class_is_not_followed_and_that_is_said(
    sources: Callable[[str], Path], reference: Reference, tmp_path: Path
) -> None:
    made = Folder("llama2", NEW, "llama", {"tokenizer_class": "LlamaTokenizer"})
    folder = made.write(tmp_path / "llama", sources("llama2"))
    texts = ["Hello there", " lead"]
    [answer] = reference({"folders": [str(folder)], "texts": texts, "pairs": []})
    tokenizer = load_tokenizer(folder)
    assert tokenizer.encode(texts[0]) == answer["ids"][0]
    assert tokenizer.encode(texts[1]) != answer["ids"][1]
    assert [one.code for one in tokenizer.notices] == ["tokenizer-kept"]


@pytest.mark.parametrize(
    ("made", "field", "value"),
    [
        (Folder("llama3", OLD, "llama"), "model_type", "llama"),
        (Folder("minilm", WORDS, "roberta"), "model_type", "roberta"),
        (Folder("gpt2", OLD, "gpt2", {"tokenizer_class": "T5"}), "tokenizer_class", "T5"),
        (bert({"added_tokens_decoder": {"40000": {"content": "<n>"}}}), "40000", "30522"),
        (bert({"added_tokens_decoder": {"7": {"content": "the"}}}), "decoder.7", "1996"),
        (bert(None, added_tokens={"<legacy>": 7}), "7", "30522"),
        (bert(None, added_tokens={"<legacy>": "x"}), "<legacy>", "id"),
        (bert({"added_tokens_decoder": []}), "added_tokens_decoder", "object"),
        (bert({"pad_token": "\ud800"}), "pad_token", "surrogate"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    made: Folder, field: str, value: str, sources: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(made.write(tmp_path / "model", sources(made.source)))
    assert field in str(caught.value) and value in str(caught.value)
