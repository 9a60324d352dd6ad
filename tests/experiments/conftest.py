"""The real models that measurements are tested on."""

import pytest

from model import Bench, Shape, load
from model.fresh import initialised
from model.training.tasks import Phonemes


@pytest.fixture(scope="session")
def bert_tiny() -> Bench:
    """Masked language model: 2 layers of 2 heads."""
    return load("bert-tiny")


@pytest.fixture(scope="session")
def minilm() -> Bench:
    """Encoder: 6 layers of 12 heads."""
    return load("minilm")


@pytest.fixture(scope="session")
def smollm2() -> Bench:
    """Causal language model: 30 layers of 9 heads."""
    return load("smollm2")


@pytest.fixture(scope="session")
def speller() -> Bench:
    """Encoder–decoder from letters to phonemes: 1 and 2 layers of 2 heads, weights of chance."""
    tokenizer = Phonemes().tokenizer
    shape = Shape(
        vocab_size=tokenizer.size,
        d_model=16,
        n_heads=2,
        d_ff=32,
        encoder_layers=1,
        decoder_layers=2,
        positions="sinusoidal",
        norm_place="pre",
        final_norm=True,
        head="lm",
    )
    return Bench("speller", shape, initialised(shape, seed=3, std=0.4), tokenizer)
