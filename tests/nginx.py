"""nginx with the configuration that ships in deploy/; `python -m tests.nginx` fails without it."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.server import PATIENCE, ROOT, free_port

SHIPPED = ROOT / "deploy" / "nginx.conf"
REPLICAS = ("127.0.0.1:8501", "127.0.0.1:8502")  # as the shipped configuration names them
LISTENS = "listen 8080;"
UNPACKED = ROOT / ".venv" / "nginx"  # where the Makefile puts Debian's package
WRITES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

HTTP = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    {temporary}
    {shipped}
}}
"""


def executable() -> str | None:
    """The path of nginx: installed, or unpacked by the Makefile; else None."""
    places = os.pathsep.join((os.environ["PATH"], "/usr/sbin", str(UNPACKED / "usr" / "sbin")))
    return shutil.which("nginx", path=places)


@contextmanager
def proxying(replicas: Sequence[str], folder: Path) -> Iterator[str]:
    """Run nginx in front of two replicas, given as host:port, and give its address.

    What runs is the shipped configuration; only its addresses are replaced. `folder` takes what
    nginx writes. Raises RuntimeError with what nginx said when it does not start.
    """
    path = executable()
    if path is None:
        raise RuntimeError("There is no nginx: `make nginx` fetches it.")
    port = free_port()
    shipped = SHIPPED.read_text("utf-8")
    changes = {
        **dict(zip(REPLICAS, replicas, strict=True)),
        LISTENS: f"listen 127.0.0.1:{port};",
    }
    for original, here in changes.items():
        assert shipped.count(original) == 1
        shipped = shipped.replace(original, here)
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in WRITES)
    file = folder / "nginx.conf"
    file.write_text(HTTP.format(folder=folder, temporary=temporary, shipped=shipped), "utf-8")
    log = folder / "error.log"
    with subprocess.Popen([path, "-p", folder, "-c", file, "-e", log]) as nginx:
        try:
            deadline = time.monotonic() + PATIENCE
            while not _answers(f"http://127.0.0.1:{port}"):
                if nginx.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"nginx did not start:\n{log.read_text()}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(None if executable() else "No nginx found")
