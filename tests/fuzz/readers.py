"""Everything that reads what is not trusted, each with a source of broken cases for it.

A case ends in a value or in the project's own error. What is accepted is used as a page would use
it: a model runs on a text, a tokenizer encodes and decodes.

No coverage feedback (atheris): the readers are Python that checks field after field, so mutators
that know the formats get as deep without the slower instrumented interpreter, on every platform.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from model import ModelError
from tests.fuzz import addresses, checkpoints, seeds, vocabularies
from tests.fuzz.mutations import dump
from tests.fuzz.seeds import Files
from tokenizers import TokenizerError
from ui.errors import explain
from ui.quoted import JOINER

REAL = ("minilm", "smollm2", "bert-tiny", "characters", "g2p")


@dataclass(frozen=True)
class Reader:
    """One reader: `make` draws broken files, `read` reads them from a folder, as `read_case` says.

    whole: valid files, which must be accepted, and which are cut short.
    """

    name: str
    make: Callable[[Random], Files]
    read: Callable[[Path], object]
    whole: Callable[[], Sequence[Files]]
    errors: tuple[type[Exception], ...] = (ModelError,)


def read_case(reader: Reader, files: Files, folder: Path) -> Exception | None:
    """Write the files, read them; the project's own error, if they are refused."""
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    try:
        reader.read(folder)
    except reader.errors as error:
        check_explained(error)
        return error
    return None


def check_explained(error: Exception) -> None:
    """The error has a stable code, and a sentence that is one short line of printable text."""
    if isinstance(error, ModelError | TokenizerError):
        assert isinstance(error.code, str) and error.code
    said = explain(error)
    said.encode()
    assert said.replace(JOINER, "").isprintable(), f"not printable: {said!r}"
    assert 0 < len(said) < 2_000, f"{len(said)} characters: {said[:200]!r}"


READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader("safetensors", checkpoints.make_safetensors, checkpoints.read_tensors,
               lambda: [{"model.safetensors": file} for file in seeds.SAFETENSORS]),
        Reader("config", checkpoints.make_config, checkpoints.read_model,
               lambda: [seeds.checkpoint(name) for name in seeds.CONFIGS]),
        Reader("checkpoint", checkpoints.make_checkpoint, checkpoints.read_model,
               lambda: [seeds.checkpoint(name) for name in ("gpt2", "own")]),
        Reader("index", checkpoints.make_index, checkpoints.read_model, checkpoints.whole_index),
        Reader("gguf", checkpoints.make_gguf, checkpoints.read_gguf_model, checkpoints.whole_gguf),
        Reader("gguf tokenizer", checkpoints.make_gguf, checkpoints.read_gguf_tokenizer,
               checkpoints.whole_gguf, (ModelError, TokenizerError)),
        Reader("tokenizer.json", vocabularies.make_tokenizer_json, vocabularies.read_tokenizer,
               vocabularies.whole_tokenizers, (TokenizerError,)),
        Reader("vocab.txt", vocabularies.make_vocab_txt, vocabularies.read_tokenizer,
               vocabularies.whole_vocab_txt, (TokenizerError,)),
        Reader("merges.txt", vocabularies.make_merges, vocabularies.read_tokenizer,
               vocabularies.whole_merges, (TokenizerError,)),
        Reader("symbols.json", vocabularies.make_symbols, vocabularies.read_tokenizer,
               lambda: [{"symbols.json": dump(seeds.SYMBOLS)}], (TokenizerError,)),
        Reader("address", addresses.make_query, addresses.read_query, addresses.whole_query, ()),
        Reader("model name", addresses.make_name, addresses.read_name,
               lambda: [{"name": b"minilm"}]),
        *(Reader(f"text into {name}", vocabularies.make_text, vocabularies.text_reader(name),
                 lambda: [{"text": b"The cat sat on the mat."}], ())
          for name in REAL),
    )
}  # fmt: skip
