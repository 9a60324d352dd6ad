"""Long texts and long words take seconds; the bounds leave room for a busy machine."""

import random
import time
from typing import Any

from tests.tokenizers.strings import WORDS
from tokenizers import Tokenizer, from_gguf


def seconds(tokenizer: Tokenizer, text: str) -> float:
    start = time.process_time()
    tokenizer.encode(text)
    return time.process_time() - start


def test_a_megabyte_of_english(minilm: Tokenizer, smollm2_metadata: dict[str, Any]) -> None:
    rng = random.Random(0)
    text = " ".join(rng.choices(WORDS, k=200_000))[:1_000_000]
    assert seconds(minilm, text) < 5
    assert seconds(from_gguf(smollm2_metadata), text) < 5


def test_very_long_words(minilm: Tokenizer, smollm2: Tokenizer) -> None:
    rng = random.Random(0)
    for word in ("a" * 100_000, "".join(rng.choices("etaoinshrdlu", k=100_000))):
        assert seconds(minilm, word) < 2
        assert seconds(smollm2, word) < 2


def test_time_grows_with_the_length_of_a_word_not_its_square(smollm2: Tokenizer) -> None:
    rng = random.Random(0)
    word = "".join(rng.choices("etaoinshrdlu", k=80_000))
    short = min(seconds(smollm2, word[:10_000]) for _ in range(3))
    assert min(seconds(smollm2, word) for _ in range(3)) < 25 * short  # 8 times as long
