"""Round numbers along a logarithmic axis."""

import math

from charts.depth import logarithmic_ticks


def test_narrow_ranges_have_1_2_5_and_wide_ones_powers_of_ten() -> None:
    assert logarithmic_ticks([0.3, 4.0]) == [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    assert logarithmic_ticks([1e-16, 1.0]) == [10.0**power for power in range(-16, 1, 3)]


def test_what_has_no_place_there_is_left_out() -> None:
    assert logarithmic_ticks([0.0, -1.0, math.nan, math.inf]) == []
    assert logarithmic_ticks([0.0, 1.0]) == [1, 2, 5]
