"""Systems that lack what Linux has."""

import ctypes
import os
import subprocess
import sys

import pytest

from tests.server import ROOT
from ui import system

# A process in which nothing is there that only POSIX or only Linux has. The libraries are imported
# before: they come in builds for each system, of which this is one.
ELSEWHERE = """
import ctypes, os, sys, importlib, pkgutil
import torch, streamlit, numpy, pandas, plotly, safetensors, babel, regex
import streamlit.testing.v1, streamlit.web.cli, streamlit.web.server.starlette
import starlette.middleware, uvicorn

for name in ("sched_getaffinity", "sched_setaffinity", "fork", "getuid", "geteuid", "sysconf",
             "getloadavg", "posix_fadvise", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_DIRECTORY"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("resource", "fcntl", "pwd", "grp", "termios", "uvloop"):
    sys.modules[name] = None
load = ctypes.CDLL
def by_name(name, *more, **named):
    if name is None:
        raise TypeError("expected a name")
    return load(name, *more, **named)
ctypes.CDLL = by_name
sys.platform = {platform!r}

import asgi
for package in ("ui", "model", "charts", "experiments", "tokenizers"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{{package}}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

from streamlit.testing.v1 import AppTest
for page in ("", "lab"):
    test = AppTest.from_file("app.py", default_timeout=120)
    if page:
        test.switch_page("pages/attention/lab.py")
    test.run()
    assert not test.exception, test.exception
    assert len(test.markdown) > 3
from ui import heap, system
heap.give_back()
print("runs", system.cores(), system.raise_limit())
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_app_runs_where_nothing_is_that_only_linux_has(platform: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", ELSEWHERE.format(platform=platform)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout.split() == ["runs", str(os.cpu_count()), "None"]


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 3, 5})
    assert system.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert system.cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert system.cores() == 1


@pytest.mark.parametrize("why", [OSError, TypeError])
def test_a_function_of_the_c_library_is_there_or_is_none(
    monkeypatch: pytest.MonkeyPatch, why: type[Exception]
) -> None:
    assert system.of_c("strlen") is not None
    assert system.of_c("no_such_function") is None

    def library(_name: object) -> object:
        raise why

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert system.of_c("strlen") is None


class Resource:
    """The module of that name on a system that grants so many."""

    RLIM_INFINITY, RLIMIT_NOFILE = -1, 7

    def __init__(self, soft: int, hard: int, grants: int) -> None:
        self.limits, self.grants = (soft, hard), grants

    def getrlimit(self, _which: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _which: int, limits: tuple[int, int]) -> None:
        if limits[0] > self.grants:
            raise ValueError
        self.limits = limits


@pytest.mark.parametrize(
    ("soft", "hard", "grants", "expected"),
    [
        (1024, 4096, 4096, 4096),
        (4096, 4096, 4096, 4096),
        (256, -1, 10_240, 10_240),  # macOS
        (256, -1, 100_000, 65_536),
        (256, -1, 1000, 256),
        (-1, -1, 0, None),
    ],
)
def test_the_limit_is_raised_as_far_as_the_system_lets(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, grants: int, expected: int | None
) -> None:
    monkeypatch.setitem(sys.modules, "resource", Resource(soft, hard, grants))
    assert system.raise_limit() == expected


def test_a_system_that_counts_no_descriptors_bounds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert system.raise_limit() is None
