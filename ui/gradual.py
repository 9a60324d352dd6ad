"""Work that takes longer than a second: step by step, with a progress bar and a way to stop it."""

import math
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import streamlit as st

from model import ModelError
from ui.cores import TURNS
from ui.i18n import _

T = TypeVar("T")


@dataclass
class _Work:
    """One session's work under some settings; the iterator goes on where it was left."""

    settings: Hashable
    steps: Iterator[Any]
    done: list[Any] = field(default_factory=list)
    stopped: bool = False
    ended: bool = False  # nothing is left, whatever the count says
    # A reader who changes something gets a new run at once; the old one first ends its step.
    alone: Lock = field(default_factory=Lock)


def gradually(
    key: str,
    settings: Hashable,
    start: Callable[[], Iterator[T]],
    count: int,
    doing: str,
    within: float = math.inf,
) -> list[T]:
    """The results of `start()`, which yields up to `count` of them, one a step.

    They belong to the session and to `settings`: other settings start anew, the same ones go on
    where the reader left. While it works, a bar under `doing` shows how far it is, and a button
    stops it; what is done by then is returned, and another button goes on. `key` is unique on
    the page. After `within` seconds it returns with what is done, for a fragment that draws it
    and comes back (see `working`).
    """
    work = _work_of(key, settings, start)
    if len(work.done) < count and not work.ended:
        with st.container():
            _go_on(work, key, count, doing, within)
    return work.done


def begin(key: str, settings: Hashable, start: Callable[[], Iterator[T]], within: float) -> None:
    """Begin what `gradually` is to go on with, for `within` seconds and without a bar, so that
    what is done by then needs none; does nothing for work that has begun."""
    work = _work_of(key, settings, start)
    if not work.done and not work.stopped and not work.ended:
        until = time.monotonic() + within
        try:
            with TURNS.given(), work.alone:
                for result in work.steps:
                    work.done.append(result)
                    if time.monotonic() > until:
                        return
        except ModelError:
            again(key)
            raise
        work.ended = True


def so_far(key: str, settings: Hashable) -> list[Any]:
    """The session's results under `key`, if they belong to these settings; nothing is done."""
    work: _Work | None = st.session_state.get(f"{key} work")
    return list(work.done) if work is not None and work.settings == settings else []


def working(key: str, count: int) -> bool:
    """Whether some of the session's `count` steps under `key` are left and nobody stopped them."""
    work: _Work | None = st.session_state.get(f"{key} work")
    return work is not None and not work.stopped and not work.ended and len(work.done) < count


def again(key: str) -> None:
    """Forget the session's results under `key` (a callback)."""
    st.session_state.pop(f"{key} work", None)


def _work_of(key: str, settings: Hashable, start: Callable[[], Iterator[Any]]) -> _Work:
    """The session's work under `key`, new where the settings are new."""
    name = f"{key} work"
    work: _Work | None = st.session_state.get(name)
    if work is None or work.settings != settings:
        work = st.session_state[name] = _Work(settings, start())
    return work


def _go_on(work: _Work, key: str, count: int, doing: str, within: float) -> None:
    place = st.empty()
    # The button comes first: behind the bar or the words it would move when one follows the other,
    # and a press on what moves is no click.
    with place.container(horizontal=True, vertical_alignment="center"):
        if work.stopped:
            st.button(
                _("Go on"),
                icon=":material/play_arrow:",
                key=f"{key}_go_on",
                on_click=setattr,
                args=(work, "stopped", False),
            )
            st.caption(
                _("Stopped after {done} of {count} steps.").format(done=len(work.done), count=count)
            )
            return
        st.button(
            _("Stop"),
            icon=":material/stop:",
            key=f"{key}_stop",
            on_click=setattr,
            args=(work, "stopped", True),
        )
        bar = st.progress(len(work.done) / count, text=doing)
    until = time.monotonic() + within
    try:
        with TURNS.given(), work.alone:
            for result in work.steps:
                work.done.append(result)
                bar.progress(min(1.0, len(work.done) / count), text=doing)
                if time.monotonic() > until and len(work.done) < count:
                    return
        work.ended = True
    except ModelError:
        again(key)  # a generator that raised never goes on: the next try starts anew
        raise
    place.empty()
