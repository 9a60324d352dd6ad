"""Real weights: read from safetensors folders and GGUF files, checked, under our names."""

from model.fresh import blank
from model.weights.gguf import Gguf, read_gguf
from model.weights.reading import Weights, read_weights

__all__ = ["Gguf", "Weights", "blank", "read_gguf", "read_weights"]
