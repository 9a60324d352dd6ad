"""The dictionaries of names, and what is made of a checkpoint's tensors with them."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.errors import ModelError
from model.shape import Shape
from model.transformer import Transformer
from model.weights import blank, read_weights
from model.weights.config import shape_from_config
from model.weights.families import FAMILIES, GGUF_LLAMA, Family
from tests.weights.folders import BERT, BERT_SIZES, LLAMA, LLAMA_SIZES, tensors, write_folder
from tests.weights.gguf_files import STRING, entry, gguf, tensor, text, u32

fuzzing = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150
)
ALL = {**FAMILIES, "gguf": GGUF_LLAMA}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tiny"


def refused(
    folder: Path, config: Mapping[str, object], weights: Mapping[str, Tensor]
) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read_weights(write_folder(folder, config, weights))
    return caught.value


@pytest.mark.parametrize("name", ALL)
def test_a_dictionary_knows_every_parameter_of_its_family(name: str):
    """And none that no model of the family has."""
    family: Family = ALL[name]
    ours = {
        part
        for parts in family.names.values()
        for part in ([parts] if isinstance(parts, str) else parts)
    }
    encoder = name in ("bert", "roberta", "distilbert")
    llama = name in ("llama", "mistral", "qwen2", "gguf")
    shape = Shape(
        vocab_size=5,
        d_model=4,
        n_heads=2,
        d_ff=3,
        encoder_layers=int(encoder),
        decoder_layers=int(not encoder),
        context=7,
        positions="rope" if llama else "learned",
        token_types=2 * (name in ("bert", "roberta")),
        embedding_norm=encoder,
        norm_bias=not llama,
        final_norm=not encoder,
        activation="swiglu" if llama else "gelu",
        head="mlm" if encoder else "lm",
        head_bias=encoder,
        tied_head=False,
    )
    parameters = {key.replace(".0.", ".*.") for key in blank(shape).state_dict()}
    assert ours == parameters
    assert set(family.replaced) | family.transposed | family.interleaved <= set(family.names)


def test_every_weight_finds_its_place(folder: Path):
    theirs = tensors(BERT_SIZES)
    weights = read_weights(write_folder(folder, BERT, theirs))
    Transformer(weights.shape).load_state_dict(weights.state)
    at = "encoder.0.self_attention"
    was = "bert.encoder.layer.0.attention"
    pairs = {
        "embedding.tokens.weight": "bert.embeddings.word_embeddings.weight",
        f"{at}.queries.weight": f"{was}.self.query.weight",
        f"{at}.keys.bias": f"{was}.self.key.bias",
        f"{at}.output.weight": f"{was}.output.dense.weight",
        "encoder.0.attention_norm.gain": f"{was}.output.LayerNorm.weight",
        "encoder.0.feed_forward.down.weight": "bert.encoder.layer.0.output.dense.weight",
        "head.norm.bias": "cls.predictions.transform.LayerNorm.bias",
        "head.bias": "cls.predictions.bias",
        "head.output.weight": "cls.predictions.decoder.weight",
    }
    for ours, name in pairs.items():
        assert torch.equal(weights.state[ours], theirs[name])
    assert (weights.family, weights.title, weights.metadata) == ("bert", "tiny", BERT)


def test_a_bare_model_needs_no_prefix(folder: Path):
    theirs = {
        name.removeprefix("bert."): tensor
        for name, tensor in tensors(BERT_SIZES).items()
        if name.startswith("bert.")
    }
    shape = read_weights(
        write_folder(folder, {**BERT, "architectures": ["BertModel"]}, theirs)
    ).shape
    assert shape.head == "none"


def test_gamma_and_beta_of_the_first_releases(folder: Path):
    theirs = tensors(BERT_SIZES)
    old = {
        name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): tensor
        for name, tensor in theirs.items()
    }
    state = read_weights(write_folder(folder, BERT, old)).state
    expected = theirs["bert.embeddings.LayerNorm.weight"]
    assert torch.equal(state["embedding.norm.gain"], expected)


TIED = {**LLAMA, "tie_word_embeddings": True}


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
def test_a_tied_head_drops_its_copy(stored: torch.dtype, folder: Path):
    """However the copy is stored: it is the numbers that count."""
    theirs = tensors(LLAMA_SIZES)
    tokens = theirs["model.embed_tokens.weight"].bfloat16().float()
    theirs |= {"model.embed_tokens.weight": tokens, "lm_head.weight": tokens.clone().to(stored)}
    weights = read_weights(write_folder(folder, TIED, theirs))
    assert (weights.shape.tied_head, weights.notices) == (True, ())
    assert "head.output.weight" not in weights.state


def test_two_matrices_that_the_config_calls_one_are_kept_both(folder: Path):
    theirs = tensors(LLAMA_SIZES)
    theirs["lm_head.weight"] = theirs["model.embed_tokens.weight"].clone()
    theirs["lm_head.weight"][-1, -1] += 1  # the last number alone
    weights = read_weights(write_folder(folder, TIED, theirs))
    assert not weights.shape.tied_head
    assert torch.equal(weights.state["head.output.weight"], theirs["lm_head.weight"])
    (said,) = weights.notices
    assert said.code == "head-untied"
    assert "lm_head.weight and model.embed_tokens.weight are one matrix" in str(said)


def test_one_matrix_under_the_heads_name_serves_as_both(folder: Path):
    theirs = tensors(LLAMA_SIZES)
    del theirs["model.embed_tokens.weight"]
    weights = read_weights(write_folder(folder, TIED, theirs))
    assert (weights.shape.tied_head, weights.notices) == (True, ())
    assert torch.equal(weights.state["embedding.tokens.weight"], theirs["lm_head.weight"])


def test_an_output_matrix_of_another_size_is_no_copy(folder: Path):
    error = refused(folder, TIED, tensors({**LLAMA_SIZES, "lm_head.weight": (12, 8)}))
    assert (error.code, error.fields["what"]) == ("tensor-mismatch", "lm_head.weight")


@pytest.mark.parametrize(
    "wrapped",
    [
        "module.{}",
        "_orig_mod.{}",
        "module._orig_mod.{}",
        "_orig_mod.module.{}",
        "_fsdp_wrapped_module.{}",
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_what_training_wraps_around_names_is_taken_off(wrapped: str, bare: bool, folder: Path):
    theirs = tensors(LLAMA_SIZES)
    expected = read_weights(write_folder(folder, LLAMA, theirs)).state
    prefix = "model." if bare else ""
    named = {wrapped.format(name.removeprefix(prefix)): tensor for name, tensor in theirs.items()}
    weights = read_weights(write_folder(folder, LLAMA, named))
    assert weights.notices == ()
    assert all(torch.equal(weights.state[name], tensor) for name, tensor in expected.items())


def test_wrappers_within_names(folder: Path):
    """A compiled model within its head's class, and layers that were wrapped one by one."""
    theirs = tensors(LLAMA_SIZES)
    named = {
        name.replace("model.", "model._orig_mod.").replace(
            "layers.0.", "layers.0._checkpoint_wrapped_module."
        ): tensor
        for name, tensor in theirs.items()
    }
    state = read_weights(write_folder(folder, LLAMA, named)).state
    assert torch.equal(state["embedding.tokens.weight"], theirs["model.embed_tokens.weight"])


