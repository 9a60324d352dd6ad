"""Which files of a model's folder may be opened: its own, and regular ones; and what the folder is
called."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

CACHED = "models--"  # so the Hugging Face cache begins the name of a model's folder


def whereabouts(folder: Path, name: str) -> Literal["here", "outside", "nowhere"]:
    """Whether a model's folder has a regular file of this name, links followed.

    What lies elsewhere is "outside", so that no link, and no name with a path in it, shows a
    reader another file of the server. In the Hugging Face cache a folder "snapshots/<revision>"
    holds links into the "blobs" beside "snapshots"; these count as here. A pipe, a device, a
    folder or a circle of links is "nowhere": opening one might wait forever.
    """
    try:
        root, real = folder.resolve(), (folder / name).resolve()
        regular = real.is_file()
    except (OSError, ValueError, RuntimeError):  # name too long, with a NUL, a circle of links
        return "nowhere"
    roots = [root, root.parent.parent / "blobs"] if root.parent.name == "snapshots" else [root]
    if Path(name).name != name or not any(real.is_relative_to(root) for root in roots):
        return "outside"
    return "here" if regular else "nowhere"


def called(path: Path) -> str:
    """What a model's folder or file is called: by its name, or, in the Hugging Face cache, as the
    model is there, "who/what", and not by the number of the state that it is in."""
    parts = path.parts
    at = next((i for i, part in enumerate(parts) if part.startswith(CACHED)), None)
    if at is None:
        return path.name
    below = parts[at + 1 :]
    if below[:1] == ("snapshots",):
        below = below[2:]
    return "/".join((parts[at].removeprefix(CACHED).replace("--", "/"), *below))
