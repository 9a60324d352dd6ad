"""Numbers as text in a chart."""

import math
from typing import Any

OVERFLOWED = "✕"  # in place of a number, and the mark of a place in a chart that has none


def numeral(value: Any, spec: str) -> str:
    """`format(value, spec)`; for a value that is no number, or has no end, `OVERFLOWED`, and for
    None, where there was nothing to measure, nothing."""
    if value is None:
        return ""
    return format(value, spec) if math.isfinite(value) else OVERFLOWED
