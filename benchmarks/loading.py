"""Loading SmolLM2 from its GGUF file, ready to run: time and memory."""

import json
import subprocess
import sys
from statistics import median

RUNS = 3

CODE = """
import json, time
import torch
def resident():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
before = resident()
start = time.perf_counter()
from model import load
bench = load("smollm2")
seconds = time.perf_counter() - start
weights = sum(p.numel() * 4 for p in bench.transformer.parameters())
print(json.dumps({"seconds": seconds, "growth": resident() - before, "weights": weights}))
"""


def run() -> dict[str, float]:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    runs = [run() for _ in range(RUNS)]
    seconds = median(one["seconds"] for one in runs)
    memory = median(one["growth"] for one in runs) / runs[0]["weights"]
    print(f"| SmolLM2-135M from GGUF, in a fresh process, median of {RUNS} | |")
    print("|---|---|")
    print(f"| import of the library and loading, ready to run | {seconds:.1f} s |")
    print(f"| growth of resident memory over the float32 weights | {memory:.2f} × |")


if __name__ == "__main__":
    main()
