"""Loading takes little more memory than the weights, and little time."""

import json
import subprocess
import sys
from pathlib import Path

LOAD = """
import json, resource, time
import torch
from model.catalogue import locate
from model.weights import blank, read_weights

def resident(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) * 1024

before = resident("VmRSS")
started = time.process_time()
weights = read_weights(locate("smollm2"))
transformer = blank(weights.shape)
transformer.load_state_dict(weights.state, assign=True)
print(json.dumps({
    "seconds": time.process_time() - started,
    "before": before,
    "peak": resident("VmHWM"),
    "weights": sum(4 * parameter.numel() for parameter in transformer.parameters()),
}))
"""


def test_smollm2_fresh_from_its_file():
    """Even at the peak, and torch included, resident memory stays below 1.6 × the float32
    weights; what loading itself adds is little more than these. The processor's time, not the
    clock's, since other tests may run beside; on an idle machine both are about 1.5 s."""
    ran = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    used = json.loads(ran.stdout)
    assert used["weights"] == 538_060_032
    assert used["peak"] < 1.6 * used["weights"]
    assert used["peak"] - used["before"] < 1.15 * used["weights"]
    assert used["seconds"] < 4
