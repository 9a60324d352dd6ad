"""A walk through the app: the dice choose, the reader does, and everything is looked at."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from playwright.sync_api import Browser, Error

from tests.random_user.checks import blanks, complaints, long_work, missing, otherwise, rest
from tests.random_user.controls import offered
from tests.random_user.host import Host
from tests.random_user.reader import NotPossible, Reader
from tests.random_user.steps import Step, next_step, opening

VISIT = 10  # steps after which the next page is opened
COMPARED = 0.15  # of the steps are followed by a look at the address in a fresh browser


@dataclass
class Finding:
    """What was wrong, and the steps since the reader came that led to it."""

    wrong: list[str]
    url: str
    steps: list[Step]


@dataclass
class Walk:
    """What came of a walk: what it found, and how far it got."""

    findings: list[Finding] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)  # steps on each view
    done: Counter[str] = field(default_factory=Counter)  # steps of each kind
    refused: Counter[str] = field(default_factory=Counter)  # of which could not be done
    compared: int = 0
    slowest: tuple[float, str] = (0.0, "")


class Walker:
    """A reader, the host, and what has come of it so far."""

    def __init__(self, browser: Browser, host: Host) -> None:
        self._browser, self._host = browser, host
        self.reader = Reader(browser, host)
        self.walk = Walk()

    def take(self, step: Step, *, compare: bool = False) -> list[str]:
        """Do a step and look at everything. Returns what is wrong."""
        self.walk.done[step["do"]] += 1
        try:
            self.reader.do(step)
        except NotPossible as error:
            self.walk.refused[step["do"]] += 1
            step["refused"] = str(error)[:100]
        if "rush" in step:
            self.reader.page.wait_for_timeout(step["rush"])
            return []
        try:
            return self._look(step, compare)
        except Error as error:
            return [f"the page cannot be looked at: {error}"[:300]]

    def _look(self, step: Step, compare: bool) -> list[str]:
        page = self.reader.page
        took = rest(page)
        if took is not None and took > self.walk.slowest[0]:
            self.walk.slowest = took, page.url
        found = complaints(page)
        if took is not None:
            found += blanks(page)
            if step["do"] == "open" and not step["asked"] and "refused" not in step:
                found += missing(step["view"], offered(page))
        elif not long_work(page):
            found.append("does not come to rest")
        found += self.reader.complaints() + self._host.complaints()
        if compare and not found and took is not None:
            self.walk.compared += 1
            found = self._elsewhere()
        return found

    def _elsewhere(self) -> list[str]:
        page = self.reader.page
        context = self._browser.new_context(viewport=page.viewport_size)
        try:
            return otherwise(page, context.new_page())
        finally:
            context.close()


def least_visited(dice: Random, views: Sequence[str], visits: Counter[str]) -> str:
    """A view of the page that has been visited least: pages come up equally often, however many
    views they have, and so do the views of a page."""

    def page(view: str) -> str:
        return view.partition("?")[0]

    pages = Counter(dict.fromkeys(map(page, views), 0))
    for view in views:
        pages[page(view)] += visits[view]
    rare = [view for view in views if pages[page(view)] == min(pages.values())]
    fewest = min(visits[view] for view in rare)
    return dice.choice([view for view in rare if visits[view] == fewest])


def walk(
    browser: Browser,
    host: Host,
    seed: int,
    steps: int,
    views: Sequence[str],
    tell: Callable[[Finding], None] = lambda finding: None,
) -> Walk:
    """Let a random user take so many steps on these views, each page about as many. `tell` hears of
    every finding at once."""
    dice = Random(seed)
    walker = Walker(browser, host)
    came = walker.walk
    since: list[Step] = []  # the reader came
    view, left = "", 0
    for _ in range(steps):
        if not left:
            view = least_visited(dice, views, came.visits)
            step, since, left = opening(dice, view, host.models), [], VISIT
        else:
            step = next_step(dice, offered(walker.reader.page), host.models)
        since.append(step)
        came.visits[view] += 1
        left -= 1
        wrong = walker.take(step, compare=dice.random() < COMPARED)
        if wrong:
            finding = Finding(wrong, walker.reader.page.url, since)
            came.findings.append(finding)
            tell(finding)
            left = 0
    walker.reader.close()
    return came
