"""Let a random user try the app, or do recorded steps again: `python -m tests.random_user -h`."""

import argparse
import datetime
import json
import sys
import tempfile
from itertools import count
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.random_user.host import Host, hosting
from tests.random_user.replay import keep, kept, minimised, replay
from tests.random_user.steps import views
from tests.random_user.walk import Finding, walk


def main() -> None:
    today = int(datetime.date.today().strftime("%Y%m%d"))
    asked = argparse.ArgumentParser(prog="python -m tests.random_user")
    asked.add_argument("--seed", type=int, default=today, help="by default today's date")
    asked.add_argument("--steps", type=int, default=400)
    asked.add_argument("--page", default="all", help="all, a page, or one of its views")
    asked.add_argument("--url", help="a server that runs already; it is never restarted")
    asked.add_argument("--replay", type=Path, help="do the steps in this file again")
    asked.add_argument("--out", type=Path, help="where findings go; by default a new folder")
    options = asked.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        hosting(options.url, Path(folder)) as host,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(), args=list(chromium.ARGUMENTS)
        )
        if options.replay:
            wrong = replay(browser, host, kept(options.replay))
            print("\n".join(wrong) or "nothing wrong")
            sys.exit(bool(wrong))
        out = options.out or Path(tempfile.mkdtemp(prefix="random-user-"))
        out.mkdir(parents=True, exist_ok=True)
        sys.exit(roam(browser, host, options, out))


def roam(browser: Browser, host: Host, options: argparse.Namespace, out: Path) -> bool:
    """Take the steps, print what came of them, and keep what was found. Returns whether anything
    was."""
    print(f"seed {options.seed}, {options.steps} steps, {host.url}", flush=True)
    found = count(1)

    def tell(finding: Finding) -> None:
        file = out / f"{options.seed}-{next(found)}.json"
        keep(finding, file)
        print(f"{file}: {finding.url}", *finding.wrong, sep="\n", flush=True)

    came = walk(browser, host, options.seed, options.steps, views(options.page), tell)
    print(f"steps {dict(came.done)}, of which could not be done {dict(came.refused)}")
    print(f"pages {dict(came.visits)}")
    print(f"{came.compared} addresses compared; slowest {came.slowest[0]:.1f} s {came.slowest[1]}")
    for number, finding in enumerate(came.findings, 1):
        shorter = minimised(browser, host, finding)
        file = out / f"{options.seed}-{number}-short.json"
        keep(shorter, file)
        print(
            f"{file}: {len(shorter.steps)} steps of {len(finding.steps)}", *shorter.wrong, sep="\n"
        )
        print(json.dumps(shorter.steps, ensure_ascii=False), flush=True)
    print(f"{len(came.findings)} findings")
    return bool(came.findings)


if __name__ == "__main__":
    main()
