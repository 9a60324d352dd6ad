"""One error is three lines in the server's log, whatever raised it."""

import logging
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

LONGEST = 400  # letters of a message that are kept: it may quote what a stranger sent
_HERE = Path(__file__).parent.parent

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def keep_short() -> None:
    """Let every logger of this process write an error as what it is and where it came from, a line
    each; call it once, at the start. A traceback as Python prints it has forty lines or more here,
    and a stranger needs one message to have it written."""
    make = logging.getLogRecordFactory()

    def record(*arguments: Any, **more: Any) -> logging.LogRecord:
        made = make(*arguments, **more)
        if made.exc_info and made.exc_info[0] is not None:
            made.exc_text = _shortly(made.exc_info)
        return made

    logging.setLogRecordFactory(record)


def _shortly(info: ErrorInfo) -> str:
    _kind, error, trace = info
    frames = " > ".join(
        f"{_place(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    )
    return f"  {_named(error)}\n  {frames}"


def _named(error: BaseException) -> str:
    """An error and those that it came from, on one line."""
    said = str(error)
    shown = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    line = f"{type(error).__name__}: {shown.encode('unicode_escape').decode()}"
    return f"{line} < {type(cause).__name__}" if cause is not None else line


def _place(file: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    path = Path(file)
    return str(path.relative_to(_HERE)) if path.is_relative_to(_HERE) else path.name
