"""Doing recorded steps again, and finding the fewest that still lead to something wrong."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from tests.random_user.host import Host
from tests.random_user.steps import Step
from tests.random_user.walk import Finding, Walker

TRIES = 30


def replay(browser: Browser, host: Host, steps: list[Step]) -> list[str]:
    """Do the steps again. Returns what is wrong after the first of them that leads to it; after the
    last, its address is opened elsewhere too."""
    walker = Walker(browser, host)
    for model in host.models:  # the folder as it was at first
        host.put(model, there=False)
    wrong: list[str] = []
    for number, step in enumerate(steps):
        wrong = walker.take(dict(step), compare=number == len(steps) - 1)
        if wrong:
            break
    walker.reader.close()
    return wrong


def fewest(
    steps: list[Step], wrong: Callable[[list[Step]], bool], tries: int = TRIES
) -> list[Step]:
    """Leave out as many steps after the first, which opens the page, as leave it wrong, with at
    most so many tries."""
    first, rest = steps[:1], steps[1:]
    size = len(rest)
    while size and tries:
        at = 0
        while at < len(rest) and tries:
            without = rest[:at] + rest[at + size :]
            tries -= 1
            if wrong(first + without):
                rest = without
            else:
                at += size
        size //= 2
    return first + rest


def minimised(browser: Browser, host: Host, finding: Finding) -> Finding:
    """The finding with the fewest steps that lead to it again; as it was, where none do."""

    def again(steps: list[Step]) -> bool:
        return bool(replay(browser, host, steps))

    if not again(finding.steps):
        return finding
    steps = fewest(finding.steps, again)
    return Finding(finding.wrong, finding.url, steps)


def keep(finding: Finding, file: Path) -> None:
    """Write a finding where `python -m tests.random_user --replay` reads it."""
    record = {"wrong": finding.wrong, "url": finding.url, "steps": finding.steps}
    file.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


def kept(file: Path) -> list[Step]:
    """The steps of a finding that was kept."""
    return json.loads(file.read_text("utf-8"))["steps"]
