"""Numbers as text in a chart."""

import math

OVERFLOWED = "✕"  # in place of a number, and the mark of a place in a chart that has none


def numeral(value: float, spec: str) -> str:
    """`format(value, spec)`; for a value that is no number, or has no end, `OVERFLOWED`."""
    return format(value, spec) if math.isfinite(value) else OVERFLOWED
