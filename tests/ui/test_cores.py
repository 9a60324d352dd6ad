"""How a process is set up for many sessions, each time in a process of its own."""

import os
import subprocess
import sys
from threading import Thread

import pytest
import torch

from ui.cores import use_one_thread

CODE = """
import sys, threading, torch
from ui import cores
cores.share()
seen = []
thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
thread.start()
thread.join()
print(seen[0], sys.getswitchinterval() == cores.SWITCH)
"""


@pytest.mark.parametrize(("wanted", "threads"), [(None, "1"), ("2", "2")])
def test_a_session_has_one_core_unless_told_otherwise(wanted: str | None, threads: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if wanted is not None:
        environment["OMP_NUM_THREADS"] = wanted
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [threads, "True"]


def test_one_thread_is_one_threads_own_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    set_before = torch.get_num_threads()
    torch.set_num_threads(2)
    seen: dict[str, int] = {}

    def alone() -> None:
        use_one_thread()
        seen["alone"] = torch.get_num_threads()

    def later() -> None:
        seen["later"] = torch.get_num_threads()

    for work in (alone, later):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert seen == {"alone": 1, "later": 2}
    assert torch.get_num_threads() == 2
    torch.set_num_threads(set_before)
