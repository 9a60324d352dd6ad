"""What the environment tells the app; complained of when the server starts, never in a page."""

import os
import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

MODELS, TRAININGS = "ATTENTION_LAB_MODELS", "ATTENTION_LAB_TRAININGS"
HOSTS, EMBEDDERS = "ATTENTION_LAB_HOSTS", "ATTENTION_LAB_EMBEDDERS"
SESSIONS = "ATTENTION_LAB_SESSIONS"
MOST_TRAININGS, MOST_SESSIONS = 99, 99_999

_NAME = r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_ORIGIN = re.compile(rf"https?://({_NAME}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?")


def models_folder() -> Path | None:
    """The folder of the operator's own models; None where there is none."""
    said = os.environ.get(MODELS)
    folder = Path(said).expanduser() if said else None
    return folder if folder is not None and _listable(folder) else None


def trainings() -> int:
    """How many live trainings may run at once."""
    return _count(TRAININGS, 2, MOST_TRAININGS)


def sessions() -> int:
    """How many tabs may be open at once, as far as the system's own bound lets them."""
    return _count(SESSIONS, 1000, MOST_SESSIONS)


def hosts() -> tuple[str, ...]:
    """The names, without ports, by which readers call the server, besides those of loopback."""
    return tuple(name.strip("[]").lower() for name in _words(HOSTS) if _is_name(name))


def embedders() -> tuple[str, ...]:
    """The origins whose pages may show the app in a frame."""
    return tuple(origin for origin in _words(EMBEDDERS) if _is_origin(origin))


def complaints() -> list[str]:
    """What is wrong with these variables, for the operator."""
    found = []
    if os.environ.get(MODELS) and models_folder() is None:
        found.append(f"{MODELS}={os.environ[MODELS]}: no folder that can be read")
    for variable, limit in ((TRAININGS, MOST_TRAININGS), (SESSIONS, MOST_SESSIONS)):
        if not _counts(os.environ.get(variable) or "1", limit):
            found.append(f"{variable}={os.environ[variable]}: no number from 1 to {limit}")
    found += _wrong(HOSTS, _is_name, "no name or address without a port, as lab.example.org")
    found += _wrong(EMBEDDERS, _is_origin, "no origin, as https://school.example.org")
    return found


def _listable(folder: Path) -> bool:
    try:
        return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False


def _count(variable: str, default: int, limit: int) -> int:
    said = os.environ.get(variable) or ""
    return int(said) if _counts(said, limit) else default


def _counts(said: str, limit: int) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= limit


def _words(variable: str) -> Sequence[str]:
    return os.environ.get(variable, "").replace(",", " ").split()


def _wrong(variable: str, right: Callable[[str], bool], what: str) -> list[str]:
    return [f"{variable}: {word} is {what}" for word in _words(variable) if not right(word)]


def _is_name(word: str) -> bool:
    try:
        return bool(ip_address(word.removeprefix("[").removesuffix("]")))
    except ValueError:
        return re.fullmatch(_NAME, word) is not None


def _is_origin(word: str) -> bool:
    return _ORIGIN.fullmatch(word) is not None
