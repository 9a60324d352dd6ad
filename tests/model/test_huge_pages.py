"""Large tensors ask for huge pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HUGE = Path("/sys/kernel/mm/transparent_hugepage")
ALLOCATE = """
import torch
import model
tensor = torch.empty(2**22)
flags = [line.split()[1:] for line in open("/proc/self/smaps") if line.startswith("VmFlags")]
print(any("hg" in one for one in flags))
"""


@pytest.mark.skipif(not HUGE.exists(), reason="this system has no huge pages for who asks")
@pytest.mark.parametrize(
    ("chosen", "asks"), [({}, "True"), ({"THP_MEM_ALLOC_ENABLE": "0"}, "False")]
)
def test_large_tensors_ask_for_huge_pages_unless_told_otherwise(
    chosen: dict[str, str], asks: str
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
    assert ran.stdout.strip() == asks
