"""The models in a folder of models: which there are, what they are called, and whether they will
open, as far as their settings tell. No weights are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from os import DirEntry, scandir
from pathlib import Path

from model.errors import ModelError
from model.weights.checkpoint import CONFIG, read_config
from model.weights.config import shape_from_config
from model.weights.gguf import read_first
from model.weights.gguf_config import check_architecture
from model.weights.own import MODEL_TYPE, shape_from_own
from tokenizers.files import CACHED, called, whereabouts

MOST = 1_000  # models
ENTRIES = 5_000  # of a folder that are looked at
DEPTH = 2  # folders between the folder of models and a model: who/what/file.gguf
_NO_MODELS = (".", "datasets--", "spaces--")  # the cache's other folders begin so
_WEIGHTS = (".safetensors", ".bin", ".pth", ".pt")  # ours, and those that are refused by name
_STEMS = ("model", "pytorch_model", "consolidated", "adapter_model")
_SIGNS = {CONFIG, "adapter_config.json"}
_REVISION = 256  # bytes of a file that names one


@dataclass(frozen=True)
class Found:
    """A model: its name, which is where it lies below the folder of models; what it is called;
    where it is; whether its settings say nothing against opening it."""

    name: str
    title: str
    path: Path
    opens: bool


def collection(folder: Path) -> list[Found]:
    """What a folder holds, the models that will open first: folders in Hugging Face format, the
    models of its cache in the state that refs/main names, and .gguf files, at most `DEPTH` folders
    deep; and the folder itself, where it is a model's. A link that leads out of the folder is
    found, but not looked behind, and opens nothing. What has no model's files, or a name that
    could not be shown, is not found."""
    root = folder.resolve()
    itself = _folder(folder, folder.name)
    within = any(one.opens for one in itself)
    found = islice(chain(itself, _below(folder, root, "", 0, within)), MOST)
    return sorted(found, key=lambda one: (not one.opens, one.title.lower()))


def _below(
    folder: Path, root: Path, place: str, depth: int, within: bool = False
) -> Iterator[Found]:
    """The models in a folder that is called `place` below the folder of models, `root`. `within`:
    the folder is a model's own, so that only files of others are looked for."""
    for entry in _entries(folder):
        path, name = Path(entry.path), f"{place}{entry.name}"
        if entry.name.startswith(_NO_MODELS) or not entry.name.isprintable():
            continue
        is_file, is_folder = _kind(entry)
        gguf = is_file and path.suffix.lower() == ".gguf"
        if (gguf or is_folder) and not path.resolve().is_relative_to(root):
            yield Found(name, _title(name), path, opens=False)
        elif gguf:
            yield Found(name, _title(name), path, _opens(path))
        elif is_folder and entry.name.startswith(CACHED) and not within:
            state = _state(path)
            if state is not None and state.resolve().is_relative_to(root):
                yield from _folder(state, name)
                yield from _below(state, root, f"{name}/", DEPTH - 1, within=True)
        elif is_folder:
            own = [] if within else _folder(path, name)
            yield from own
            if depth < DEPTH and not entry.is_symlink():
                yield from _below(path, root, f"{name}/", depth + 1, within or bool(own))


def _folder(path: Path, name: str) -> list[Found]:
    """The folder as a model, if it holds what a model's folder holds, readable here or not."""
    names = [entry.name for entry in _entries(path)]
    weights = [name for name in names if name.endswith(_WEIGHTS)]
    if _SIGNS.isdisjoint(names) and not any(name.startswith(_STEMS) for name in weights):
        return []
    return [Found(name, _title(name), path, any(map(_ours, weights)) and _opens(path))]


def _ours(weights: str) -> bool:
    return weights.endswith(".safetensors")


def _title(name: str) -> str:
    return called(Path(name)) if CACHED in name else name


def _entries(folder: Path) -> list[DirEntry[str]]:
    try:
        with scandir(folder) as entries:
            return sorted(islice(entries, ENTRIES), key=lambda entry: entry.name)
    except OSError:  # a folder that may not be read, or that has just gone
        return []


def _kind(entry: DirEntry[str]) -> tuple[bool, bool]:
    """Whether it is a regular file, and whether a folder, links followed."""
    try:
        return entry.is_file(), entry.is_dir()
    except OSError:  # a circle of links
        return False, False


def _state(cached: Path) -> Path | None:
    """The state that a model of the Hugging Face cache is in: the one that refs/main names; where
    there is no such name, the newest; None where the cache holds nothing of it."""
    snapshots = cached / "snapshots"
    if whereabouts(cached / "refs", "main") == "here":
        with (cached / "refs" / "main").open("rb") as file:
            named = file.read(_REVISION).decode(errors="replace").strip()
        if named.isalnum() and (snapshots / named).is_dir():
            return snapshots / named
    states = [Path(entry.path) for entry in _entries(snapshots) if _kind(entry)[1]]
    return max(states, key=lambda state: state.lstat().st_mtime, default=None)


def _opens(path: Path) -> bool:
    """Whether the settings of a model say nothing against opening it."""
    try:
        told = path / CONFIG if path.is_dir() else path
        stamp = told.stat()
        return _supported(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError:
        return False


@lru_cache(2 * MOST)
def _supported(path: Path, _changed: int, _size: int) -> bool:
    """What the settings say, as long as they stay as they are."""
    try:
        if path.is_file():
            check_architecture(read_first(path, "general.architecture"), path.name)
            return True
        config = read_config(path)
        own = config.get("model_type") == MODEL_TYPE
        return bool(shape_from_own(config) if own else shape_from_config(config))
    except (ModelError, OSError):
        return False
