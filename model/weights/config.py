"""From a checkpoint's settings (config.json, GGUF metadata) to a `Shape`.

An option that would change what the model computes and that the bench does not know is an
error that names it; a missing one takes the default of the family's reference implementation
(Hugging Face transformers). Sizes have no default.
"""

from collections.abc import Collection, Mapping

from model.errors import ModelError
from model.shape import Activation, RopeScaling, Shape
from model.weights.families import FAMILIES
from model.weights.settings import Settings

MAX_LAYERS = 256  # Llama 3.1's largest has 126
MAX_WIDTH = 1 << 20
MAX_VOCABULARY = 1 << 24
MAX_CONTEXT = 1 << 30

GATED: Mapping[Activation, Activation] = {
    "relu": "reglu",
    "gelu": "geglu",
    "gelu_tanh": "geglu_tanh",
    "silu": "swiglu",
}

# what a saved head shows in: our parameters, the names of its class
HEADS = ("head.output.weight", "head.transform.weight")
CAUSAL = ("LMHeadModel", "ForCausalLM")
MASKED = ("ForMaskedLM", "ForPreTraining")
TOKENS = "tokenizer.ggml.tokens"


def shape_from_config(config: Mapping[str, object], tensors: Collection[str] = ()) -> Shape:
    """The Shape that a config.json of a supported family describes.

    `tensors`, the names in the checkpoint, tell whether a head was saved when the config's
    `architectures` do not.

    Raises:
        ModelError: `family-unknown`, `config-key-missing`, `config-value`, `config-unsupported`;
            each names the key.
    """
    settings = Settings(config, "config.json")
    family = settings.word("model_type")
    if family not in FAMILIES:
        raise ModelError(
            "family-unknown",
            "models of the type {family} are not supported, only {known}",
            family=family,
            known=", ".join(FAMILIES),
        )
    for key in ("is_decoder", "add_cross_attention", "is_encoder_decoder"):
        settings.only(key, False)
    settings.only("quantization_config")
    settings.only("pruned_heads", {})
    architectures = _words(settings.get("architectures"))
    heads = any(FAMILIES[family].names.get(name) in HEADS for name in tensors)
    if family in ("gpt2", "llama", "mistral", "qwen2"):
        bare = not architectures and settings.flag("tie_word_embeddings", family == "gpt2")
        head = heads or bare or any(name.endswith(CAUSAL) for name in architectures)
        return _gpt2(settings, head) if family == "gpt2" else _llama(settings, family, head)
    head = heads or any(name.endswith(MASKED) for name in architectures)
    return _distilbert(settings, head) if family == "distilbert" else _bert(settings, family, head)


def _words(value: object) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _bert(s: Settings, family: str, head: bool) -> Shape:
    """BERT (Devlin et al. 2019) and RoBERTa (Liu et al. 2019), which keeps the first rows of its
    position table for padding."""
    s.only("position_embedding_type", "absolute")
    activation = s.activation("hidden_act", "gelu")
    rows = s.integer("max_position_embeddings", most=MAX_CONTEXT)
    first = 0
    if family == "roberta":
        first = 1 + s.integer("pad_token_id", 1, least=0, most=rows - 2)
    return Shape(
        vocab_size=s.integer("vocab_size", most=MAX_VOCABULARY),
        d_model=s.integer("hidden_size", most=MAX_WIDTH),
        n_heads=_heads(s, "num_attention_heads", "hidden_size"),
        d_ff=s.integer("intermediate_size", most=MAX_WIDTH),
        encoder_layers=s.integer("num_hidden_layers", most=MAX_LAYERS),
        context=rows - first,
        first_position=first,
        token_types=s.integer("type_vocab_size", 2, most=MAX_WIDTH),
        embedding_norm=True,
        norm_epsilon=s.number("layer_norm_eps", 1e-12),
        activation=activation,
        head="mlm" if head else "none",
        head_bias=head,
        tied_head=s.flag("tie_word_embeddings", True),
        head_activation=activation if family == "bert" else "gelu",
    )


