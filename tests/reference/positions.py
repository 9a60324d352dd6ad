"""What transformers makes of T5's distances and of rotary frequencies, as JSON on stdout.

Run isolated (`python -I`): our own package `tokenizers` would stand in for Hugging Face's.
Reads {"buckets": [[bidirectional, buckets, reach], …], "distances": […],
"rope": [[d_head, theta, scaling], …]} from stdin.
"""

import json
import sys

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding
from transformers.models.t5.modeling_t5 import T5Attention


def rates(d_head: int, theta: float, scaling: dict | None) -> list[float]:
    config = LlamaConfig(
        hidden_size=4 * d_head,
        num_attention_heads=4,
        head_dim=d_head,
        rope_parameters={"rope_theta": theta, "rope_type": "default", **(scaling or {})},
    )
    if scaling is None:
        return LlamaRotaryEmbedding(config).inv_freq.tolist()
    found, factor = ROPE_INIT_FUNCTIONS[scaling["rope_type"]](config, torch.device("cpu"))
    assert factor == 1.0
    return found.tolist()


asked = json.load(sys.stdin)
distances = torch.tensor(asked["distances"])
answer = {
    "buckets": [
        T5Attention._relative_position_bucket(distances, both, buckets, reach).tolist()
        for both, buckets, reach in asked["buckets"]
    ],
    "rope": [rates(*one) for one in asked["rope"]],
}
json.dump(answer, sys.stdout)
