"""How much of a measured number can be rounding."""

import math

import torch


def rounding(terms: int, steps: int = 1, dtype: torch.dtype = torch.float32) -> float:
    """How far a computed number may lie from the exact one, relative to the size of what it is
    computed from: the format's ε for each of `steps` operations one after the other, each a sum
    of `terms` products, whose errors add up like √terms (Higham and Mary 2019, SIAM J. Sci.
    Comput. 41(5), A2815, theorem 2.4). What is 0 in theory and measured below that is 0 up to
    rounding; a larger number is none."""
    return steps * math.sqrt(terms) * torch.finfo(dtype).eps
