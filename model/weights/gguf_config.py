"""From a GGUF file's metadata to a `Shape`.

A key that llama.cpp follows and the bench cannot is an error that names it; one that is unknown is
a notice. Source of keys and defaults: llama.cpp (`llama-arch.cpp`, `llama-model.cpp`).
"""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from model.errors import ModelError
from model.shape import RopeScaling, Shape
from model.weights.config import kv_heads
from model.weights.foreign import adapter
from model.weights.known import NOTHING, unread
from model.weights.settings import MAX_CONTEXT, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH, Settings
from tokenizers.notices import Notice

TOKENS = "tokenizer.ggml.tokens"

# keys without effect on a pass over a text: where the file comes from, the vocabulary, and what
# counts for kinds of positions that are refused
HARMLESS = (
    "general.*",
    "tokenizer.*",
    "quantize.*",
    "split.*",
    "llama.pooling_type",
    "llama.tensor_data_layout",
    "llama.rope.scaling.finetuned",
    "llama.rope.scaling.original_context_length",
    "llama.rope.scaling.yarn_*",
    "llama.decoder_start_token_id",
)
# keys that change what is computed, for the architectures that know them; 0 (or false) is off
CHANGING = (
    "attention.*",
    "rope.*",
    "expert*",
    "moe*",
    "*_scale",
    "*_multiplier",
    "*softcap*",
    "*clamp*",
    "*sparsity*",
    "*_interval",
    "*_step",
    "ssm.*",
    "nextn_predict_layers",
    "leading_dense_block_count",
    "use_parallel_residual",
    "swin_norm",
)


def shape_from_gguf(
    metadata: Mapping[str, object],
    tensors: Collection[str],
    file: str,
    notices: list[Notice] | None = None,
) -> Shape:
    """The Shape of a GGUF file of the architecture "llama"; `notices` gets what was not followed.

    Raises the errors of `shape_from_config`, `gguf-split` and `adapter`.
    """
    general = Settings(metadata, file)
    if general.get("general.type") == "adapter":
        raise adapter(file)
    general.only("general.type", "model")
    if general.integer("split.count", 0, least=0, most=MAX_WIDTH) > 1:
        raise ModelError(
            "gguf-split",
            "{file} is one of several parts: put them together with llama-gguf-split --merge",
            file=file,
        )
    check_architecture(metadata, file)
    s = Settings(metadata, file, "llama.")
    n_heads = s.integer("attention.head_count", most=MAX_WIDTH)
    width = s.integer("embedding_length", most=MAX_WIDTH)
    d_head = s.integer("attention.key_length", width // n_heads, most=MAX_WIDTH)
    s.only("attention.value_length", d_head)
    s.only("rope.dimension_count", d_head)
    _check_scale(s, d_head)
    if d_head % 2:
        s.wrong("attention.key_length")
    layers, causal = s.integer("block_count", most=MAX_LAYERS), s.flag("attention.causal", True)
    shape = Shape(
        vocab_size=s.integer("vocab_size", _count(metadata, TOKENS), most=MAX_VOCABULARY),
        d_model=width,
        n_heads=n_heads,
        n_kv_heads=kv_heads(s, "attention.head_count_kv", n_heads),
        d_head=d_head,
        d_ff=s.integer("feed_forward_length", most=MAX_WIDTH),
        decoder_layers=layers if causal else 0,
        encoder_layers=0 if causal else layers,
        context=s.integer("context_length", most=MAX_CONTEXT),
        positions="rope",
        rope_theta=s.number("rope.freq_base", 10_000.0),
        rope_scaling=_scaling(s),
        norm="rms",
        norm_place="pre",
        norm_epsilon=s.number("attention.layer_norm_rms_epsilon"),
        norm_bias=False,
        final_norm=True,
        activation="swiglu",
        query_bias="blk.0.attn_q.bias" in tensors,
        output_bias="blk.0.attn_output.bias" in tensors,
        feed_forward_bias="blk.0.ffn_up.bias" in tensors,
        head="lm",
        tied_head="output.weight" not in tensors,
    )
    _refuse(s)
    if notices is not None:
        notices += unread(s, HARMLESS, {})
    return shape


def check_architecture(metadata: Mapping[str, object], file: str) -> None:
    """ModelError `family-unknown` for a GGUF file whose architecture is not supported."""
    family = Settings(metadata, file).word("general.architecture")
    if family != "llama":
        raise ModelError(
            "family-unknown",
            "models of the type {family} are not supported, only {known}",
            family=family,
            known="llama",
        )


def _scaling(s: Settings) -> RopeScaling | None:
    """How positions are stretched: llama.cpp takes a factor without a type for a linear one, and
    reads an older key where there is no factor."""
    s.only("rope.scaling.type", "none", "linear")
    kind = s.word("rope.scaling.type", "linear")
    factor = s.number("rope.scaling.factor", s.number("rope.scale_linear", 1.0))
    return RopeScaling("linear", factor) if kind == "linear" and factor != 1 else None


def _check_scale(s: Settings, d_head: int) -> None:
    """Scores are divided by √d_head, which may be written out, or 0 for the same."""
    scale = s.get("attention.scale")
    if scale is None or scale == 0:
        return
    if abs(s.number("attention.scale") * d_head**0.5 - 1) > 1e-6:
        s.unsupported("attention.scale")


def _refuse(s: Settings) -> None:
    """Name the first key that changes what is computed and that nobody has asked for."""
    for name, value in s.unasked().items():
        key = name.removeprefix(s.prefix)
        if not name.startswith(s.prefix) or any(fnmatchcase(name, known) for known in HARMLESS):
            continue
        if any(fnmatchcase(key, pattern) for pattern in CHANGING):
            off = s.get(key) in NOTHING or value == 0 or (value == 1 and key.endswith("_scale"))
            if not off:
                s.unsupported(key)


def _count(metadata: Mapping[str, object], key: str) -> int | None:
    held = metadata.get(key)
    return len(held) if isinstance(held, list) else None
