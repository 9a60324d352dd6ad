"""The steps that the random user may take, as the dice choose them: plain dictionaries, which a
file can hold. `do` says what; a control is known by its kind and its number among them."""

from random import Random
from typing import Any

from tests.random_user.controls import KINDS, SHOWS, Offered
from tests.random_user.texts import ADDRESSES, NUMBERS, TEXTS

Step = dict[str, Any]

# What concerns no control, and how often it is chosen beside the controls.
ELSEWHERE = {
    "back": 3,
    "forward": 2,
    "reload": 2,
    "address": 3,  # a parameter more in the page's own address
    "tab": 1,  # the page's address in another tab
    "switch": 2,  # to the other tab
    "model": 1.5,  # a model comes into the folder, or goes
    "restart": 0.7,  # the server is killed and starts again
}
SLIDES = ("ArrowRight", "ArrowLeft", "Home", "End", "PageUp", "PageDown")
KEYS = (
    "ArrowRight",
    "ArrowDown",
    "ArrowLeft",
    "Escape",
    "Enter",
    "+",
    "-",
    "Home",
    "End",
    "PageDown",
    " ",
)
PRESSED = ("button", "pill", "popover", "viewer", "toggle", "step")
RUSHED = 0.2  # of the steps come before the last one is done


def opening(dice: Random, view: str, models: list[str]) -> Step:
    """A reader opens a page, in one language or the other and in either theme, and now and then
    with a model of the folder."""
    asked = ["lang=zh"] if dice.random() < 0.3 else []
    if models and dice.random() < 0.15:
        asked.append(f"model={dice.choice(models)}")
    theme = dice.choice(("light", "dark"))
    width = dice.choice((1280, 1280, 390))
    return {"do": "open", "view": view, "asked": asked, "theme": theme, "width": width}


def next_step(dice: Random, found: Offered, models: list[str]) -> Step:
    """One step among those that are possible."""
    weights = {kind: KINDS[kind].weight for kind in found} | ELSEWHERE
    (what,) = dice.choices(list(weights), list(weights.values()))
    step: Step = {"do": what}
    if what in found:
        step["number"], step["name"] = dice.choice(found[what])
    step |= _how(dice, what, models)
    if dice.random() < RUSHED and what not in ("restart", "open", "download", "picture"):
        step["rush"] = dice.choice((0, 60, 250))  # ms until the next step
    return step


def _how(dice: Random, what: str, models: list[str]) -> Step:
    if what in PRESSED:
        return {"times": 2, "apart": dice.choice((0, 40, 120))} if dice.random() < 0.15 else {}
    if what == "slider":
        return {"keys": [dice.choice(SLIDES) for _ in range(dice.choice((1, 1, 2, 6)))]}
    if what == "text":
        return {"value": dice.choice(TEXTS), "end": dice.choice(("Control+Enter", "Enter", "Tab"))}
    if what == "number":
        return {"value": dice.choice(NUMBERS), "end": dice.choice(("Enter", "Tab"))}
    if what in ("select", "multi"):
        return {"option": dice.randrange(40)}
    if what in ("canvas", "figure", "table"):
        return _pointing(dice)
    if what == "address":
        return {"parameter": dice.choice(ADDRESSES)}
    if what == "model":
        return {"which": dice.choice(models), "there": dice.random() < 0.5} if models else {}
    return {}


def _pointing(dice: Random) -> Step:
    how = dice.choice(("click", "click", "click", "double", "drag", "wheel", "key"))
    step: Step = {"how": how, "x": round(dice.random(), 3), "y": round(dice.random(), 3)}
    if how == "wheel":
        step["by"] = dice.choice((-400, 400))
    if how == "key":
        step["keys"] = [dice.choice(KEYS) for _ in range(dice.choice((1, 2, 5)))]
    return step


def views(asked: str) -> list[str]:
    """The views of one page, or of all of them. Raises ValueError for a page that is none."""
    found = [view for view in SHOWS if asked in ("all", view, view.partition("?")[0])]
    if not found:
        raise ValueError(f"no page {asked!r}: {', '.join(SHOWS)}")
    return found
