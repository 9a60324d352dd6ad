"""Loading SmolLM2 from its GGUF file, ready to run: time and memory, beside transformers."""

import json
import subprocess
import sys
from statistics import median

from model.catalogue import locate

RUNS = 3

OURS = """
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

THEIRS = """
import json, sys, time
import torch
folder, file = sys.argv[1:]
from transformers import AutoModelForCausalLM, AutoTokenizer
start = time.perf_counter()
AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
model = time.perf_counter() - start
AutoTokenizer.from_pretrained(folder, gguf_file=file)
print(json.dumps({"model": model, "both": time.perf_counter() - start}))
"""


def run(code: str, *arguments: str, isolated: bool = False) -> dict[str, float]:
    """What a fresh process prints; isolated from this project's own `tokenizers`."""
    command = [
        sys.executable,
        *(["-I"] if isolated else []),
        "-W",
        "ignore",
        "-c",
        code,
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    ours = [run(OURS) for _ in range(RUNS)]
    path = locate("smollm2")
    theirs = run(THEIRS, str(path.parent), path.name, isolated=True)
    seconds = median(one["seconds"] for one in ours)
    memory = median(one["growth"] for one in ours) / ours[0]["weights"]
    print("| SmolLM2-135M from GGUF, ready to run | here | transformers | ratio |")
    print("|---|---|---|---|")
    print(
        f"| seconds (import included here), median of {RUNS} | {seconds:.1f} | "
        f"{theirs['both']:.1f} (model {theirs['model']:.1f}) | {theirs['both'] / seconds:.1f} × |"
    )
    print(f"| resident memory over float32 weights | {memory:.2f} × | | |")


if __name__ == "__main__":
    main()
