"""The real models that measurements are tested on."""

import pytest

from model import Bench, load


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
