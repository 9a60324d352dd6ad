"""Settings of checkpoints: what they mean, what is not supported, what cannot be."""

import json
from collections.abc import Mapping, Sequence

import pytest

from model.errors import ModelError
from model.shape import RopeScaling, Shape
from model.weights.config import shape_from_config
from model.weights.gguf_config import shape_from_gguf
from tests.weights.usual_configs import USUAL
from tokenizers.notices import Notice

LLAMA: dict[str, object] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "max_position_embeddings": 64,
}
MISTRAL = {**LLAMA, "model_type": "mistral", "num_key_value_heads": 2}
QWEN2 = {**LLAMA, "model_type": "qwen2"}
BERT = {**LLAMA, "model_type": "bert", "architectures": ["BertModel"]}
ROBERTA = {**BERT, "model_type": "roberta"}
DISTILBERT: dict[str, object] = {
    "model_type": "distilbert",
    "vocab_size": 100,
    "dim": 32,
    "hidden_dim": 48,
    "n_heads": 4,
    "n_layers": 3,
    "max_position_embeddings": 64,
}
GPT2: dict[str, object] = {
    "model_type": "gpt2",
    "vocab_size": 100,
    "n_embd": 32,
    "n_head": 4,
    "n_layer": 3,
    "n_positions": 64,
}
LLAMA3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def refused(config: Mapping[str, object]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        shape_from_config(config)
    return caught.value


def test_llama_before_there_were_options():
    """The first Llama's config.json knew neither θ nor grouped queries."""
    assert shape_from_config(LLAMA) == Shape(
        vocab_size=100,
        d_model=32,
        n_heads=4,
        n_kv_heads=4,
        d_head=8,
        d_ff=48,
        decoder_layers=3,
        context=64,
        positions="rope",
        rope_theta=10_000.0,
        norm="rms",
        norm_place="pre",
        norm_epsilon=1e-6,
        norm_bias=False,
        final_norm=True,
        activation="swiglu",
        query_bias=False,
        output_bias=False,
        feed_forward_bias=False,
        head="lm",
        tied_head=False,
    )


def test_roberta_keeps_rows_for_padding():
    shape = shape_from_config({**ROBERTA, "max_position_embeddings": 514, "pad_token_id": 1})
    assert (shape.context, shape.first_position) == (512, 2)


@pytest.mark.parametrize(
    ("options", "theta", "scaling"),
    [
        ({"rope_theta": 5e5}, 5e5, None),
        ({"rope_theta": 5e5, "rope_scaling": None}, 5e5, None),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 7}}, 7.0, None),
        ({"rope_scaling": {"type": "linear", "factor": 2}}, 1e4, RopeScaling("linear", 2.0)),
        (
            {"rope_parameters": {"rope_type": "linear", "rope_theta": 9.0, "factor": 4.0}},
            9.0,
            RopeScaling("linear", 4.0),
        ),
        (
            {"rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", **LLAMA3}},
            5e5,
            RopeScaling("llama3", 8.0, 1.0, 4.0, 32),
        ),
        (
            {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, **LLAMA3}},
            5e5,
            RopeScaling("llama3", 8.0, 1.0, 4.0, 32),
        ),
    ],
)
def test_rope_in_old_and_new_spelling(
    options: dict[str, object], theta: float, scaling: RopeScaling | None
):
    shape = shape_from_config({**LLAMA, **options})
    assert (shape.rope_theta, shape.rope_scaling) == (theta, scaling)


