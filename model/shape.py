"""What a checkpoint fixes: which parameters exist and how large they are."""

from dataclasses import dataclass
from operator import index
from typing import Literal, assert_never

Positions = Literal["none", "learned", "sinusoidal", "relative", "xl", "rope", "alibi"]
Norm = Literal["layer", "rms", "batch", "none"]
Place = Literal["pre", "post"]
Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "reglu", "geglu", "geglu_tanh", "swiglu"]
Head = Literal["none", "lm", "mlm"]


def norms_first(place: Place) -> bool:
    """Whether each sublayer's norm stands before it ("pre") or behind the sum ("post"). Who tells
    the two apart asks here, so that a third place is an error there, and no norm left out."""
    match place:
        case "pre":
            return True
        case "post":
            return False
    assert_never(place)


@dataclass(frozen=True)
class RopeScaling:
    """How rotary frequencies were stretched for a longer context.

    `linear`: every frequency divided by `factor`. `llama3`: low frequencies divided, high ones
    kept, a linear blend between (the Llama 3.1 release's rule).
    """

    kind: Literal["linear", "llama3"]
    factor: float
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 4.0
    original_context: int = 8192


@dataclass(frozen=True)
class Shape:
    """The parameters of a Transformer, and how its weights expect to be used.

    Encoder-only, decoder-only or both: a stack exists when its number of layers is not 0.
    Widths are numbers of features. `context` is the longest sequence, in tokens, or 0 when
    nothing bounds it. Grouped-query attention has `n_kv_heads` < `n_heads`.
    """

    vocab_size: int
    d_model: int
    n_heads: int
    d_ff: int
    encoder_layers: int = 0
    decoder_layers: int = 0
    n_kv_heads: int = 0  # 0: as many as n_heads
    d_head: int = 0  # 0: d_model / n_heads
    context: int = 0

    # input
    positions: Positions = "learned"
    first_position: int = 0  # row of the learned table that position 0 reads (RoBERTa: 2)
    token_types: int = 0
    embedding_norm: bool = False
    embedding_multiplier: float = 1.0

    # position schemes that act inside attention
    rope_theta: float = 10_000.0
    rope_scaling: RopeScaling | None = None
    relative_buckets: int = 32
    relative_reach: int = 128  # distance, in tokens, from which T5's buckets no longer tell

    # layers
    norm: Norm = "layer"
    norm_place: Place = "post"
    norm_epsilon: float = 1e-5
    norm_bias: bool = True
    final_norm: bool = False
    activation: Activation = "gelu"
    additive_score: bool = False
    window: int = 0  # sliding-window attention: a token sees this many, itself included; 0: all
    query_bias: bool = True  # on queries, keys and values
    output_bias: bool = True
    feed_forward_bias: bool = True

    # output
    head: Head = "none"
    head_bias: bool = False
    tied_head: bool = True
    head_activation: Activation = "gelu"

    def __post_init__(self) -> None:
        if min(self.d_model, self.n_heads, self.d_ff, self.vocab_size) < 1:
            raise ValueError("every width must be at least 1")
        if min(self.encoder_layers, self.decoder_layers) < 0 or not self.n_layers:
            raise ValueError("a Transformer needs at least one layer")
        if self.positions == "learned" and self.context < 1:
            raise ValueError("a table of learned positions needs a context")
        if self.positions == "relative" and self.relative_buckets < 4:
            raise ValueError("relative positions need at least 4 buckets")
        if not self.n_kv_heads:
            object.__setattr__(self, "n_kv_heads", self.n_heads)
        if not self.d_head:
            object.__setattr__(self, "d_head", self.d_model // self.n_heads)
        if min(self.d_head, self.n_kv_heads) < 1:
            raise ValueError("every width must be at least 1")
        if self.n_heads % self.n_kv_heads:
            raise ValueError("n_heads must be a multiple of n_kv_heads")
        if self.positions == "rope" and self.d_head % 2:
            raise ValueError("rotation needs an even head width")

    @property
    def n_layers(self) -> int:
        """Layers of both stacks; layer numbers count through encoder, then decoder."""
        return self.encoder_layers + self.decoder_layers

    @property
    def kind(self) -> Literal["encoder", "decoder", "encoder-decoder"]:
        if self.encoder_layers and self.decoder_layers:
            return "encoder-decoder"
        return "encoder" if self.encoder_layers else "decoder"

    @property
    def gated(self) -> bool:
        """Whether the feed-forward network has a gate matrix (GLU variants)."""
        return "glu" in self.activation

    def stack_of(self, layer: int) -> tuple[Literal["encoder", "decoder"], int]:
        """The stack of a layer number and its index there; IndexError when there is none."""
        if not 0 <= index(layer) < self.n_layers:
            raise IndexError(f"layer {layer} of {self.n_layers}")
        if layer < self.encoder_layers:
            return "encoder", layer
        return "decoder", layer - self.encoder_layers
