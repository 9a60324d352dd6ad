"""A Transformer whose every architectural choice is a switch, and everything it computes can be
seen.

    from model import load, Choices, Tape
    bench = load("minilm")
    run = bench.run("The cat sat on the mat", replace(bench.native, scaled=False))
    run.attention(layer=3).weights  # (batch, heads, queries, keys)
"""

import os
from pathlib import Path

from model.bench import Bench, load
from model.choices import Choices, legal
from model.errors import ModelError
from model.run import Run
from model.shape import Shape
from model.tape import Tape

__all__ = ["Bench", "Choices", "ModelError", "Run", "Shape", "Tape", "legal", "load"]

# What torch reads when it first computes, which no import does.
#
# Tensors of 2 MB and more in huge pages, where Linux has them for who asks: of a pass on a long
# text that keeps every attention, a fifth is the first use of its memory's small pages.
if Path("/sys/kernel/mm/transparent_hugepage").exists():
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# oneDNN compiles a kernel for each shape of a product, in half a millisecond and up to 2 MB; texts
# of all lengths come by, and of 1,024 kernels, the default, a server would hold half a gigabyte.
for cache in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"):
    os.environ.setdefault(cache, "64")
