"""What the environment tells the app; complained of when the server starts, never in a page."""

import os
from pathlib import Path

MODELS, TRAININGS = "ATTENTION_LAB_MODELS", "ATTENTION_LAB_TRAININGS"
MOST_TRAININGS = 99


def models_folder() -> Path | None:
    """The folder of the operator's own models; None where there is none."""
    said = os.environ.get(MODELS)
    folder = Path(said).expanduser() if said else None
    return folder if folder is not None and _listable(folder) else None


def trainings() -> int:
    """How many live trainings may run at once."""
    said = os.environ.get(TRAININGS) or "2"
    return int(said) if _counts(said) else 2


def complaints() -> list[str]:
    """What is wrong with these variables, for the operator."""
    found = []
    if os.environ.get(MODELS) and models_folder() is None:
        found.append(f"{MODELS}={os.environ[MODELS]}: no folder that can be read")
    if not _counts(os.environ.get(TRAININGS) or "2"):
        found.append(f"{TRAININGS}={os.environ[TRAININGS]}: no number from 1 to {MOST_TRAININGS}")
    return found


def _listable(folder: Path) -> bool:
    try:
        return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False


def _counts(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 5 and 1 <= int(said) <= MOST_TRAININGS
