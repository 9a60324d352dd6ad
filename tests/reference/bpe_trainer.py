"""Hugging Face's trainer and loader, run by themselves: ``python -I bpe_trainer.py JOB ANSWER``.

Both arguments are JSON files. A job of ``train`` holds corpora and settings, the answer the
vocabulary and the merges that the library learns; a job of ``load`` holds a tokenizer.json and
texts, the answer the library's ids and decoded texts.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers


def train(corpus, alphabet, size, least):
    options: dict[str, Any]
    if alphabet == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        options = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##"))
        tokenizer.normalizer = normalizers.BertNormalizer(handle_chinese_chars=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        # The library numbers "##x" in the order of its hash table, and equal counts are told
        # apart by these numbers; naming them beforehand, in our order, makes them comparable.
        words = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(corpus))
        letters = sorted({letter for word, _ in words for letter in word})
        marked = [f"##{letter}" for letter in letters]
        options = {
            "special_tokens": ["[UNK]", *letters, *marked],
            "continuing_subword_prefix": "##",
        }
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, show_progress=False, **options
    )
    tokenizer.train_from_iterator([corpus], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return {"vocab": model["vocab"], "merges": [list(pair) for pair in model["merges"]]}


def load(text, texts):
    tokenizer = Tokenizer.from_str(text)
    encodings = [tokenizer.encode(one) for one in texts]
    return {
        "ids": [encoding.ids for encoding in encodings],
        "tokens": [encoding.tokens for encoding in encodings],
        "decoded": [tokenizer.decode(encoding.ids) for encoding in encodings],
    }


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    answers = [train(**job["train"]) if "train" in job else load(**job["load"]) for job in jobs]
    Path(sys.argv[2]).write_text(json.dumps(answers), "utf-8")
