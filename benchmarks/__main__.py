"""Run every benchmark, one after the other, each in a fresh process."""

import subprocess
import sys

BENCHMARKS = (
    "start",
    "loading",
    "forward",
    "switches",
    "decoding",
    "encoding",
    "viewer",
    "long_input",
    "load",
    "load.memory",
)

if __name__ == "__main__":
    for name in BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
