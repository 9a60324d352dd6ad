"""Files that are something else than the weights they are called: says what, and what to do."""

from model.errors import ModelError
from tokenizers.errors import short

ENOUGH = 64  # bytes at a file's start that tell what it is
_POINTERS = (b"version https://git-lfs.github.com/", b"# xet version")
_PAGES = (b"<!doctype html", b"<html")
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def check_start(start: bytes, file: str) -> None:
    """Raise ModelError for a file that starts as another kind does: `lfs-pointer`, `web-page`."""
    if start.startswith(_POINTERS):
        raise ModelError(
            "lfs-pointer",
            "{file} is only a pointer to the file, left by Git LFS: run `git lfs pull` in its "
            "folder",
            file=file,
        )
    if start.lstrip().lower().startswith(_PAGES):
        raise ModelError(
            "web-page", "{file} is a web page and not a model's file: download it again", file=file
        )


def pickled(file: str) -> ModelError:
    """The error for weights that run code when opened."""
    return ModelError(
        "weights-pickle",
        "{file} could run its author's code when opened, so it is not read: save the model "
        "as model.safetensors (transformers: from_pretrained(...), then save_pretrained(...))",
        file=file,
    )


def adapter(name: str, base: object = None) -> ModelError:
    """The error for a LoRA adapter or the like, which is a change of a model and none itself."""
    known = isinstance(base, str) and base
    return ModelError(
        "adapter",
        "{name} holds an adapter (LoRA) of the model {base}: merge it into that model first "
        "(peft: merge_and_unload(), then save_pretrained(...))",
        name=name,
        base=short(base) if known else "?",
    )