def test_one_name_with_and_without_a_wrapper(folder: Path):
    theirs = tensors(LLAMA_SIZES)
    theirs["module.lm_head.weight"] = theirs["lm_head.weight"].clone()
    assert refused(folder, LLAMA, theirs).code == "tensor-unexpected"


@pytest.mark.parametrize(
    "name", ["classifier.weight", "score.weight", "v_head.summary.bias", "extra", "linear.0.weight"]
)
@pytest.mark.parametrize("bare", [False, True])
def test_a_head_for_another_task_is_told_and_the_body_read(name: str, bare: bool, folder: Path):
    theirs = tensors(LLAMA_SIZES)
    if bare:
        del theirs["lm_head.weight"]
        theirs = {key.removeprefix("model."): tensor for key, tensor in theirs.items()}
    config = {**LLAMA, "architectures": ["LlamaForSequenceClassification"]}
    weights = read_weights(write_folder(folder, config, {**theirs, name: torch.zeros(2, 8)}))
    assert [notice.code for notice in weights.notices] == ["head-unread"]
    assert name in str(weights.notices[0])


def test_an_adapters_matrices_are_not_taken_for_a_head(folder: Path):
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    assert (
        refused(folder, LLAMA, {**tensors(LLAMA_SIZES), name: torch.zeros(2, 8)}).code == "adapter"
    )


