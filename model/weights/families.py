"""One dictionary of tensor names per family of checkpoints: theirs → ours.

`*` stands for the layer's number. A tensor that fuses several of our parameters along their
first axis maps to a tuple. What is in neither `names` nor `ignored` is an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

Names = Mapping[str, str | tuple[str, ...]]

# What training frameworks put into the names of what they wrap: nothing of the model.
_WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
_NUMBER = re.compile(r"(?<=\.)(?:0|[1-9]\d{0,3})(?=\.)")


def pattern_of(name: str) -> tuple[str, str]:
    """A tensor's name with `*` for the layer's number; that number, "" where there is none."""
    found = _NUMBER.search(name)
    if found is None:
        return name, ""
    return f"{name[: found.start()]}*{name[found.end() :]}", found[0]


def unwrapped(name: str) -> str:
    """A tensor's name without what DataParallel, torch.compile and the like put into it."""
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


@dataclass(frozen=True)
class Family:
    """How checkpoints of one kind spell our parameters.

    prefix: what stands before the names of the bare model when a head is saved with it.
    ignored: patterns (fnmatch) of tensors that the bench does not use.
    replaced: names that another one, if it is in the file too, makes superfluous.
    transposed: matrices stored as (in, out), GPT-2's Conv1D.
    interleaved: query and key rows stored so that rotary pairs are neighbours, (2i, 2i + 1);
        ours, as in Hugging Face's files, are (i, i + d_head/2).
    """

    prefix: str
    names: Names
    ignored: tuple[str, ...] = ()
    replaced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    transposed: frozenset[str] = frozenset()
    interleaved: frozenset[str] = frozenset()

    def is_foreign(self, theirs: str) -> bool:
        """Whether a tensor lies neither in the body nor in the head that these names know: then it
        is of a head for another task. A family without a prefix has none such."""
        known = {name.partition(".")[0] for name in (*self.names, *self.ignored)}
        return bool(self.prefix) and theirs.partition(".")[0] not in {*known, self.prefix[:-1]}

    def as_encoder(self) -> "Family":
        """The same names for a stack without a causal mask, which is an encoder's."""

        def renamed(ours: str) -> str:
            return ours.replace("decoder", "encoder", 1) if ours.startswith("decoder") else ours

        names: dict[str, str | tuple[str, ...]] = {
            theirs: renamed(ours) if isinstance(ours, str) else tuple(map(renamed, ours))
            for theirs, ours in self.names.items()
        }
        return replace(self, names=names)


def _linear(names: Mapping[str, str]) -> dict[str, str]:
    """Weight and bias of each linear layer."""
    return {f"{theirs}.{part}": f"{ours}.{part}"
            for theirs, ours in names.items() for part in ("weight", "bias")}  # fmt: skip


def _norm(names: Mapping[str, str]) -> dict[str, str]:
    """Gain and bias of each norm; the first BERT releases called them gamma and beta."""
    parts = {"weight": "gain", "bias": "bias", "gamma": "gain", "beta": "bias"}
    return {f"{theirs}.{part}": f"{ours}.{our_part}"
            for theirs, ours in names.items() for part, our_part in parts.items()}  # fmt: skip


_BERT_BODY = {
    "embeddings.word_embeddings.weight": "embedding.tokens.weight",
    "embeddings.position_embeddings.weight": "embedding.positions.weight",
    "embeddings.token_type_embeddings.weight": "embedding.types.weight",
    **_norm(
        {
            "embeddings.LayerNorm": "embedding.norm",
            "encoder.layer.*.attention.output.LayerNorm": "encoder.*.attention_norm",
            "encoder.layer.*.output.LayerNorm": "encoder.*.feed_forward_norm",
        }
    ),
    **_linear(
        {
            "encoder.layer.*.attention.self.query": "encoder.*.self_attention.queries",
            "encoder.layer.*.attention.self.key": "encoder.*.self_attention.keys",
            "encoder.layer.*.attention.self.value": "encoder.*.self_attention.values",
            "encoder.layer.*.attention.output.dense": "encoder.*.self_attention.output",
            "encoder.layer.*.intermediate.dense": "encoder.*.feed_forward.up",
            "encoder.layer.*.output.dense": "encoder.*.feed_forward.down",
        }
    ),
}

BERT = Family(
    prefix="bert.",
    names={
        **_BERT_BODY,
        **_linear({"cls.predictions.transform.dense": "head.transform"}),
        **_norm({"cls.predictions.transform.LayerNorm": "head.norm"}),
        "cls.predictions.bias": "head.bias",
        "cls.predictions.decoder.bias": "head.bias",
        "cls.predictions.decoder.weight": "head.output.weight",
    },
    ignored=("pooler.*", "embeddings.position_ids", "cls.seq_relationship.*"),
    replaced={"cls.predictions.bias": "cls.predictions.decoder.bias"},
)

ROBERTA = Family(
    prefix="roberta.",
    names={
        **_BERT_BODY,
        **_linear({"lm_head.dense": "head.transform"}),
        **_norm({"lm_head.layer_norm": "head.norm"}),
        "lm_head.bias": "head.bias",
        "lm_head.decoder.bias": "head.bias",
        "lm_head.decoder.weight": "head.output.weight",
    },
    ignored=("pooler.*", "embeddings.position_ids", "embeddings.token_type_ids"),
    replaced={"lm_head.bias": "lm_head.decoder.bias"},
)

