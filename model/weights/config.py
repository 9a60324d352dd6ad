"""From config.json to a `Shape`.

An option that would change what the model computes and that the bench cannot follow is an error
that names it; one that it does not know is a notice; a missing one takes the default of the
family's reference implementation (Hugging Face transformers 5.23). Sizes have no default.
"""

from collections.abc import Collection, Mapping

from model.errors import ModelError
from model.shape import Activation, Shape
from model.weights.families import FAMILIES
from model.weights.known import HARMLESS, unread
from model.weights.masking import stacks, window
from model.weights.rope import rope
from model.weights.settings import MAX_CONTEXT, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH, Settings
from tokenizers.notices import Notice, notice

GATED: Mapping[Activation, Activation] = {
    "relu": "reglu",
    "gelu": "geglu",
    "gelu_tanh": "geglu_tanh",
    "silu": "swiglu",
}

CONFIG = "config.json"
DECODERS = ("gpt2", "llama", "mistral", "qwen2")
UNTIED = ("llama", "mistral", "qwen2")  # unless the config says otherwise

# the names of classes with a head
CAUSAL = ("LMHeadModel", "ForCausalLM", "DoubleHeadsModel")
MASKED = ("ForMaskedLM", "ForPreTraining")

# other names of keys, which go first (transformers: `attribute_map`)
ALIASES: Mapping[str, Mapping[str, str]] = {
    "gpt2": {
        "n_embd": "hidden_size",
        "n_head": "num_attention_heads",
        "n_layer": "num_hidden_layers",
        "n_positions": "max_position_embeddings",
    },
    "distilbert": {
        "dim": "hidden_size",
        "n_heads": "num_attention_heads",
        "n_layers": "num_hidden_layers",
    },
}
# settings of other families, at the value at which they change nothing in these
OFF: Mapping[str, object] = {
    "is_causal": False,
    "use_mrope": False,
    "rope_interleaved": False,
    "use_sliding_window": False,
    "attention_bias": False,
    "mlp_bias": False,
    "use_qk_norm": False,
    "bidirectional": False,
}


def shape_from_config(
    config: Mapping[str, object],
    tensors: Collection[str] = (),
    notices: list[Notice] | None = None,
) -> Shape:
    """The Shape that a config.json of a supported family describes.

    `tensors`, the names in the checkpoint, tell whether a head was saved when the config's
    `architectures` do not. `notices` gets what a reader should know of settings that were not, or
    not literally, followed.

    Raises:
        ModelError: `family-unknown`, `config-key-missing`, `config-value`, `config-unsupported`;
            each names the key.
    """
    family = Settings(config, CONFIG).word("model_type")
    if family not in FAMILIES:
        raise ModelError(
            "family-unknown",
            "models of the type {family} are not supported, only {known}",
            family=family,
            known=", ".join(FAMILIES),
        )
    settings = Settings(config, CONFIG, aliases=ALIASES.get(family, {}))
    settings.word("model_type")
    said: list[Notice] = [] if notices is None else notices
    decoder = family in DECODERS
    if decoder:
        settings.get("is_decoder")  # they are, whatever it says
    else:
        settings.only("is_decoder", False)
    for key in ("add_cross_attention", "is_encoder_decoder", "use_bidirectional_attention"):
        settings.only(key, False)
    for key in ("quantization_config", "compression_config", "per_layer_config"):
        settings.only(key, {})
    settings.only("pruned_heads", {})
    head = _has_head(settings, family, tensors, said)
    if family == "gpt2":
        shape = _gpt2(settings, head)
    elif decoder:
        shape = _llama(settings, family, head, said)
    elif family == "distilbert":
        shape = _distilbert(settings, head)
    else:
        shape = _bert(settings, family, head)
    said += unread(settings, HARMLESS, OFF)
    return shape


def _has_head(s: Settings, family: str, tensors: Collection[str], notices: list[Notice]) -> bool:
    """Whether the checkpoint predicts tokens. Where the config names a class that does, but the
    file holds nothing of its head, only the body was saved."""
    names = FAMILIES[family].names
    decoder = family in DECODERS
    architectures = _words(s.get("architectures"))
    tied = s.flag("tie_word_embeddings", family not in UNTIED)
    said = any(name.endswith(CAUSAL if decoder else MASKED) for name in architectures)
    if any(str(names.get(name, "")).startswith("head.") for name in tensors):
        return True
    if decoder and (tied or not tensors):
        return said or (not architectures and tied)
    if said and tensors:
        notices.append(
            notice(
                "head-missing",
                "{file} speaks of a head that predicts tokens, but the weights have none: what is "
                "computed is the model below it",
                file=s.file,
            )
        )
    return said and not tensors


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
        if s.is_null("pad_token_id"):
            s.wrong("pad_token_id")
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
    encoder, decoder = stacks(s, "n_layer")
    width = s.integer("n_embd", most=MAX_WIDTH)
    return Shape(
        vocab_size=s.integer("vocab_size", most=MAX_VOCABULARY),
        d_model=width,
        n_heads=_heads(s, "n_head", "n_embd"),
        d_ff=s.integer("n_inner", 4 * width, most=4 * MAX_WIDTH),
        encoder_layers=encoder,
        decoder_layers=decoder,
        context=s.integer("n_positions", most=MAX_CONTEXT),
        norm_place="pre",
        norm_epsilon=s.number("layer_norm_epsilon", 1e-5),
        final_norm=True,
        activation=s.activation("activation_function", "gelu_new"),
        head="lm" if head else "none",
        tied_head=s.flag("tie_word_embeddings", True),
    )


def _llama(s: Settings, family: str, head: bool, notices: list[Notice]) -> Shape:
    """Llama (Touvron et al. 2023), Mistral (Jiang et al. 2023), Qwen2 (Yang et al. 2024)."""
    encoder, decoder = stacks(s, "num_hidden_layers")
    theta, scaling = rope(s, notices)
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
        n_kv_heads=kv_heads(s, "num_key_value_heads", n_heads, 8 if family == "mistral" else 0),
        d_head=d_head,
        d_ff=s.integer("intermediate_size", most=MAX_WIDTH),
        encoder_layers=encoder,
        decoder_layers=decoder,
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
        window=window(s, family, notices),
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


def kv_heads(s: Settings, key: str, n_heads: int, default: int = 0) -> int:
    """Heads of keys and values, which must divide the heads of the queries."""
    n_kv_heads = s.integer(key, n_heads if s.is_null(key) else default or n_heads, most=MAX_WIDTH)
    if n_heads % n_kv_heads:
        s.wrong(key)
    return n_kv_heads
