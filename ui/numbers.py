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
