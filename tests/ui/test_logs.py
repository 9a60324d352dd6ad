"""An error in the server's log."""

import logging
from collections.abc import Iterator

import pytest

from ui import logs


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    before = logging.getLogRecordFactory()
    logs.keep_short()
    yield caplog
    logging.setLogRecordFactory(before)


def deep(depth: int, said: str) -> None:
    if depth:
        deep(depth - 1, said)
    else:
        raise ValueError(said) from KeyError("first")


@pytest.mark.parametrize("said", ["short", "a\nb\r\nc\x1b[31m\u2028d", "x" * 100_000, ""])
def test_an_error_is_three_lines_whatever_it_quotes(
    log: pytest.LogCaptureFixture, said: str
) -> None:
    try:
        deep(30, said)
    except ValueError:
        logging.getLogger("strangers").exception("It went wrong")
    first, what, where = log.text.splitlines()
    assert "It went wrong" in first
    assert what.startswith("  ValueError: ") and what.endswith(" < KeyError")
    assert len(what) < 2 * logs.LONGEST and "\x1b" not in what
    assert where.count("tests/ui/test_logs.py") == 32 and "deep" in where


def test_what_is_no_error_stays_as_it_is(log: pytest.LogCaptureFixture) -> None:
    logging.getLogger("strangers").warning("said", exc_info=True)
    assert [line.split()[-1] for line in log.text.splitlines()] in (["said"], ["said", "None"])
