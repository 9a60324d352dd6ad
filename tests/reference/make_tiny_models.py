"""Tiny random models, saved by Hugging Face transformers: ``python -I make_tiny_models.py FOLDER``.

Each becomes a folder of its own below FOLDER, under the name of its function here.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    LlamaModel,
    MistralConfig,
    MistralForCausalLM,
    MistralModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2Model,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForTokenClassification,
    RobertaModel,
)

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

VOCABULARY = 300
WIDTHS: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "max_position_embeddings": 40,
}
DISTILBERT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "dim": 32,
    "hidden_dim": 48,
    "n_heads": 4,
    "n_layers": 3,
    "max_position_embeddings": 40,
}
GPT2: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "n_embd": 32,
    "n_head": 4,
    "n_layer": 3,
    "n_positions": 40,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
GROUPED: dict[str, Any] = {**WIDTHS, "num_key_value_heads": 2}
# What a config takes without a parameter of that name.
BOTH_WAYS: dict[str, Any] = {"is_causal": False}
ONE_WAY: dict[str, Any] = {"is_causal": True}
DECODER: dict[str, Any] = {"is_decoder": True}
LLAMA3: dict[str, Any] = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 4.0,
    "low_freq_factor": 0.25,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LINEAR: dict[str, Any] = {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.5}

MODELS = {
    "bert": lambda: BertModel(BertConfig(**WIDTHS)),
    "bert-mlm": lambda: BertForMaskedLM(BertConfig(**WIDTHS, hidden_act="gelu_new")),
    "bert-mlm-untied": lambda: BertForMaskedLM(BertConfig(**WIDTHS, tie_word_embeddings=False)),
    "bert-pretraining": lambda: BertForPreTraining(BertConfig(**WIDTHS, hidden_act="relu")),
    "bert-classifier": lambda: BertForSequenceClassification(BertConfig(**WIDTHS)),
    "bert-old-names": lambda: BertForMaskedLM(BertConfig(**WIDTHS)),
    "roberta": lambda: RobertaModel(RobertaConfig(**WIDTHS, type_vocab_size=1)),
    "roberta-mlm": lambda: RobertaForMaskedLM(RobertaConfig(**WIDTHS, layer_norm_eps=1e-5)),
    "roberta-mlm-untied": lambda: RobertaForMaskedLM(
        RobertaConfig(**WIDTHS, hidden_act="relu", tie_word_embeddings=False)
    ),
    "distilbert": lambda: DistilBertModel(
        DistilBertConfig(**DISTILBERT, sinusoidal_pos_embds=True)
    ),
    "distilbert-mlm": lambda: DistilBertForMaskedLM(
        DistilBertConfig(**DISTILBERT, activation="relu")
    ),
    "distilbert-mlm-untied": lambda: DistilBertForMaskedLM(
        DistilBertConfig(**DISTILBERT, tie_word_embeddings=False)
    ),
    "gpt2": lambda: GPT2Model(GPT2Config(**GPT2)),
    "gpt2-lm": lambda: GPT2LMHeadModel(GPT2Config(**GPT2, layer_norm_epsilon=1e-3)),
    "gpt2-lm-untied": lambda: GPT2LMHeadModel(
        GPT2Config(**GPT2, n_inner=40, activation_function="relu", tie_word_embeddings=False)
    ),
    "gpt2-classifier": lambda: GPT2ForSequenceClassification(GPT2Config(**GPT2, pad_token_id=1)),
    "llama": lambda: LlamaModel(LlamaConfig(**GROUPED)),
    "llama-lm": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED, rope_parameters=LLAMA3)),
    "llama-lm-tied": lambda: LlamaForCausalLM(
        LlamaConfig(**WIDTHS, rope_parameters=LINEAR, tie_word_embeddings=True, rms_norm_eps=1e-3)
    ),
    "llama-biases": lambda: LlamaForCausalLM(
        LlamaConfig(**GROUPED, head_dim=12, attention_bias=True, mlp_bias=True, hidden_act="gelu")
    ),
    "llama-sharded": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**GROUPED, sliding_window=4)),
    "mistral-global": lambda: MistralForCausalLM(
        MistralConfig(**GROUPED, sliding_window=None, hidden_act="relu")
    ),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**GROUPED, tie_word_embeddings=True)),
    "qwen2-window": lambda: Qwen2ForCausalLM(
        Qwen2Config(**GROUPED, use_sliding_window=True, sliding_window=3, max_window_layers=0)
    ),
    "qwen2-bf16": lambda: Qwen2ForCausalLM(Qwen2Config(**GROUPED)),
    "gpt2-f16": lambda: GPT2LMHeadModel(GPT2Config(**GPT2)),
    # embedding models made of decoders
    "llama-both-ways": lambda: LlamaModel(LlamaConfig(**GROUPED, **BOTH_WAYS)),
    "llama-lm-both-ways": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "mistral-both-ways": lambda: MistralForCausalLM(
        MistralConfig(**GROUPED, sliding_window=4, **BOTH_WAYS)
    ),
    "mistral-global-both-ways": lambda: MistralModel(
        MistralConfig(**GROUPED, sliding_window=None, **BOTH_WAYS)
    ),
    "qwen2-both-ways": lambda: Qwen2Model(Qwen2Config(**GROUPED, **BOTH_WAYS)),
    "qwen2-window-both-ways": lambda: Qwen2ForCausalLM(
        Qwen2Config(
            **GROUPED,
            use_sliding_window=True,
            sliding_window=3,
            max_window_layers=0,
            **BOTH_WAYS,
        )
    ),
    "gpt2-both-ways": lambda: GPT2LMHeadModel(GPT2Config(**GPT2, **BOTH_WAYS)),
    "bert-causal-flag": lambda: BertModel(BertConfig(**WIDTHS, **ONE_WAY)),
    "gpt2-decoder-flag": lambda: GPT2LMHeadModel(GPT2Config(**GPT2, **DECODER)),
    # one matrix, says the config
    **{
        f"{name}-tied-but-two": make
        for name, make in {
            "llama": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
            "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**GROUPED)),
            "gpt2": lambda: GPT2LMHeadModel(GPT2Config(**GPT2, tie_word_embeddings=False)),
            "bert": lambda: BertForMaskedLM(BertConfig(**WIDTHS, tie_word_embeddings=False)),
            "roberta": lambda: RobertaForMaskedLM(
                RobertaConfig(**WIDTHS, tie_word_embeddings=False)
            ),
            "distilbert": lambda: DistilBertForMaskedLM(
                DistilBertConfig(**DISTILBERT, tie_word_embeddings=False)
            ),
        }.items()
    },
    "llama-tied-head-only": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-head-not-saved": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "bert-head-not-saved": lambda: BertModel(BertConfig(**WIDTHS)),
    "llama-classifier": lambda: LlamaForSequenceClassification(
        LlamaConfig(**GROUPED, pad_token_id=1)
    ),
    "roberta-tagger": lambda: RobertaForTokenClassification(RobertaConfig(**WIDTHS)),
    # positions and windows said twice
    "llama-rope-twice": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-rope-twice-theta": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-rope-empty": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-rope-empty-old": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-rope-context": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "llama-rope-both-types": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    "mistral-layer-types": lambda: MistralForCausalLM(MistralConfig(**GROUPED, sliding_window=4)),
    "mistral-layer-types-mixed": lambda: MistralForCausalLM(
        MistralConfig(**GROUPED, sliding_window=4)
    ),
    "mistral-unused-window": lambda: MistralForCausalLM(MistralConfig(**GROUPED, sliding_window=4)),
    "qwen2-full-types": lambda: Qwen2ForCausalLM(Qwen2Config(**GROUPED)),
    "qwen2-unused-window": lambda: Qwen2ForCausalLM(Qwen2Config(**GROUPED)),
    "llama-window": lambda: LlamaForCausalLM(LlamaConfig(**GROUPED)),
    # keys by two names
    "gpt2-two-names": lambda: GPT2LMHeadModel(GPT2Config(**{**GPT2, "n_head": 2})),
    "distilbert-two-names": lambda: DistilBertModel(
        DistilBertConfig(**{**DISTILBERT, "n_heads": 2})
    ),
}
# what their config.json says otherwise than the class that saved them
SAID: dict[str, dict[str, Any]] = {
    "llama-lm-both-ways": {"is_causal": None},
    **{
        f"{name}-tied-but-two": {"tie_word_embeddings": True}
        for name in ("llama", "qwen2", "gpt2", "bert", "roberta", "distilbert")
    },
    "llama-tied-head-only": {"tie_word_embeddings": True},
    "bert-head-not-saved": {"architectures": ["BertForMaskedLM"]},
    "llama-rope-twice": {
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
        "rope_scaling": LINEAR,
    },
    "llama-rope-twice-theta": {
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
        "rope_scaling": {"type": "linear", "factor": 3.0},
    },
    "llama-rope-empty": {"rope_parameters": {}, "rope_scaling": LINEAR, "rope_theta": 9.0},
    "llama-rope-empty-old": {"rope_parameters": LINEAR, "rope_scaling": {}},
    "llama-rope-context": {
        "rope_parameters": LLAMA3,
        "original_max_position_embeddings": 7,
    },
    "llama-rope-both-types": {
        "rope_parameters": {**LINEAR, "type": "default"},
    },
    "mistral-layer-types": {"layer_types": ["full_attention"] * 3},
    "mistral-layer-types-mixed": {
        "layer_types": ["full_attention", "sliding_attention", "full_attention"]
    },
    "mistral-unused-window": {"use_sliding_window": False, "max_window_layers": 3},
    "qwen2-full-types": {
        "use_sliding_window": True,
        "sliding_window": 3,
        "max_window_layers": 0,
        "layer_types": ["full_attention"] * 3,
    },
    "qwen2-unused-window": {"sliding_window": 3, "max_window_layers": 0, "layer_types": None},
    "llama-window": {"sliding_window": 3, "use_sliding_window": True},
    "gpt2-two-names": {"n_head": 4, "num_attention_heads": 2},
    "distilbert-two-names": {"n_heads": 4, "num_attention_heads": 2},
}
# tensors that are not in their files
NOT_SAVED = {
    "llama-tied-head-only": "model.embed_tokens.weight",
    "llama-head-not-saved": "lm_head.weight",
}
STORED_AS = {"qwen2-bf16": torch.bfloat16, "gpt2-f16": torch.float16}


def randomise(model: torch.nn.Module) -> None:
    """Every parameter random, gains about 1: attention far from uniform, no bias 0."""
    for name, parameter in model.named_parameters():
        gain = parameter.dim() == 1 and name.endswith("weight")
        if parameter.requires_grad:  # DistilBERT's sinusoids stay
            with torch.no_grad():
                parameter.normal_(1.0 if gain else 0.0, 0.15)


def save_tokenizer(folder: Path) -> None:
    """Any will do, so that the folder loads: bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))


def rename_norms(folder: Path) -> None:
    """As the first BERT releases called them."""
    file = folder / "model.safetensors"
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(file).items()
    }
    save_file(tensors, file, {"format": "pt"})


def rewrite(folder: Path, said: dict[str, Any], gone: str | None) -> None:
    """Let config.json say something else, and leave a tensor out."""
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | said))
    if gone is not None:
        tensors = load_file(folder / "model.safetensors")
        del tensors[gone]
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def main() -> None:
    torch.manual_seed(0)
    for name, make in MODELS.items():
        folder = Path(sys.argv[1]) / name
        model: Any = make()
        randomise(model)
        model.to(STORED_AS.get(name, torch.float32))
        model.save_pretrained(folder, max_shard_size="20kB" if name == "llama-sharded" else "1GB")
        save_tokenizer(folder)
        if name == "bert-old-names":
            rename_norms(folder)
        rewrite(folder, SAID.get(name, {}), NOT_SAVED.get(name))


main()
