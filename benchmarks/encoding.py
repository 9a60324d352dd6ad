"""Encoding 1 MB of English text, beside Hugging Face's tokenizers."""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from model import load
from model.catalogue import locate

SIZE = 1_000_000

THEIRS = """
import json, sys, time
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_truncation(); tokenizer.no_padding()
text = open(sys.argv[2], encoding="utf-8").read()
start = time.perf_counter()
ids = tokenizer.encode(text).ids
print(json.dumps({"seconds": time.perf_counter() - start, "tokens": len(ids)}))
"""


def english(size: int) -> str:
    """Prose-like text of common and made-up words, the same at each run."""
    dice = random.Random(7)
    common = ["the", "of", "and", "a", "to", "in", "is", "that", "it", "was", "for", "on", "as"]
    letters = "etaoinshrdlucmfwypvbgk"
    rare = ["".join(dice.choices(letters, k=dice.randint(4, 11))) for _ in range(20_000)]
    words, length = [], 0
    while length < size:
        word = dice.choice(common) if dice.random() < 0.5 else dice.choice(rare)
        words.append(word + ("." if dice.random() < 0.07 else ""))
        length += len(words[-1]) + 1
    return " ".join(words)[:size]


def main() -> None:
    text = english(SIZE)
    print("| 1 MB of English-like text | seconds | tokens |")
    print("|---|---|---|")
    for name in ("minilm", "smollm2"):
        tokenizer = load(name).tokenizer
        start = time.perf_counter()
        ids = tokenizer.encode(text)
        print(f"| {name}, here | {time.perf_counter() - start:.2f} | {len(ids)} |")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        path = Path(locate("minilm")) / "tokenizer.json"
        done = subprocess.run(
            [sys.executable, "-I", "-c", THEIRS, str(path), file.name],
            capture_output=True,
            text=True,
            check=True,
        )
    theirs = json.loads(done.stdout)
    print(f"| minilm, Hugging Face (Rust) | {theirs['seconds']:.2f} | {theirs['tokens']} |")


if __name__ == "__main__":
    main()
