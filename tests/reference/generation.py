"""Hugging Face's greedy and beam search: ``python -I generation.py JOBS``.

JOBS is a JSON file: a list of jobs with `model` (a folder), `ids`, `limit`, `width` (1: greedy)
and `stop` (a token or null). Prints a JSON list of what is written after each `ids`, with the
stop token.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig


def written(job: dict[str, Any]) -> list[int]:
    names: Any = AutoConfig.from_pretrained(job["model"]).architectures
    model = getattr(transformers, names[0]).from_pretrained(job["model"], dtype=torch.float32)
    ids = torch.tensor([job["ids"]])
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=job["limit"],
        num_beams=job["width"],
        do_sample=False,
        length_penalty=1.0,
        early_stopping="never",  # as exact as ours: until nothing can overtake
        eos_token_id=job["stop"],
        pad_token_id=0,
    )
    return output[0, ids.shape[1] :].tolist()


jobs = json.loads(Path(sys.argv[1]).read_text())
print(json.dumps([written(job) for job in jobs]))
