"""A Streamlit server of its own for tests and benchmarks, on a free port of this machine."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

Result = TypeVar("Result")

ROOT = Path(__file__).parent.parent
START_UP = 60  # seconds that a server may take to answer
PATIENCE = 10  # seconds that it may take to end


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and the file that takes what it says."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def descriptors(self) -> int:
        """How many file descriptors it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def said(self) -> list[str]:
        """The lines of its log."""
        return self.log.read_text("utf-8").splitlines()


@contextmanager
def serving(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """`server`, for those who need only its address."""
    with server(*command, environment=environment) as running:
        yield running.url


@contextmanager
def server(
    *command: str,
    environment: Mapping[str, str] | None = None,
    descriptors: int | None = None,
    port: int | None = None,
) -> Iterator[Server]:
    """Run `python -m <command>` with the port, by default a free one, as its last option and these
    variables more, as long as the context lasts; with at most so many file descriptors, if that is
    said. Raises RuntimeError with what the server said when it does not start."""
    port = port or free_port()
    with tempfile.NamedTemporaryFile() as log:
        surroundings = {**os.environ, **(environment or {})}
        process = start(command, port, log, surroundings, descriptors)
        try:
            yield Server(f"http://127.0.0.1:{port}", process, Path(log.name))
        finally:
            end(process)


def start(
    command: Sequence[str],
    port: int,
    log: IO[bytes],
    environment: Mapping[str, str],
    descriptors: int | None = None,
) -> subprocess.Popen[bytes]:
    """Run `python -m <command>` on this port with its output in `log`, and wait until it answers.
    Raises RuntimeError with what the log says when it does not."""
    limited = ["prlimit", f"--nofile={descriptors // 4}:{descriptors}"] if descriptors else []
    process = subprocess.Popen(
        [*limited, sys.executable, "-m", *command, "--server.port", str(port)],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + START_UP
    while not _healthy(f"http://127.0.0.1:{port}"):
        if process.poll() is not None or time.monotonic() > deadline:
            end(process)
            log.seek(0)
            raise RuntimeError(f"the server did not start:\n{log.read().decode()}")
        time.sleep(0.1)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to end, and see that it does."""
    process.terminate()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def apart(work: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` in a thread of its own: in the tests' own one the browser's loop is running as
    soon as a test has asked for a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