DISTILBERT = Family(
    prefix="distilbert.",
    names={
        "embeddings.word_embeddings.weight": "embedding.tokens.weight",
        "embeddings.position_embeddings.weight": "embedding.positions.weight",
        **_norm(
            {
                "embeddings.LayerNorm": "embedding.norm",
                "transformer.layer.*.sa_layer_norm": "encoder.*.attention_norm",
                "transformer.layer.*.output_layer_norm": "encoder.*.feed_forward_norm",
                "vocab_layer_norm": "head.norm",
            }
        ),
        **_linear(
            {
                "transformer.layer.*.attention.q_lin": "encoder.*.self_attention.queries",
                "transformer.layer.*.attention.k_lin": "encoder.*.self_attention.keys",
                "transformer.layer.*.attention.v_lin": "encoder.*.self_attention.values",
                "transformer.layer.*.attention.out_lin": "encoder.*.self_attention.output",
                "transformer.layer.*.ffn.lin1": "encoder.*.feed_forward.up",
                "transformer.layer.*.ffn.lin2": "encoder.*.feed_forward.down",
                "vocab_transform": "head.transform",
            }
        ),
        "vocab_projector.bias": "head.bias",
        "vocab_projector.weight": "head.output.weight",
    },
    ignored=("embeddings.position_ids",),
)

GPT2 = Family(
    prefix="transformer.",
    names={
        "wte.weight": "embedding.tokens.weight",
        "wpe.weight": "embedding.positions.weight",
        **{
            f"h.*.attn.c_attn.{part}": tuple(
                f"decoder.*.self_attention.{name}.{part}" for name in ("queries", "keys", "values")
            )
            for part in ("weight", "bias")
        },
        **_linear(
            {
                "h.*.attn.c_proj": "decoder.*.self_attention.output",
                "h.*.mlp.c_fc": "decoder.*.feed_forward.up",
                "h.*.mlp.c_proj": "decoder.*.feed_forward.down",
            }
        ),
        **_norm(
            {
                "h.*.ln_1": "decoder.*.attention_norm",
                "h.*.ln_2": "decoder.*.feed_forward_norm",
                "ln_f": "decoder_norm",
            }
        ),
        "lm_head.weight": "head.output.weight",
    },
    ignored=("h.*.attn.bias", "h.*.attn.masked_bias"),  # bias: the causal mask
    transposed=frozenset(
        {
            "h.*.attn.c_attn.weight",
            "h.*.attn.c_proj.weight",
            "h.*.mlp.c_fc.weight",
            "h.*.mlp.c_proj.weight",
        }
    ),
)

LLAMA = Family(
    prefix="model.",
    names={
        "embed_tokens.weight": "embedding.tokens.weight",
        "layers.*.input_layernorm.weight": "decoder.*.attention_norm.gain",
        "layers.*.post_attention_layernorm.weight": "decoder.*.feed_forward_norm.gain",
        "norm.weight": "decoder_norm.gain",
        **_linear(
            {
                "layers.*.self_attn.q_proj": "decoder.*.self_attention.queries",
                "layers.*.self_attn.k_proj": "decoder.*.self_attention.keys",
                "layers.*.self_attn.v_proj": "decoder.*.self_attention.values",
                "layers.*.self_attn.o_proj": "decoder.*.self_attention.output",
                "layers.*.mlp.gate_proj": "decoder.*.feed_forward.gate",
                "layers.*.mlp.up_proj": "decoder.*.feed_forward.up",
                "layers.*.mlp.down_proj": "decoder.*.feed_forward.down",
            }
        ),
        "lm_head.weight": "head.output.weight",
    },
    ignored=("layers.*.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"),
)

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "bert": BERT,
        "roberta": ROBERTA,
        "distilbert": DISTILBERT,
        "gpt2": GPT2,
        "llama": LLAMA,
        "mistral": LLAMA,
        "qwen2": LLAMA,
    }
)

GGUF_LLAMA = Family(
    prefix="",
    names={
        "token_embd.weight": "embedding.tokens.weight",
        "blk.*.attn_norm.weight": "decoder.*.attention_norm.gain",
        "blk.*.ffn_norm.weight": "decoder.*.feed_forward_norm.gain",
        "output_norm.weight": "decoder_norm.gain",
        **_linear(
            {
                "blk.*.attn_q": "decoder.*.self_attention.queries",
                "blk.*.attn_k": "decoder.*.self_attention.keys",
                "blk.*.attn_v": "decoder.*.self_attention.values",
                "blk.*.attn_output": "decoder.*.self_attention.output",
                "blk.*.ffn_gate": "decoder.*.feed_forward.gate",
                "blk.*.ffn_up": "decoder.*.feed_forward.up",
                "blk.*.ffn_down": "decoder.*.feed_forward.down",
            }
        ),
        "output.weight": "head.output.weight",
    },
    interleaved=frozenset(
        f"blk.*.attn_{matrix}.{part}" for matrix in "qk" for part in ("weight", "bias")
    ),
)
