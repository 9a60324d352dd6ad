"""Tables that a spreadsheet may open: nothing that a reader or a vocabulary says is a formula."""

import re
from typing import Any

import numpy as np
import pandas as pd

from charts.labels import isolated, visible
from ui.numbers import numeral

# A spreadsheet takes a cell for a formula by its first visible letter, full-width forms included.
_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_MARK = "\u200e"  # the table goes by the first letter that has a direction
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:e[+-]?\d+)?\s?%?", re.IGNORECASE)


def cell(said: str) -> str:
    """The text as a spreadsheet shows it: with an apostrophe in front where it would otherwise be
    computed. Numbers and single signs stay."""
    if len(said) > 1 and _FORMULA.match(said) and not _NUMBER.fullmatch(said):
        return f"'{said}"
    return said


def shown(said: str) -> str:
    """A text as a table shows it: what would not be seen at its ends, or anywhere in it, is; and
    one that is partly written from right to left begins where it stands, so that ``##`` does not
    change sides."""
    inner = said.strip(" ")
    start = len(said) - len(said.lstrip(" "))
    ends = "␣" * start, "␣" * (len(said) - start - len(inner))
    letters = "".join(letter if letter == " " else visible(letter) for letter in inner)
    whole = letters.join(ends) if inner else "␣" * len(said)
    return _MARK + whole if isolated(whole) != whole else whole


def gaps(column: Any) -> Any:
    """A column of numbers in which NaN says that there was nothing to measure: such cells stay
    empty."""
    return column.astype(object).where(column.notna(), None)


def named(column: Any) -> Any:
    """A column in which every number that overflowed is named; untouched where none did."""
    if column.dtype.kind != "f" or np.isfinite(column.to_numpy()).all():
        return column
    return column.map(lambda value: numeral(value, ".4g"))


def safe(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every text in it, and every column's name, as `cell` has it, and numbers that
    overflowed as `named` has them."""
    table = table.assign(**{name: named(table[name]) for name in table.columns})
    texts = table.select_dtypes(["object", "str"]).columns
    kept = table.assign(
        **{
            name: [cell(shown(value)) if isinstance(value, str) else value for value in table[name]]
            for name in texts
        }
    )
    return kept.rename(columns={name: cell(str(name)) for name in table.columns})