def test_the_decoders_own_bias_goes_first(folder: Path):
    theirs = tensors({**BERT_SIZES, "cls.predictions.decoder.bias": (11,)})
    state = read_weights(write_folder(folder, BERT, theirs)).state
    assert torch.equal(state["head.bias"], theirs["cls.predictions.decoder.bias"])


@pytest.mark.parametrize(
    "name",
    [
        "bert.pooler.dense.weight",
        "bert.embeddings.position_ids",
        "cls.seq_relationship.bias",
    ],
)
def test_tensors_known_to_be_of_no_use_are_passed_over(name: str, folder: Path):
    theirs = {**tensors(BERT_SIZES), name: torch.zeros(2, 2)}
    weights = read_weights(write_folder(folder, BERT, theirs))
    assert (weights.family, weights.notices) == ("bert", ())


@pytest.mark.parametrize(
    "name",
    [
        "lm_head.bias",
        "model.layers.0.self_attn.q_proj.bias",  # the config says that there are none
        "model.layers.1.input_layernorm.weight",  # a layer too many
        "model.layers.00.input_layernorm.weight",
        "model.layers.0.self_attn.q_norm.weight",
        "embed_tokens.weight",  # a second time, without prefix
        "model.*.weight",
    ],
)
def test_a_tensor_without_a_place_is_named(name: str, folder: Path):
    error = refused(folder, LLAMA, {**tensors(LLAMA_SIZES), name: torch.zeros(8)})
    assert error.code == "tensor-unexpected"
    assert error.fields["what"] in (name, "model.embed_tokens.weight")


@pytest.mark.parametrize("name", BERT_SIZES)
def test_a_missing_tensor_is_named_as_the_family_names_it(name: str, folder: Path):
    theirs = tensors(BERT_SIZES)
    del theirs[name]
    error = refused(folder, BERT, theirs)
    assert (error.code, error.fields["what"]) == ("tensor-missing", name)


@pytest.mark.parametrize("name", LLAMA_SIZES)
def test_a_tensor_of_another_size_is_named(name: str, folder: Path):
    theirs = tensors({**LLAMA_SIZES, name: (3, 5)})
    error = refused(folder, LLAMA, theirs)
    assert (error.code, error.fields["what"]) == ("tensor-mismatch", name)
    assert "(3, 5)" in str(error)


def test_a_config_of_another_model_is_noticed_before_memory_is_taken(folder: Path):
    vast = {**LLAMA, "vocab_size": 1 << 24, "hidden_size": 1 << 20, "num_hidden_layers": 20}
    assert refused(folder, vast, tensors(LLAMA_SIZES)).code == "tensor-missing"


