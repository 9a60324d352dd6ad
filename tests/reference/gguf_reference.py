"""What the `gguf` package makes of blocks: ``python -I gguf_reference.py FOLDER``.

Every FOLDER/<format>.npy holds raw blocks (n, bytes); their float32 numbers (n, values) take its
place.
"""

import sys
from pathlib import Path

import gguf
import numpy as np


def main() -> None:
    for file in Path(sys.argv[1]).glob("*.npy"):
        np.save(file, gguf.dequantize(np.load(file), gguf.GGMLQuantizationType[file.stem]))


main()
