"""How much memory there is for a model, so that one too large is refused and not tried."""

import re
from pathlib import Path

_MACHINE = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


def available() -> int | None:
    """Bytes that this process could take, by the machine and by a container's limit (cgroups 2);
    None where neither says, as on other systems than Linux."""
    known = [free for free in (_of_machine(), _of_container()) if free is not None]
    return min(known, default=None)


def _of_machine() -> int | None:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(_MACHINE))
    return int(found[1]) * 1024 if found else None


def _of_container() -> int | None:
    limit, used = (_text(_CONTAINER / f"memory.{name}").strip() for name in ("max", "current"))
    return int(limit) - int(used) if limit.isdigit() and used.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
