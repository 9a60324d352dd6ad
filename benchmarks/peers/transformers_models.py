"""Hugging Face transformers as a peer: loads, runs and decodes with the models that we run.

Questions: {"load": path}, {"forward": ids, "attention": "eager" | "sdpa", "times": n} and
{"decode": ids, "new": n, "by": "generate" | "loop"}; answers hold `seconds`,
a list but for `decode`.
"eager" returns every attention matrix, "sdpa" keeps nothing. "loop" is the shortest loop around
the model that decodes greedily with its cache.
"""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModel, AutoModelForCausalLM

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
models: dict[str, Any] = {}  # by the implementation of their attention


def load(path: str) -> dict[str, Any]:
    models.clear()
    where = Path(path)
    seconds = []
    for attention in ("sdpa", "eager"):
        began = time.perf_counter()
        settings = {"dtype": torch.float32, "attn_implementation": attention}
        if where.suffix == ".gguf":
            source = {"gguf_file": where.name}
            model = AutoModelForCausalLM.from_pretrained(where.parent, **source, **settings)
        else:
            model = AutoModel.from_pretrained(where, add_pooling_layer=False, **settings)
        models[attention] = model.eval()
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds}


def forward(ids: list[int], attention: str, times: int) -> dict[str, Any]:
    model, batch = models[attention], torch.tensor([ids])
    settings = {"output_attentions": True} if attention == "eager" else {}
    if model.config.model_type == "llama":
        settings["use_cache"] = False
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        model(batch, **settings)
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds}


def decode(ids: list[int], new: int, by: str) -> dict[str, Any]:
    model, batch = models["sdpa"], torch.tensor([ids])
    began = time.perf_counter()
    if by == "generate":
        output = model.generate(
            batch, max_new_tokens=new, min_new_tokens=new, do_sample=False, pad_token_id=0
        )
        written = output[0, len(ids) :].tolist()
    else:
        written, cache = [], None
        for _ in range(new):
            output = model(batch, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = output.past_key_values
            batch = output.logits[:, -1:].argmax(-1)
            written.append(int(batch))
    return {"seconds": time.perf_counter() - began, "written": written}


answers = sys.stdout
sys.stdout = sys.stderr  # whatever a library prints is no answer
torch.set_grad_enabled(False)
for line in sys.stdin:
    question = json.loads(line)
    if "load" in question:
        answer = load(question["load"])
    elif "forward" in question:
        answer = forward(question["forward"], question["attention"], question["times"])
    else:
        answer = decode(question["decode"], question["new"], question["by"])
    print(json.dumps(answer), file=answers, flush=True)
