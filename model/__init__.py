"""A Transformer whose every architectural choice is a switch, and everything it computes can be
seen.

    from model import load, Choices, Tape
    bench = load("minilm")
    run = bench.run("The cat sat on the mat", replace(bench.native, scaled=False))
    run.attention(layer=3).weights  # (batch, heads, queries, keys)
"""

from model.bench import Bench, load
from model.choices import Choices, legal
from model.errors import ModelError
from model.run import Run
from model.shape import Shape
from model.tape import Tape

__all__ = ["Bench", "Choices", "ModelError", "Run", "Shape", "Tape", "legal", "load"]