@pytest.mark.parametrize(
    ("config", "window"),
    [
        (LLAMA, 0),
        (MISTRAL, 4096),  # the default of Mistral 7B v0.1
        ({**MISTRAL, "sliding_window": 9}, 9),
        (QWEN2, 0),
        ({**QWEN2, "sliding_window": 9}, 0),
        ({**QWEN2, "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 0}, 9),
        ({**QWEN2, "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 3}, 0),
        ({**QWEN2, "sliding_window": 9, "layer_types": ["full_attention"] * 3}, 0),
        (
            {
                **QWEN2,
                "use_sliding_window": True,
                "sliding_window": 9,
                "layer_types": ["sliding_attention"] * 3,
            },
            9,
        ),
        ({**QWEN2, "use_sliding_window": True, "sliding_window": None}, 0),
        ({**MISTRAL, "sliding_window": 9, "layer_types": ["full_attention"] * 3}, 9),
        ({**MISTRAL, "sliding_window": None, "layer_types": ["sliding_attention"] * 3}, 0),
        ({**LLAMA, "sliding_window": 9, "layer_types": ["sliding_attention"] * 3}, 0),
        ({**MISTRAL, "sliding_window": 9, "is_causal": False}, 10),  # to each side, beside itself
    ],
)
def test_windows(config: dict[str, object], window: int):
    assert shape_from_config(config).window == window


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "decoder"),
        ({"is_causal": True}, "decoder"),
        ({"is_causal": False}, "encoder"),
        ({"is_causal": None}, "encoder"),  # transformers asks whether it is true
    ],
)
@pytest.mark.parametrize("config", [LLAMA, MISTRAL, QWEN2, GPT2])
def test_without_a_causal_mask_a_decoder_is_an_encoder(
    config: dict[str, object], options: dict[str, object], kind: str
):
    assert shape_from_config({**config, **options}).kind == kind


def test_mistral_without_a_window():
    """In config.json null says that there is none, unlike a key left out."""
    assert shape_from_config({**MISTRAL, "sliding_window": None}).window == 0


def test_mistral_with_as_many_heads_of_keys_as_of_queries():
    """Null says so too; only a key left out means 8."""
    assert shape_from_config({**MISTRAL, "num_key_value_heads": None}).n_kv_heads == 4


@pytest.mark.parametrize(
    ("config", "tensors", "head"),
    [
        (BERT, [], "none"),
        ({**BERT, "architectures": ["BertForMaskedLM"]}, [], "mlm"),
        ({**BERT, "architectures": ["BertForPreTraining"]}, [], "mlm"),
        (BERT, ["cls.predictions.transform.dense.weight"], "mlm"),
        (ROBERTA, ["lm_head.dense.weight"], "mlm"),
        (DISTILBERT, ["vocab_transform.weight"], "mlm"),
        (DISTILBERT, [], "none"),
        (GPT2, [], "lm"),  # tied, as published
        ({**GPT2, "architectures": ["GPT2LMHeadModel"]}, [], "lm"),
        ({**GPT2, "architectures": ["GPT2Model"]}, [], "none"),
        ({**LLAMA, "architectures": ["LlamaModel"]}, [], "none"),
        ({**LLAMA, "architectures": None}, [], "none"),
        ({**LLAMA, "architectures": None}, ["lm_head.weight"], "lm"),
        ({**LLAMA, "architectures": None, "tie_word_embeddings": True}, [], "lm"),
        # nothing of the head was saved
        (LLAMA, ["model.embed_tokens.weight"], "none"),
        ({**LLAMA, "tie_word_embeddings": True}, ["model.embed_tokens.weight"], "lm"),
        ({**BERT, "architectures": ["BertForMaskedLM"]}, ["embeddings.LayerNorm.bias"], "none"),
    ],
)
def test_heads(config: dict[str, object], tensors: list[str], head: str):
    assert shape_from_config(config, tensors).head == head


@pytest.mark.parametrize(
    ("name", "activation", "gated"),
    [
        ("relu", "relu", "reglu"),
        ("gelu", "gelu", "geglu"),
        ("gelu_new", "gelu_tanh", "geglu_tanh"),
        ("gelu_pytorch_tanh", "gelu_tanh", "geglu_tanh"),
        ("silu", "silu", "swiglu"),
    ],
)
def test_activations(name: str, activation: str, gated: str):
    assert shape_from_config({**BERT, "hidden_act": name}).activation == activation
    assert shape_from_config({**GPT2, "activation_function": name}).activation == activation
    assert shape_from_config({**LLAMA, "hidden_act": name}).activation == gated
    masked = shape_from_config({**ROBERTA, "hidden_act": name}, ["lm_head.dense.weight"])
    assert (masked.activation, masked.head_activation) == (activation, "gelu")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({**BERT, "position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({**BERT, "is_decoder": True}, "is_decoder"),
        ({**BERT, "add_cross_attention": True}, "add_cross_attention"),
        ({**BERT, "hidden_act": "quick_gelu"}, "hidden_act"),
        ({**BERT, "pruned_heads": {"0": [1]}}, "pruned_heads"),
        ({**DISTILBERT, "activation": "mish"}, "activation"),
        ({**GPT2, "scale_attn_weights": False}, "scale_attn_weights"),
        ({**GPT2, "scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
        ({**GPT2, "reorder_and_upcast_attn": True}, "reorder_and_upcast_attn"),
        ({**LLAMA, "quantization_config": {"bits": 4}}, "quantization_config"),
        ({**LLAMA, "partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({**LLAMA, "rope_scaling": {"type": "yarn", "factor": 2}}, "rope_scaling.type"),
        ({**LLAMA, "rope_scaling": {"rope_type": "dynamic"}}, "rope_scaling.rope_type"),
        ({**LLAMA, "rope_parameters": {"rope_type": "longrope"}}, "rope_parameters.rope_type"),
        (
            {**LLAMA, "rope_parameters": {"partial_rotary_factor": 0.5}},
            "rope_parameters.partial_rotary_factor",
        ),
        (
            {**QWEN2, "use_sliding_window": True, "max_window_layers": 1},
            "max_window_layers",
        ),
        (
            {**QWEN2, "layer_types": ["full_attention", "sliding_attention", "full_attention"]},
            "layer_types",
        ),
        ({**LLAMA, "layer_types": ["chunked_attention"] * 3}, "layer_types"),
        ({**QWEN2, "sliding_window": 9, "layer_types": ["sliding_attention"] * 3}, "layer_types"),
        (
            {**LLAMA, "rope_parameters": {"full_attention": {"rope_type": "default"}}},
            "rope_parameters.full_attention",
        ),
        ({**LLAMA, "use_bidirectional_attention": True}, "use_bidirectional_attention"),
        ({**LLAMA, "per_layer_config": {"0": {"head_dim": 4}}}, "per_layer_config"),
        ({**GPT2, "num_attention_heads": 4, "add_cross_attention": True}, "add_cross_attention"),
    ],
)
def test_unsupported_options_are_named(config: dict[str, object], key: str):
    error = refused(config)
    assert (error.code, error.fields["key"]) == ("config-unsupported", key)
    assert f"config.json: {key} = " in str(error)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({**BERT, "hidden_size": 0}, "hidden_size"),
        ({**BERT, "hidden_size": -32}, "hidden_size"),
        ({**BERT, "hidden_size": 32.0}, "hidden_size"),
        ({**BERT, "hidden_size": "32"}, "hidden_size"),
        ({**BERT, "hidden_size": True}, "hidden_size"),
        ({**BERT, "hidden_size": 10**400}, "hidden_size"),
        ({**BERT, "num_attention_heads": 5}, "num_attention_heads"),
        ({**BERT, "num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({**BERT, "layer_norm_eps": 0}, "layer_norm_eps"),
        ({**BERT, "layer_norm_eps": float("nan")}, "layer_norm_eps"),
        ({**BERT, "layer_norm_eps": 10**400}, "layer_norm_eps"),
        ({**BERT, "hidden_act": 3}, "hidden_act"),
        ({**BERT, "tie_word_embeddings": "yes"}, "tie_word_embeddings"),
        ({**ROBERTA, "max_position_embeddings": 2}, "pad_token_id"),
        ({**LLAMA, "num_key_value_heads": 3}, "num_key_value_heads"),
        ({**MISTRAL, "sliding_window": 0}, "sliding_window"),
        ({**MISTRAL, "sliding_window": -1}, "sliding_window"),
        ({**MISTRAL, "is_causal": 0}, "is_causal"),
        ({**ROBERTA, "pad_token_id": None}, "pad_token_id"),
        ({**GPT2, "num_attention_heads": 5}, "num_attention_heads"),  # the name that goes first
        ({**LLAMA, "head_dim": 7}, "head_dim"),
        ({**LLAMA, "rope_theta": -1}, "rope_theta"),
        ({**LLAMA, "rope_scaling": 3}, "rope_scaling"),
        (
            {**LLAMA, "rope_scaling": {**LLAMA3, "type": "llama3", "high_freq_factor": 1.0}},
            "rope_scaling.high_freq_factor",
        ),
        ({**QWEN2, "layer_types": ["full_attention"]}, "layer_types"),
        ({**QWEN2, "layer_types": [[]] * 3}, "layer_types"),
    ],
)
def test_impossible_values_are_named(config: dict[str, object], key: str):
    error = refused(config)
    assert (error.code, error.fields["key"]) == ("config-value", key)
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({}, "model_type"),
        *((BERT, key) for key in ("vocab_size", "hidden_size", "intermediate_size")),
        *((LLAMA, key) for key in ("num_attention_heads", "max_position_embeddings")),
        *((GPT2, key) for key in ("n_embd", "n_head", "n_layer", "n_positions")),
        *((DISTILBERT, key) for key in ("dim", "hidden_dim", "n_heads", "n_layers")),
        ({**LLAMA, "rope_scaling": {"type": "linear"}}, "rope_scaling.factor"),
    ],
)
def test_missing_sizes_are_named(config: dict[str, object], key: str):
    error = refused({name: value for name, value in config.items() if name != key})
    assert (error.code, error.fields["key"]) == ("config-key-missing", key)


def test_other_families_are_named():
    error = refused({**LLAMA, "model_type": "mamba"})
    assert (error.code, error.fields["family"]) == ("family-unknown", "mamba")
    assert "distilbert" in str(error)


def test_a_config_survives_json():
    assert shape_from_config(json.loads(json.dumps(GPT2))).d_ff == 4 * 32


@pytest.mark.parametrize("name", USUAL)
def test_usual_configs_give_no_notice(name: str):
    notices: list[Notice] = []
    shape_from_config(USUAL[name], notices=notices)
    assert [str(notice) for notice in notices] == []


def told(config: Mapping[str, object], tensors: Sequence[str] = ()) -> list[Notice]:
    notices: list[Notice] = []
    shape_from_config(config, tensors, notices)
    return notices


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({**LLAMA, "attention_multiplier": 0.5}, "attention_multiplier = 0.5"),
        ({**LLAMA, "logits_scaling": 8}, "logits_scaling = 8"),
        ({**BERT, "embedding_size": 16}, "embedding_size = 16"),
        ({**BERT, "is_causal": True}, "is_causal = True"),
        ({**GPT2, "auto_map": {"AutoModel": "modeling.My"}}, "auto_map = {'AutoModel':"),
        ({**DISTILBERT, "hidden_act": "relu"}, "hidden_act = relu"),
        ({**LLAMA, "sliding_window": 9}, "sliding_window = 9"),
        ({**MISTRAL, "use_sliding_window": True}, "use_sliding_window = True"),
        ({**QWEN2, "use_qk_norm": True}, "use_qk_norm = True"),
        (
            {**LLAMA, "rope_scaling": {"type": "linear", "factor": 2.0, "attention_factor": 3.0}},
            "rope_scaling.attention_factor = 3.0",
        ),
        (
            {**LLAMA, "rope_scaling": {"rope_type": "default", "factor": 2.0}},
            "rope_scaling.factor = 2.0",
        ),
    ],
)
def test_a_setting_that_is_not_known_is_told(config: dict[str, object], said: str):
    (notice,) = told(config)
    assert notice.code == "settings-unread"
    assert said in str(notice)


@pytest.mark.parametrize("value", [None, {}, [], ""])
def test_a_setting_that_says_nothing_is_not_told(value: object):
    assert told({**LLAMA, "attention_multiplier": value}) == []


def test_many_unknown_settings_are_one_short_notice():
    (notice,) = told({**LLAMA, **{f"key_{i}": "x" * 10**5 for i in range(10**3)}})
    assert len(str(notice)) < 1000


@pytest.mark.parametrize(
    ("parameters", "codes"),
    [
        ({"rope_type": "linear", "factor": 2.0}, []),
        ({"type": "linear", "factor": 2.0}, []),
        ({"rope_type": "default"}, ["rope-twice"]),
        ({"rope_type": "linear", "factor": 2.0, "rope_theta": 5.0}, ["rope-twice"]),
        ({}, []),
        (None, []),
    ],
)
def test_positions_said_twice_are_told_where_they_differ(parameters: object, codes: list[str]):
    scaling = {"type": "linear", "factor": 2.0}
    config = {**LLAMA, "rope_scaling": scaling, "rope_parameters": parameters}
    assert [notice.code for notice in told(config)] == codes
    assert shape_from_config(config).rope_scaling == RopeScaling("linear", 2.0)


GGUF: dict[str, object] = {
    "general.architecture": "llama",
    "llama.vocab_size": 100,
    "llama.embedding_length": 32,
    "llama.feed_forward_length": 48,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.block_count": 3,
    "llama.context_length": 64,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.freq_base": 5e5,
    "llama.rope.dimension_count": 8,
}


def test_gguf_says_what_config_json_says():
    config = {
        **LLAMA, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 5e5,
        "tie_word_embeddings": True,
    }  # fmt: skip
    assert shape_from_gguf(GGUF, [], "x.gguf") == shape_from_config(config)


def test_gguf_tells_heads_and_biases_by_its_tensors():
    names = ["output.weight", "blk.0.attn_q.bias", "blk.0.attn_output.bias", "blk.0.ffn_up.bias"]
    shape = shape_from_gguf(GGUF, names, "x.gguf")
    assert not shape.tied_head
    assert shape.query_bias
    assert shape.output_bias
    assert shape.feed_forward_bias


def test_gguf_counts_its_tokens_where_no_size_is_given():
    metadata = {**GGUF, "llama.vocab_size": None, "tokenizer.ggml.tokens": ["a", "b"]}
    assert shape_from_gguf(metadata, [], "x.gguf").vocab_size == 2


def test_gguf_stretches_positions():
    metadata = {**GGUF, "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    assert shape_from_gguf(metadata, [], "x.gguf").rope_scaling == RopeScaling("linear", 4.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("llama.attention.scale", 8**-0.5),
        ("llama.attention.scale", 0.0),
        ("llama.attention.causal", True),
        ("llama.attention.sliding_window", 0),
        ("llama.expert_count", 0),
        ("llama.expert_used_count", 0),
        ("llama.logit_scale", 1.0),
        ("llama.rope.scaling.type", "none"),
        ("llama.rope.scaling.finetuned", False),
        ("llama.tensor_data_layout", "Meta AI original pth"),
        ("llama.pooling_type", 1),
        ("general.type", "model"),
        ("general.license", "apache-2.0"),
        ("tokenizer.ggml.pre", "smollm"),
        ("quantize.imatrix.file", "imatrix.dat"),
        ("split.count", 1),
    ],
)
def test_gguf_keys_that_change_nothing_pass(key: str, value: object):
    notices: list[Notice] = []
    shape = shape_from_gguf({**GGUF, key: value}, [], "x.gguf", notices)
    assert (shape, notices) == (shape_from_gguf(GGUF, [], "x.gguf"), [])


