"""Large tensors ask for huge pages, where the system has them for who asks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HUGE = Path("/sys/kernel/mm/transparent_hugepage")
ALLOCATE = """
from pathlib import Path
import torch
import model
tensor = torch.empty(2**22)
maps = Path("/proc/self/smaps")
lines = maps.read_text().splitlines() if maps.exists() else []
print(any("hg" in line.split() for line in lines if line.startswith("VmFlags")))
"""


@pytest.mark.parametrize(
    ("chosen", "asks"), [({}, HUGE.exists()), ({"THP_MEM_ALLOC_ENABLE": "0"}, False)]
)
def test_large_tensors_ask_for_huge_pages_unless_told_otherwise(
    chosen: dict[str, str], asks: bool
) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("THP_")}
    ran = subprocess.run(
        [sys.executable, "-c", ALLOCATE],
        cwd=Path(__file__).parents[2],
        env=outside | chosen,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.strip() == str(asks)