def _distilbert(s: Settings, head: bool) -> Shape:
    """DistilBERT (Sanh et al. 2019); sinusoidal positions, where asked for, are a saved table."""
    activation = s.activation("activation", "gelu")
    return Shape(
        vocab_size=s.integer("vocab_size", most=MAX_VOCABULARY),
        d_model=s.integer("dim", most=MAX_WIDTH),
        n_heads=_heads(s, "n_heads", "dim"),
        d_ff=s.integer("hidden_dim", most=MAX_WIDTH),
        encoder_layers=s.integer("n_layers", most=MAX_LAYERS),
        context=s.integer("max_position_embeddings", most=MAX_CONTEXT),
        embedding_norm=True,
        norm_epsilon=1e-12,
        activation=activation,
        head="mlm" if head else "none",
        head_bias=head,
        tied_head=s.flag("tie_word_embeddings", True),
        head_activation=activation,
    )


def _gpt2(s: Settings, head: bool) -> Shape:
    """GPT-2 (Radford et al. 2019)."""
    s.only("scale_attn_weights", True)
    s.only("scale_attn_by_inverse_layer_idx", False)
    s.only("reorder_and_upcast_attn", False)
    width = s.integer("n_embd", most=MAX_WIDTH)
    return Shape(
        vocab_size=s.integer("vocab_size", most=MAX_VOCABULARY),
        d_model=width,
        n_heads=_heads(s, "n_head", "n_embd"),
        d_ff=s.integer("n_inner", 4 * width, most=4 * MAX_WIDTH),
        decoder_layers=s.integer("n_layer", most=MAX_LAYERS),
        context=s.integer("n_positions", most=MAX_CONTEXT),
        norm_place="pre",
        norm_epsilon=s.number("layer_norm_epsilon", 1e-5),
        final_norm=True,
        activation=s.activation("activation_function", "gelu_new"),
        head="lm" if head else "none",
        tied_head=s.flag("tie_word_embeddings", True),
    )


def _llama(s: Settings, family: str, head: bool) -> Shape:
    """Llama (Touvron et al. 2023), Mistral (Jiang et al. 2023), Qwen2 (Yang et al. 2024)."""
    theta, scaling = _rope(s)
    biased = family == "llama" and s.flag("attention_bias", False)
    n_heads = s.integer("num_attention_heads", most=MAX_WIDTH)
    d_head = s.integer("head_dim", 0, least=0, most=MAX_WIDTH)
    if not d_head:
        d_head = s.integer("hidden_size", most=MAX_WIDTH) // _heads(
            s, "num_attention_heads", "hidden_size"
        )
    if d_head % 2:
        s.wrong("head_dim")
    activation = s.activation("hidden_act", "silu")
    return Shape(
        vocab_size=s.integer("vocab_size", most=MAX_VOCABULARY),
        d_model=s.integer("hidden_size", most=MAX_WIDTH),
        n_heads=n_heads,
        n_kv_heads=_kv_heads(s, "num_key_value_heads", n_heads, 8 if family == "mistral" else 0),
        d_head=d_head,
        d_ff=s.integer("intermediate_size", most=MAX_WIDTH),
        decoder_layers=s.integer("num_hidden_layers", most=MAX_LAYERS),
        context=s.integer("max_position_embeddings", most=MAX_CONTEXT),
        positions="rope",
        rope_theta=theta,
        rope_scaling=scaling,
        norm="rms",
        norm_place="pre",
        norm_epsilon=s.number("rms_norm_eps", 1e-6),
        norm_bias=False,
        final_norm=True,
        activation=GATED[activation],
        window=_window(s, family),
        query_bias=biased or family == "qwen2",
        output_bias=biased,
        feed_forward_bias=family == "llama" and s.flag("mlp_bias", False),
        head="lm" if head else "none",
        tied_head=s.flag("tie_word_embeddings", False),
    )


def _heads(s: Settings, key: str, width_key: str) -> int:
    """The number of heads, which must divide the width."""
    n_heads = s.integer(key, most=MAX_WIDTH)
    if s.integer(width_key, most=MAX_WIDTH) % n_heads:
        s.wrong(key)
    return n_heads


def _kv_heads(s: Settings, key: str, n_heads: int, default: int = 0) -> int:
    """Heads of keys and values, which must divide the heads of the queries."""
    n_kv_heads = s.integer(key, default or n_heads, most=MAX_WIDTH)
    if n_heads % n_kv_heads:
        s.wrong(key)
    return n_kv_heads


