"""Small valid files of every format that is read, as structures that can be broken and written."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from safetensors.torch import save

from model.fresh import blank
from model.shape import Shape
from model.weights.config import shape_from_config
from model.weights.families import FAMILIES
from model.weights.own import own_config
from tests.fuzz.mutations import dump
from tests.weights.folders import LLAMA, LLAMA_SIZES, tensors
from tests.weights.gguf_files import ARRAY, STRING, u32
from tests.weights.gguf_files import array as gguf_array
from tests.weights.gguf_files import text as gguf_text
from tokenizers.alphabet import ALPHABET
from tokenizers.sentencepiece import BYTE_PIECES, DECODER, NORMALIZER

Files = Mapping[str, bytes]

WIDTHS: dict[str, Any] = {
    "vocab_size": 11,
    "hidden_size": 8,
    "intermediate_size": 6,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "max_position_embeddings": 16,
}
CONFIGS: Mapping[str, dict[str, Any]] = {
    "bert": {**WIDTHS, "model_type": "bert", "architectures": ["BertForMaskedLM"],
             "hidden_act": "gelu", "layer_norm_eps": 1e-12, "type_vocab_size": 2},
    "roberta": {**WIDTHS, "model_type": "roberta", "architectures": ["RobertaForMaskedLM"],
                "pad_token_id": 1, "type_vocab_size": 1},
    "distilbert": {"model_type": "distilbert", "vocab_size": 11, "dim": 8, "hidden_dim": 6,
                   "n_heads": 2, "n_layers": 1, "max_position_embeddings": 16,
                   "architectures": ["DistilBertForMaskedLM"], "activation": "gelu"},
    "gpt2": {"model_type": "gpt2", "vocab_size": 11, "n_embd": 8, "n_head": 2, "n_layer": 1,
             "n_positions": 16, "n_inner": None, "activation_function": "gelu_new",
             "architectures": ["GPT2LMHeadModel"], "layer_norm_epsilon": 1e-5},
    "llama": {**LLAMA, "rms_norm_eps": 1e-6, "rope_theta": 1e4, "attention_bias": False,
              "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 0.25,
                               "high_freq_factor": 4.0, "original_max_position_embeddings": 8}},
    "mistral": {**LLAMA, "model_type": "mistral", "architectures": ["MistralForCausalLM"],
                "sliding_window": 4, "rope_parameters": {"rope_type": "linear", "factor": 2.0}},
    "qwen2": {**LLAMA, "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"],
              "use_sliding_window": True, "max_window_layers": 0, "sliding_window": 3,
              "layer_types": ["sliding_attention"], "tie_word_embeddings": True},
    "own": own_config(Shape(vocab_size=11, d_model=8, n_heads=2, d_ff=6, encoder_layers=1,
                            decoder_layers=1, context=16, positions="rope", head="lm")),
    "own-relative": own_config(Shape(vocab_size=11, d_model=8, n_heads=2, d_ff=6,
                                     decoder_layers=1, positions="relative", head="lm")),
}  # fmt: skip
SYMBOLS = {"kind": "characters", "ends": True, "symbols": list("abc de|")}

BYTES = {char: id for id, char in enumerate(ALPHABET)}
BPE: dict[str, Any] = {
    "added_tokens": [
        {"id": 257, "content": "<s>", "special": True, "single_word": False},
        {"id": 258, "content": " <b> ", "lstrip": True, "rstrip": True, "normalized": True},
    ],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True},
    ]},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                   {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [257], "tokens": ["<s>"]}},
    },
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {**BYTES, "ab": 256}, "merges": ["a b"], "unk_token": None,
              "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "dropout": None},
}  # fmt: skip
WORDPIECE: dict[str, Any] = {
    "added_tokens": [{"id": 0, "content": "[UNK]", "special": True}],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                   "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4, "ab": 5}},
}  # fmt: skip
SENTENCEPIECE: dict[str, Any] = {
    "added_tokens": [{"id": 0, "content": "<unk>", "special": True}],
    "normalizer": NORMALIZER,
    "pre_tokenizer": None,
    "post_processor": None,
    "decoder": DECODER,
    "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "fuse_unk": True,
              "vocab": {"<unk>": 0, **{piece: 1 + i for i, piece in enumerate(BYTE_PIECES)},
                        "▁": 257, "a": 258, "▁a": 259},
              "merges": [["▁", "a"]]},
}  # fmt: skip
TOKENIZER_CONFIG: dict[str, Any] = {
    "tokenizer_class": "BertTokenizerFast",
    "do_lower_case": True,
    "unk_token": {"content": "[UNK]", "lstrip": False},
    "cls_token": "[CLS]",
    "added_tokens_decoder": {"1": {"content": "[CLS]", "special": True}},
}
VOCAB_TXT = "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\na\n##b\nab\n.\n"
MERGES_TXT = "#version: 0.2\na b\nab c\n"
VOCAB_JSON: dict[str, Any] = {**BYTES, "ab": 256, "abc": 257, "<|endoftext|>": 258,
                              "<s>": 259, "</s>": 260}  # fmt: skip

GGUF_SETTINGS: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "tiny",
    "llama.block_count": 1,
    "llama.context_length": 16,
    "llama.embedding_length": 8,
    "llama.feed_forward_length": 6,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.freq_base": 1e4,
    "llama.vocab_size": 259,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": [*ALPHABET, "ab", "<s>", "</s>"],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.token_type": [1] * 257 + [3, 3],
    "tokenizer.ggml.bos_token_id": 257,
    "tokenizer.ggml.add_bos_token": True,
}
GGUF_SIZES = {
    "token_embd.weight": (259, 8),
    "blk.0.attn_norm.weight": (8,),
    "blk.0.attn_q.weight": (8, 8),
    "blk.0.attn_k.weight": (4, 8),
    "blk.0.attn_v.weight": (4, 8),
    "blk.0.attn_output.weight": (8, 8),
    "blk.0.ffn_norm.weight": (8,),
    "blk.0.ffn_gate.weight": (6, 8),
    "blk.0.ffn_up.weight": (6, 8),
    "blk.0.ffn_down.weight": (8, 6),
    "output_norm.weight": (8,),
}


def header_and_data(file: bytes) -> tuple[dict[str, Any], bytes]:
    """A safetensors file in its two parts."""
    end = 8 + int.from_bytes(file[:8], "little")
    return json.loads(file[8:end]), file[end:]


@cache
def weights(name: str) -> bytes:
    """A safetensors file that fits one of `CONFIGS`."""
    config = CONFIGS[name]
    if name.startswith("own"):
        fields = {key: value for key, value in config.items() if key != "model_type"}
        state = blank(Shape(**fields)).state_dict()
        return save(tensors({key: tuple(empty.shape) for key, empty in state.items()}))
    family = FAMILIES[name]
    wanted = {
        key: empty.shape for key, empty in blank(shape_from_config(config)).state_dict().items()
    }
    sizes: dict[str, tuple[int, ...]] = {}
    for pattern, names in family.names.items():
        ours = [one.replace("*", "0") for one in ([names] if isinstance(names, str) else names)]
        if "gamma" in pattern or "beta" in pattern or not all(one in wanted for one in ours):
            continue
        if names == "head.bias" and "decoder" in pattern:
            continue
        size = (sum(wanted[one][0] for one in ours), *wanted[ours[0]][1:])
        stored = size[::-1] if pattern in family.transposed else size
        sizes[family.prefix * (not ours[0].startswith("head.")) + pattern.replace("*", "0")] = (
            stored
        )
    return save(tensors(sizes))


SAFETENSORS = (
    save({"a": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.float16)}),
    save({"s": torch.tensor(1.0), "e": torch.empty(0, 4), "i": torch.arange(3)}, {"format": "pt"}),
    save(tensors(LLAMA_SIZES)),
)


def checkpoint(name: str, config: object | None = None) -> dict[str, bytes]:
    """A whole model folder."""
    return {
        "config.json": dump(CONFIGS[name] if config is None else config),
        "model.safetensors": weights(name),
        "symbols.json": dump(SYMBOLS),
    }


def gguf_value(value: object) -> bytes:
    """Type and payload of a metadata value."""
    match value:
        case bool():
            return u32(7) + bytes([value])
        case int():
            return u32(10 if value >= 0 else 11) + (value % (1 << 64)).to_bytes(8, "little")
        case float():
            return u32(12) + torch.tensor(value, dtype=torch.float64).numpy().tobytes()
        case list():
            return u32(ARRAY) + gguf_list(value)
        case _:
            written = str(value).encode(errors="surrogatepass")
            return u32(STRING) + gguf_text(written)


def gguf_list(values: Sequence[object]) -> bytes:
    """An array, of the type of its first value."""
    kinds = [gguf_value(value) for value in values]
    kind = int.from_bytes(kinds[0][:4], "little") if kinds else STRING
    return gguf_array(kind, [one[4:] for one in kinds])
