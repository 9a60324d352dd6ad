"""Numbers as readers see them: every figure, sentence and table writes its numbers here."""

import math

from ui.i18n import _


def numeral(value: float, spec: str) -> str:
    """`format(value, spec)`; a value that is no number, or has no end, is named: it overflowed."""
    return format(value, spec) if math.isfinite(value) else _("overflowed")