def test_gpt2s_matrices_are_turned_and_split(folder: Path):
    config = {
        "model_type": "gpt2", "vocab_size": 5, "n_embd": 4, "n_head": 2, "n_layer": 1,
        "n_positions": 3, "n_inner": 6,
    }  # fmt: skip
    sizes: dict[str, tuple[int, ...]] = {
        "wte.weight": (5, 4), "wpe.weight": (3, 4), "ln_f.weight": (4,), "ln_f.bias": (4,),
        "h.0.ln_1.weight": (4,), "h.0.ln_1.bias": (4,),
        "h.0.attn.c_attn.weight": (4, 12), "h.0.attn.c_attn.bias": (12,),
        "h.0.attn.c_proj.weight": (4, 4), "h.0.attn.c_proj.bias": (4,),
        "h.0.ln_2.weight": (4,), "h.0.ln_2.bias": (4,),
        "h.0.mlp.c_fc.weight": (4, 6), "h.0.mlp.c_fc.bias": (6,),
        "h.0.mlp.c_proj.weight": (6, 4), "h.0.mlp.c_proj.bias": (4,),
        "h.0.attn.bias": (1, 1, 3, 3), "h.0.attn.masked_bias": (1,),
    }  # fmt: skip
    theirs = tensors(sizes)
    state = read_weights(write_folder(folder, config, theirs)).state
    fused = theirs["h.0.attn.c_attn.weight"]
    at = "decoder.0.self_attention"
    assert torch.equal(state[f"{at}.queries.weight"], fused[:, :4].T)
    assert torch.equal(state[f"{at}.keys.weight"], fused[:, 4:8].T)
    assert torch.equal(state[f"{at}.values.weight"], fused[:, 8:].T)
    assert torch.equal(state[f"{at}.keys.bias"], theirs["h.0.attn.c_attn.bias"][4:8])
    assert torch.equal(state["decoder.0.feed_forward.up.weight"], theirs["h.0.mlp.c_fc.weight"].T)
    theirs["h.0.mlp.c_fc.weight"] = theirs["h.0.mlp.c_fc.weight"].T.contiguous()
    error = refused(folder, config, theirs)
    assert (error.code, error.fields["expected"]) == ("tensor-mismatch", (4, 6))


GGUF_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "blk.0.attn_norm.weight": "model.layers.0.input_layernorm.weight",
    "blk.0.attn_q.weight": "model.layers.0.self_attn.q_proj.weight",
    "blk.0.attn_k.weight": "model.layers.0.self_attn.k_proj.weight",
    "blk.0.attn_v.weight": "model.layers.0.self_attn.v_proj.weight",
    "blk.0.attn_output.weight": "model.layers.0.self_attn.o_proj.weight",
    "blk.0.ffn_norm.weight": "model.layers.0.post_attention_layernorm.weight",
    "blk.0.ffn_gate.weight": "model.layers.0.mlp.gate_proj.weight",
    "blk.0.ffn_up.weight": "model.layers.0.mlp.up_proj.weight",
    "blk.0.ffn_down.weight": "model.layers.0.mlp.down_proj.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}


