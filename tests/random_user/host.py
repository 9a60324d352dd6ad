"""The server that the random user meets: killed and started again, with models that come and go."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Protocol

from tests.hostile import write_models
from tests.server import end, free_port, start

# What a log may not say. Python's warnings and errors, and whatever the app logs as one.
WRONG = re.compile(r"Traceback|Error\b|Exception\b|\bERROR\b|Warning\b|never awaited")


class Host(Protocol):
    """What a random user needs of a server."""

    url: str
    models: list[str]

    def restart(self) -> bool:
        """Kill it and start it again on the same port; False where that is not in our hands."""
        ...

    def put(self, model: str, there: bool) -> bool:
        """Bring a model into its folder or take it out; False where there is none."""
        ...

    def complaints(self) -> list[str]:
        """What it has logged since the last call that speaks of a fault."""
        ...


class Elsewhere:
    """A server that somebody else started: it can be used and nothing more."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.models: list[str] = []

    def restart(self) -> bool:
        return False

    def put(self, model: str, there: bool) -> bool:
        return False

    def complaints(self) -> list[str]:
        return []


class Own:
    """A server of our own on one port, its log and its folder of models below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._store, self._offered = folder / "store", folder / "models"
        self._store.mkdir(parents=True)
        self._offered.mkdir()
        write_models(self._store)
        self.models = sorted(path.name for path in self._store.iterdir())
        # The server goes on at the end of it, wherever we read.
        self._log = (folder / "server.log").open("a+b")
        self._read = 0
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = self._start()

    def _start(self) -> Popen[bytes]:
        environment = {**os.environ, "ATTENTION_LAB_MODELS": str(self._offered)}
        return start(("ui.serve",), self._port, self._log, environment)

    def restart(self) -> bool:
        self._process.kill()
        self._process.wait()
        self._process = self._start()
        return True

    def put(self, model: str, there: bool) -> bool:
        target = self._offered / model
        if there:
            shutil.copytree(self._store / model, target, dirs_exist_ok=True)
        else:
            shutil.rmtree(target, ignore_errors=True)
        return True

    def complaints(self) -> list[str]:
        self._log.seek(self._read)
        new = self._log.read().decode(errors="replace")
        self._read = self._log.tell()
        return [f"server log: {new[-1500:]}"] if WRONG.search(new) else []

    def close(self) -> None:
        end(self._process)
        self._log.close()


@contextmanager
def hosting(url: str | None, folder: Path) -> Iterator[Host]:
    """The server at an address, or one of our own as long as the context lasts."""
    if url is not None:
        yield Elsewhere(url)
        return
    own = Own(folder)
    try:
        yield own
    finally:
        own.close()
