"""Tiny model folders, made here and not by transformers, so that they can be made wrong."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

LLAMA: dict[str, object] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 11,
    "hidden_size": 8,
    "intermediate_size": 6,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "num_hidden_layers": 1,
    "max_position_embeddings": 16,
}
BERT: dict[str, object] = {
    "model_type": "bert",
    "architectures": ["BertForMaskedLM"],
    "vocab_size": 11,
    "hidden_size": 8,
    "intermediate_size": 6,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "max_position_embeddings": 16,
    "tie_word_embeddings": False,
}
LLAMA_SIZES = {
    "model.embed_tokens.weight": (11, 8),
    "model.layers.0.input_layernorm.weight": (8,),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.layers.0.self_attn.k_proj.weight": (4, 8),
    "model.layers.0.self_attn.v_proj.weight": (4, 8),
    "model.layers.0.self_attn.o_proj.weight": (8, 8),
    "model.layers.0.post_attention_layernorm.weight": (8,),
    "model.layers.0.mlp.gate_proj.weight": (6, 8),
    "model.layers.0.mlp.up_proj.weight": (6, 8),
    "model.layers.0.mlp.down_proj.weight": (8, 6),
    "model.norm.weight": (8,),
    "lm_head.weight": (11, 8),
}
BERT_SIZES = {
    "bert.embeddings.word_embeddings.weight": (11, 8),
    "bert.embeddings.position_embeddings.weight": (16, 8),
    "bert.embeddings.token_type_embeddings.weight": (2, 8),
    "bert.embeddings.LayerNorm.weight": (8,),
    "bert.embeddings.LayerNorm.bias": (8,),
    **{
        f"bert.encoder.layer.0.{name}.{part}": (rows, *columns) if part == "weight" else (rows,)
        for name, rows, columns in (
            ("attention.self.query", 8, (8,)),
            ("attention.self.key", 8, (8,)),
            ("attention.self.value", 8, (8,)),
            ("attention.output.dense", 8, (8,)),
            ("attention.output.LayerNorm", 8, ()),
            ("intermediate.dense", 6, (8,)),
            ("output.dense", 8, (6,)),
            ("output.LayerNorm", 8, ()),
        )
        for part in ("weight", "bias")
    },
    "cls.predictions.transform.dense.weight": (8, 8),
    "cls.predictions.transform.dense.bias": (8,),
    "cls.predictions.transform.LayerNorm.weight": (8,),
    "cls.predictions.transform.LayerNorm.bias": (8,),
    "cls.predictions.bias": (11,),
    "cls.predictions.decoder.weight": (11, 8),
}


def tensors(sizes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    dice = torch.Generator().manual_seed(0)
    return {name: torch.randn(size, generator=dice) for name, size in sizes.items()}


def write_folder(
    folder: Path, config: Mapping[str, object], weights: Mapping[str, Tensor] | None
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if weights is not None:
        save_file(dict(weights), folder / "model.safetensors")
    return folder
