"""Attention weights with the look of real ones, from a seed; tokens kind and hostile."""

import numpy as np

SENTENCE = "the cat sat on a mat and then it slept , because that day was long ."
ENGLISH: list[str] = [*SENTENCE.split(" ")]
CHINESE = [*"猫坐在垫子上，然后睡着了因为白天很长。", "注意力", "机制"]
HOSTILE = [
    "<script>document.body.dataset.owned = 1</script>",
    "<img src=x onerror='document.body.dataset.owned = 1'>",
    "a" * 10_000,
    "👩‍👩‍👧‍👦",
    "שלום עולם",
    "\u202eevil\u202d",
    "\x00\x07\x1b[31m",
    "  two  spaces ",
    "\n\t",
    "",
    "${alert(1)}",
    "{head}",
    "</style><b>",
    "مرحبا",
]


def synthetic(seed: int, layers: int, heads: int, tokens: int, causal: bool) -> np.ndarray:
    """Softmax rows of seeded scores that favour near tokens, each head in its own way."""
    source = np.random.default_rng(seed)
    shape = (layers, heads, tokens, tokens)
    scores = source.normal(0, 1.2, shape)
    reach = source.uniform(0.05, 1.0, (layers, heads, 1, 1))
    shift = source.integers(-3, 4, (layers, heads, 1, 1))
    far = np.abs(np.arange(tokens)[:, None] + shift - np.arange(tokens)[None, :])
    scores = scores - reach * np.minimum(far, 40)
    scores[..., 0] += source.uniform(0, 4, (layers, heads, 1))
    if causal:
        scores = np.where(np.triu(np.ones((tokens, tokens), bool), 1), -np.inf, scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
