"""A long campaign: `python -m tests.fuzz --cases 100000`, shared among all readers, or
`--reader NAME` for one of them. The number of a case makes it again: `--reader NAME --first NUMBER
--cases 1`.
"""

import argparse
import sys
import time

from tests.fuzz.campaign import campaign
from tests.fuzz.readers import READERS


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz")
    asked.add_argument("--cases", type=int, default=100_000)
    asked.add_argument("--reader", choices=sorted(READERS))
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--codes", action="store_true", help="list what cases were refused for")
    options = asked.parse_args()
    names = [options.reader] if options.reader else list(READERS)
    failed = False
    total, start = 0, time.monotonic()
    print("reader                cases  accepted  refused  defects  cases/s  slowest     largest")
    for name in names:
        began = time.monotonic()
        tally = campaign(name, options.first, -(-options.cases // len(names)))
        pace = tally.cases / (time.monotonic() - began)
        total += tally.cases
        print(
            f"{name:19} {tally.cases:6} {tally.ends['value']:9} {tally.ends['refused']:8} "
            f"{tally.ends['defect']:8} {pace:8.0f}  {tally.slowest[0]:.2f} s ({tally.slowest[1]})"
            f"  {tally.largest[0]:.0f} MB ({tally.largest[1]})",
            flush=True,
        )
        if options.codes:
            print("   ", ", ".join(f"{code} {n}" for code, n in tally.codes.most_common()))
        for what, numbers in tally.defects.items():
            failed = True
            print(f"    {len(numbers)} ×, first {numbers[0]}: {what}", flush=True)
    print(f"{total} cases in {time.monotonic() - start:.0f} s")
    sys.exit(failed)


if __name__ == "__main__":
    main()
