"""What Hugging Face transformers computes: ``python -I models_reference.py JOBS``.

JOBS is a JSON file: a list of jobs with `model` (a folder or a .gguf file), `ids` and `types`
(rows of equal length), `lengths` (real tokens of each row) and `answer`, the safetensors file to
write: `hidden.N`, `weights.N` and, for a model with a head, `logits`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM

GGUF_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def from_folder(path: str) -> torch.nn.Module:
    names: Any = AutoConfig.from_pretrained(path).architectures
    return getattr(transformers, names[0]).from_pretrained(
        path, dtype=torch.float32, attn_implementation="eager"
    )


def from_gguf(path: str) -> torch.nn.Module:
    """Filled from the `gguf` package's numbers: its own loader needs half a minute."""
    reader = gguf.GGUFReader(path)

    def setting(key: str) -> Any:
        return reader.fields[f"llama.{key}"].contents()

    heads = {
        "attn_q": setting("attention.head_count"),
        "attn_k": setting("attention.head_count_kv"),
    }
    state = {}
    for tensor in reader.tensors:
        values = torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy())
        *layer, name, part = tensor.name.removeprefix("blk.").split(".")
        if name in heads:  # rows lie pair by pair: (head, pair, which of the two)
            pairs = values.reshape(heads[name], -1, 2, *values.shape[1:])
            values = torch.cat([pairs[:, :, 0], pairs[:, :, 1]], dim=1).reshape(values.shape)
        where = f"model.layers.{layer[0]}." if layer else ""
        state[f"{where}{GGUF_NAMES[name]}.{part}"] = values
    config = LlamaConfig(
        vocab_size=len(state["model.embed_tokens.weight"]),
        hidden_size=setting("embedding_length"),
        intermediate_size=setting("feed_forward_length"),
        num_hidden_layers=setting("block_count"),
        num_attention_heads=heads["attn_q"],
        num_key_value_heads=heads["attn_k"],
        max_position_embeddings=setting("context_length"),
        rms_norm_eps=setting("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": setting("rope.freq_base")},
        tie_word_embeddings="lm_head.weight" not in state,
    )
    config._attn_implementation = "eager"
    state.setdefault("lm_head.weight", state["model.embed_tokens.weight"])
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(state, assign=True)
    model.model.rotary_emb = type(model.model.rotary_emb)(config)  # its rates are no weights
    return model


def answer(job: dict[str, Any]) -> None:
    path = job["model"]
    model: Any = (from_gguf if path.endswith(".gguf") else from_folder)(path).eval()
    ids, types = torch.tensor(job["ids"]), torch.tensor(job["types"])
    real = torch.arange(ids.shape[1]) < torch.tensor(job["lengths"])[:, None]
    segments = {"token_type_ids": types} if model.config.model_type == "bert" else {}
    with torch.no_grad():
        result = model(
            input_ids=ids,
            attention_mask=real.long(),
            output_hidden_states=True,
            output_attentions=True,
            **segments,
        )
    tensors = {f"hidden.{i}": state for i, state in enumerate(result.hidden_states)}
    tensors |= {f"weights.{i}": weights for i, weights in enumerate(result.attentions)}
    logits = result.get("logits", result.get("prediction_logits"))
    if logits is not None:
        tensors["logits"] = logits
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, job["answer"])


def main() -> None:
    torch.set_num_threads(2)
    for job in json.loads(Path(sys.argv[1]).read_text()):
        answer(job)


main()