def test_gguf_without_a_causal_mask():
    metadata = {**GGUF, "llama.attention.causal": False}
    assert shape_from_gguf(metadata, [], "x.gguf").kind == "encoder"


@pytest.mark.parametrize("key", ["llama.rope.scaling.factor", "llama.rope.scale_linear"])
def test_gguf_takes_a_factor_alone_for_a_linear_one(key: str):
    shape = shape_from_gguf({**GGUF, key: 4.0}, [], "x.gguf")
    assert shape.rope_scaling == RopeScaling("linear", 4.0)
    unscaled = shape_from_gguf({**GGUF, key: 4.0, "llama.rope.scaling.type": "none"}, [], "x.gguf")
    assert unscaled.rope_scaling is None


@pytest.mark.parametrize("key", ["llama.something_new", "somebody.else", "mistral.block_count"])
def test_gguf_keys_that_are_not_known_are_told(key: str):
    notices: list[Notice] = []
    shape_from_gguf({**GGUF, key: 7}, [], "x.gguf", notices)
    assert [notice.code for notice in notices] == ["settings-unread"]
    assert f"{key} = 7" in str(notices[0])


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("llama.attention.scale", 0.5, "config-unsupported"),
        ("llama.attention.scale", float("nan"), "config-value"),
        ("llama.attention.sliding_window", 4096, "config-unsupported"),
        ("llama.attention.clamp_kqv", 8.0, "config-unsupported"),
        ("llama.attention.max_alibi_bias", 8.0, "config-unsupported"),
        ("llama.attention.causal", 0, "config-value"),
        ("llama.attn_logit_softcapping", 50.0, "config-unsupported"),
        ("llama.final_logit_softcapping", 30.0, "config-unsupported"),
        ("llama.logit_scale", 0.125, "config-unsupported"),
        ("llama.embedding_scale", 12.0, "config-unsupported"),
        ("llama.residual_scale", 0.22, "config-unsupported"),
        ("llama.use_parallel_residual", True, "config-unsupported"),
        ("llama.expert_used_count", 2, "config-unsupported"),
        ("llama.rope.scaling.attn_factor", 1.2, "config-unsupported"),
        ("llama.rope.freq_base_swa", 1e4, "config-unsupported"),
        ("llama.rope.dimension_sections", [1, 2, 1, 0], "config-unsupported"),
        ("general.type", "adapter", "adapter"),
        ("general.type", "mmproj", "config-unsupported"),
        ("split.count", 3, "gguf-split"),
        ("general.architecture", "mamba", "family-unknown"),
        ("general.architecture", None, "config-key-missing"),
        ("llama.vocab_size", None, "config-key-missing"),
        ("llama.block_count", None, "config-key-missing"),
        ("llama.attention.head_count", [4, 4, 2], "config-value"),
        ("llama.attention.head_count_kv", 3, "config-value"),
        ("llama.feed_forward_length", [48, 48, 48], "config-value"),
        ("llama.rope.dimension_count", 4, "config-unsupported"),
        ("llama.attention.value_length", 16, "config-unsupported"),
        ("llama.expert_count", 8, "config-unsupported"),
        ("llama.rope.scaling.type", "yarn", "config-unsupported"),
    ],
)
def test_gguf_settings_are_checked(key: str, value: object, code: str):
    with pytest.raises(ModelError) as caught:
        shape_from_gguf({**GGUF, key: value}, [], "x.gguf")
    assert caught.value.code == code
    assert caught.value.fields.get("key", key) == key


@pytest.mark.parametrize("key", ["hidden_act", "model_type", "pruned_heads", "rope_scaling"])
def test_a_value_too_deep_or_too_long_to_be_written_is_named_all_the_same(key: str):
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    for value in (deep, ["x" * 10**6] * 9, 10**4000):
        with pytest.raises(ModelError) as caught:
            shape_from_config({**LLAMA, key: value})
        assert caught.value.fields["key"] == key
        assert len(str(caught.value)) < 300