def as_gguf(theirs: Mapping[str, Tensor]) -> bytes:
    """The folder's model as llama.cpp's converter writes it: rotary pairs side by side."""
    numbers = {
        "vocab_size": 11, "embedding_length": 8, "feed_forward_length": 6, "block_count": 1,
        "context_length": 16, "attention.head_count": 2, "attention.head_count_kv": 1,
    }  # fmt: skip
    metadata = [
        entry("general.architecture", STRING, text("llama")),
        entry("general.name", STRING, text("Tiny")),
        entry("llama.attention.layer_norm_rms_epsilon", 6, torch.tensor(1e-6).numpy().tobytes()),
        *(entry(f"llama.{key}", 4, u32(value)) for key, value in numbers.items()),
    ]
    infos: list[bytes] = []
    data = b""
    for name, folders_name in GGUF_NAMES.items():
        values = theirs[folders_name]
        if "attn_q" in name or "attn_k" in name:
            order = [head * 4 + at for head in range(len(values) // 4) for at in (0, 2, 1, 3)]
            values = values[order]
        infos.append(tensor(name, values.shape[::-1], 0, len(data)))
        data += values.contiguous().numpy().tobytes()
        data += bytes(-len(data) % 32)
    return gguf(metadata, infos, data)


def test_gguf_and_folder_give_the_same_weights(folder: Path, tmp_path: Path):
    theirs = tensors(LLAMA_SIZES)
    file = tmp_path / "tiny.gguf"
    file.write_bytes(as_gguf(theirs))
    ours, expected = read_weights(file), read_weights(write_folder(folder, LLAMA, theirs))
    assert ours.shape.norm_epsilon == pytest.approx(expected.shape.norm_epsilon)
    assert ours.state.keys() == expected.state.keys()
    for name, weight in expected.state.items():
        assert torch.equal(ours.state[name], weight), name
    assert (ours.family, ours.title) == ("llama", "Tiny")
    assert ours.metadata["llama.block_count"] == 1


def test_progress_rises_to_1(folder: Path):
    heard: list[float] = []
    read_weights(write_folder(folder, LLAMA, tensors(LLAMA_SIZES)), heard.append)
    assert len(heard) == len(LLAMA_SIZES)
    assert heard == sorted(heard)
    assert heard[0] > 0
    assert heard[-1] == 1


def test_weights_own_their_memory(folder: Path):
    write_folder(folder, LLAMA, tensors(LLAMA_SIZES))
    state = read_weights(folder).state
    before = {name: weight.clone() for name, weight in state.items()}
    file = folder / "model.safetensors"
    file.write_bytes(bytes(file.stat().st_size))
    assert all(torch.equal(state[name], weight) for name, weight in before.items())
    assert all(
        weight.is_contiguous() and weight.dtype == torch.float32 for weight in state.values()
    )


def test_a_path_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        read_weights(tmp_path / "absent.gguf")
    assert (caught.value.code, caught.value.fields["file"]) == ("file-unreadable", "absent.gguf")


def test_blank_has_every_parameter_and_no_memory():
    shape = shape_from_config(BERT)
    empty, real = blank(shape).state_dict(), Transformer(shape).state_dict()
    assert {name: weight.shape for name, weight in empty.items()} == {
        name: weight.shape for name, weight in real.items()
    }
    assert all(weight.is_meta for weight in empty.values())


def test_blank_changes_nothing_outside_itself():
    torch.manual_seed(0)
    expected = torch.nn.Embedding(3, 2).weight
    torch.manual_seed(0)
    blank(Shape(vocab_size=5, d_model=4, n_heads=2, d_ff=3, decoder_layers=1, context=6))
    assert torch.equal(torch.nn.Embedding(3, 2).weight, expected)


HEADER = as_gguf(tensors(LLAMA_SIZES))[:-2_000]  # the numbers behind it may be anything


@fuzzing
@given(
    st.lists(st.tuples(st.integers(0, len(HEADER) - 1), st.integers(0, 255)), max_size=4),
)
def test_no_change_of_a_gguf_header_does_harm(tmp_path: Path, changes: list[tuple[int, int]]):
    content = bytearray(as_gguf(tensors(LLAMA_SIZES)))
    for at, value in changes:
        content[at] = value
    file = tmp_path / "tiny.gguf"
    file.write_bytes(content)
    with contextlib.suppress(ModelError):
        assert read_weights(file).family == "llama"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = [
    *LLAMA, "head_dim", "rope_scaling", "rope_parameters", "rope_theta", "hidden_act",
    "sliding_window", "use_sliding_window", "max_window_layers", "layer_types", "rms_norm_eps",
]  # fmt: skip


@fuzzing
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3), st.sampled_from([*FAMILIES]))
def test_no_config_does_harm(folder: Path, changes: dict[str, object], family: str):
    config = {**LLAMA, "model_type": family, **changes}
    with contextlib.suppress(ModelError):
        read_weights(write_folder(folder, config, tensors(LLAMA_SIZES)))
