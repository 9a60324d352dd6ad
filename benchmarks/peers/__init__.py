"""Peers to measure against, each in a process and an environment of its own.

A peer waits for one line of JSON, does what it says and answers with one line, so that its turns
and ours alternate within one run: what else the machine does then falls on both alike.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = HERE.parent.parent / ".peers" / "bin" / "python"  # made by `make bench`


class Peer:
    """The process of one peer, as something to ask."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer to a question; RuntimeError when the peer has ended."""
        assert self._process.stdin and self._process.stdout  # both are pipes
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the peer ended with {self._process.wait()}")
        return json.loads(answer)


@contextmanager
def peer(script: str) -> Iterator[Peer]:
    """A peer as long as the context lasts: a script of this folder, run isolated, since our
    package `tokenizers` would hide the library of that name."""
    process = subprocess.Popen(
        [PYTHON, "-I", HERE / script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Peer(process)
    finally:
        process.terminate()
        process.wait()
