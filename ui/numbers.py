"""Numbers as readers see them: every figure, sentence and table writes its numbers here."""

import math
from typing import Any

from ui.i18n import _


def numeral(value: Any, spec: str) -> str:
    """`format(value, spec)`; a value that is no number, or has no end, is named: it overflowed.
    None, where there was nothing to measure, is a dash."""
    if value is None:
        return "–"
    return format(value, spec) if math.isfinite(value) else _("overflowed")


def measured(value: Any, spec: str, rounding: float) -> str:
    """`numeral` of a number whose digits are nothing but rounding where it is at most `rounding`
    in size (see `experiments.rounding`): such a one is said to be 0; one that is exactly 0, is."""
    if value == 0:
        return "0"
    if value is not None and abs(value) <= rounding:
        return _("0 up to rounding")
    return numeral(value, spec)
