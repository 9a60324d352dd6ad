"""How a process is set up for many sessions, each time in a process of its own."""

import os
import subprocess
import sys

import pytest

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