def _rope(s: Settings) -> tuple[float, RopeScaling | None]:
    """θ and scaling, from `rope_parameters` (transformers 5) or `rope_scaling` (before)."""
    rope = s.section("rope_parameters" if s.get("rope_parameters") is not None else "rope_scaling")
    theta = rope.number("rope_theta", s.number("rope_theta", 10_000.0))
    s.only("partial_rotary_factor", 1.0)
    rope.only("partial_rotary_factor", 1.0)
    key = "rope_type" if rope.get("rope_type") is not None else "type"
    kind = rope.word(key, "default")
    if kind not in ("default", "linear", "llama3"):
        rope.unsupported(key)
    if kind == "default":
        return theta, None
    factor = rope.number("factor")
    if kind == "linear":
        return theta, RopeScaling("linear", factor)
    low = rope.number("low_freq_factor")
    context = s.integer("max_position_embeddings", most=MAX_CONTEXT)
    return theta, RopeScaling(
        "llama3",
        factor,
        low_frequency_factor=low,
        high_frequency_factor=rope.number("high_freq_factor", above=low),
        original_context=rope.integer(
            "original_max_position_embeddings", context, most=MAX_CONTEXT
        ),
    )


def _window(s: Settings, family: str) -> int:
    """Sliding window of all layers; 0 for none. Windows on some layers only are unsupported."""
    layers = s.integer("num_hidden_layers", most=MAX_LAYERS)
    if family == "qwen2":
        from_layer = s.integer("max_window_layers", 28, least=0, most=MAX_LAYERS)
        used = s.flag("use_sliding_window", False)
        windowed = [used and layer >= from_layer for layer in range(layers)]
    else:
        windowed = [family == "mistral"] * layers
    kinds = s.get("layer_types")
    if kinds is not None:
        words = _words(kinds)
        if not isinstance(kinds, list) or not len(words) == len(kinds) == layers:
            s.wrong("layer_types")
        if not set(words) <= {"full_attention", "sliding_attention"}:
            s.unsupported("layer_types")
        windowed = [word == "sliding_attention" for word in words]
    if not any(windowed) or s.is_null("sliding_window"):
        return 0
    if not all(windowed):
        s.unsupported("max_window_layers" if kinds is None else "layer_types")
    return s.integer("sliding_window", 4096, most=MAX_CONTEXT)


def shape_from_gguf(metadata: Mapping[str, object], tensors: Collection[str], file: str) -> Shape:
    """The Shape of a GGUF file of the architecture "llama".

    Raises the errors of `shape_from_config`.
    """
    check_architecture(metadata, file)
    s = Settings(metadata, file, "llama.")
    s.only("expert_count", 0)
    s.only("rope.scaling.type", "none", "linear")
    scaled = s.get("rope.scaling.type") == "linear"
    n_heads = s.integer("attention.head_count", most=MAX_WIDTH)
    width = s.integer("embedding_length", most=MAX_WIDTH)
    d_head = s.integer("attention.key_length", width // n_heads, most=MAX_WIDTH)
    s.only("attention.value_length", d_head)
    s.only("rope.dimension_count", d_head)
    if d_head % 2:
        s.wrong("attention.key_length")
    return Shape(
        vocab_size=s.integer("vocab_size", _count(metadata, TOKENS), most=MAX_VOCABULARY),
        d_model=width,
        n_heads=n_heads,
        n_kv_heads=_kv_heads(s, "attention.head_count_kv", n_heads),
        d_head=d_head,
        d_ff=s.integer("feed_forward_length", most=MAX_WIDTH),
        decoder_layers=s.integer("block_count", most=MAX_LAYERS),
        context=s.integer("context_length", most=MAX_CONTEXT),
        positions="rope",
        rope_theta=s.number("rope.freq_base", 10_000.0),
        rope_scaling=RopeScaling("linear", s.number("rope.scaling.factor")) if scaled else None,
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


def _count(metadata: Mapping[str, object], key: str) -> int | None:
    held = metadata.get(key)
    return len(held) if isinstance(held, list) else None
