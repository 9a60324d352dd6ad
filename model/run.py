"""The result of one call: tokens, logits, and typed views over what the tape kept."""

from dataclasses import dataclass

from torch import Tensor

from model.choices import Choices
from model.errors import ModelError
from model.shape import Shape


@dataclass(frozen=True)
class _View:
    """Named tensors below one site; a tensor that the tape did not keep raises ModelError."""

    kept: dict[str, Tensor]
    at: str

    def __repr__(self) -> str:
        start = f"{self.at}." if self.at else ""
        names = sorted({site.removeprefix(start).partition(".")[0] for site in self.kept
                        if site.startswith(start)})  # fmt: skip
        return f"{type(self).__name__}({self.at}: {', '.join(names) or 'nothing kept'})"

    def _read(self, name: str) -> Tensor:
        site = f"{self.at}.{name}" if self.at else name
        if site not in self.kept:
            raise ModelError("not-kept", "this run's tape did not keep {site}", site=site)
        return self.kept[site]

    def _maybe(self, name: str) -> Tensor | None:
        return self.kept.get(f"{self.at}.{name}")


class AttentionView(_View):
    """One attention, all heads. With grouped queries, keys and values stand once per head."""

    @property
    def queries(self) -> Tensor:
        """(batch, heads, queries, d_head), as scored: with RoPE after the rotation."""
        return self._read("queries")

    @property
    def keys(self) -> Tensor:
        """(batch, heads, keys, d_head), as scored."""
        return self._read("keys")

    @property
    def values(self) -> Tensor:
        """(batch, heads, keys, d_head)."""
        return self._read("values")

    @property
    def content_queries(self) -> Tensor:
        """(batch, heads, queries, d_head) before RoPE turned them; without RoPE the queries."""
        content = self._maybe("content_queries")
        return self.queries if content is None else content

    @property
    def content_keys(self) -> Tensor:
        """(batch, heads, keys, d_head) before RoPE turned them; without RoPE the keys."""
        content = self._maybe("content_keys")  # once per group of heads
        if content is None:
            return self.keys
        return content.repeat_interleave(self.queries.shape[1] // content.shape[1], dim=1)

    @property
    def raw_scores(self) -> Tensor:
        """(batch, heads, queries, keys): q·k, or what the score function makes of q and k."""
        return self._read("raw_scores")

    @property
    def position_scores(self) -> Tensor | None:
        """(batch, heads, queries, keys): Transformer-XL's part of the raw scores, else None."""
        return self._maybe("position_scores")

    @property
    def position_bias(self) -> Tensor | None:
        """(1, heads, queries, keys): what ALiBi or T5 added after scaling, else None."""
        return self._maybe("position_bias")

    @property
    def scores(self) -> Tensor:
        """(batch, heads, queries, keys): scaled, with position bias, before the mask."""
        return self._read("scores")

    @property
    def mask(self) -> Tensor:
        """(batch, heads, queries, keys), True: may attend."""
        return self._read("mask").expand(self.scores_shape)

    @property
    def weights(self) -> Tensor:
        """(batch, heads, queries, keys): rows sum to 1, or to 0 where nothing is allowed."""
        return self._read("weights")

    @property
    def head_outputs(self) -> Tensor:
        """(batch, heads, queries, d_head): weights · values; 0 for ablated heads."""
        return self._read("head_outputs")

    @property
    def output(self) -> Tensor:
        """(batch, queries, d_model): what the attention hands to the residual stream."""
        return self._read("output")

    @property
    def scores_shape(self) -> tuple[int, ...]:
        """(batch, heads, queries, keys), from whichever matrix was kept."""
        for name in ("weights", "scores", "raw_scores"):
            matrix = self._maybe(name)
            if matrix is not None:
                return tuple(matrix.shape)
        return tuple(self._read("weights").shape)


class NormView(_View):
    """One normalisation."""

    @property
    def input(self) -> Tensor:
        """(batch, positions, d_model)."""
        return self._read("input")

    @property
    def mean(self) -> Tensor | None:
        """What the norm subtracted: (batch, positions, 1) per token, (1, 1, d_model) per feature
        with BatchNorm, None where it subtracts nothing."""
        return self._maybe("mean")

    @property
    def variance(self) -> Tensor | None:
        """What the norm divided by the root of, shaped like `mean`; for RMSNorm the mean square;
        None without a norm."""
        return self._maybe("variance")

    @property
    def output(self) -> Tensor:
        """(batch, positions, d_model)."""
        return self._read("output")


class FeedForwardView(_View):
    """One feed-forward network."""

    @property
    def pre_activation(self) -> Tensor:
        """(batch, positions, d_ff): of the gate, where there is one."""
        return self._read("pre_activation")

    @property
    def up(self) -> Tensor | None:
        """(batch, positions, d_ff): the factor beside the gate, None without a product."""
        return self._maybe("up")

    @property
    def post_activation(self) -> Tensor:
        """(batch, positions, d_ff): the neurons, as `down` reads them."""
        return self._read("post_activation")

    @property
    def output(self) -> Tensor:
        """(batch, positions, d_model)."""
        return self._read("output")


class EmbeddingView(_View):
    """What entered a stack."""

    @property
    def tokens(self) -> Tensor:
        """(batch, positions, d_model), with the embedding multiplier."""
        return self._read("tokens")

    @property
    def positions(self) -> Tensor | None:
        """(positions, d_model): the absolute position signal, None without one."""
        return self._maybe("positions")

    @property
    def types(self) -> Tensor | None:
        """(batch, positions, d_model): segment embeddings, None without any."""
        return self._maybe("types")

    @property
    def sum(self) -> Tensor:
        """(batch, positions, d_model): the parts together, before any norm."""
        return self._read("sum")


@dataclass(frozen=True)
class Encoded:
    """A batch ready for a model, each tensor (batch, positions), padded on the right."""

    ids: Tensor
    real: Tensor  # False on padding
    types: Tensor  # segment ids
    tokens: list[list[str]]  # readable, without padding

    def __repr__(self) -> str:
        texts, longest = self.ids.shape
        return f"Encoded({texts} × {longest} tokens)"


@dataclass(frozen=True)
class Run:
    """One call's result. Layer numbers count through the encoder, then the decoder.

    source is the batch that was read; goal what an encoder–decoder's decoder read.
    """

    shape: Shape
    choices: Choices
    source: Encoded
    goal: Encoded | None
    kept: dict[str, Tensor]

    def __repr__(self) -> str:
        read = f"{self.source!r}" if self.goal is None else f"{self.source!r} → {self.goal!r}"
        return f"Run({read}, {self.shape.n_layers} layers, {len(self.kept)} tensors kept)"

    @property
    def tokens(self) -> list[list[str]]:
        """The readable tokens of each text of the batch, without padding."""
        return self.source.tokens

    @property
    def logits(self) -> Tensor | None:
        """(batch, positions, vocab), None for a model without a head."""
        return None if self.shape.head == "none" else _View(self.kept, "")._read("logits")

    def attention(self, layer: int, kind: str = "self") -> AttentionView:
        """The attention of a layer; kind "cross" is a decoder's look at the encoder."""
        return AttentionView(self.kept, f"{self._at(layer)}.{kind}_attention")

    def norm(self, layer: int, place: str) -> NormView:
        """The norm at a layer's "attention", "cross" or "feed_forward" sublayer."""
        return NormView(self.kept, f"{self._at(layer)}.{place}_norm")

    def embedding_norm(self, stack: str) -> NormView:
        """The norm behind the embeddings of "encoder" or "decoder", as BERT has one."""
        return NormView(self.kept, f"{stack}.embedding.norm")

    def final_norm(self, stack: str) -> NormView:
        """The norm behind the last layer of "encoder" or "decoder"."""
        return NormView(self.kept, f"{stack}.norm")

    def feed_forward(self, layer: int) -> FeedForwardView:
        """The feed-forward network of a layer."""
        return FeedForwardView(self.kept, f"{self._at(layer)}.feed_forward")

    def embedding(self, stack: str) -> EmbeddingView:
        """What entered "encoder" or "decoder"."""
        return EmbeddingView(self.kept, f"{stack}.embedding")

    def residual(self, layer: int, after: str = "") -> Tensor:
        """The residual stream (batch, positions, d_model) as it enters a layer, or after its
        "attention", "cross" or "feed_forward"."""
        site = f"after_{after}" if after else "input"
        return _View(self.kept, self._at(layer))._read(site)

    def hidden(self, layer: int) -> Tensor:
        """Hidden states (batch, positions, d_model) entering a layer; layer n_layers gives the
        last ones, after the final norm where there is one (Hugging Face's `hidden_states`)."""
        if layer == self.shape.n_layers:
            return self.last_hidden(self.shape.stack_of(layer - 1)[0])
        return self.residual(layer)

    def last_hidden(self, stack: str) -> Tensor:
        """Last hidden states (batch, positions, d_model) of "encoder" or "decoder", after its
        final norm where there is one."""
        name = "norm.output" if self.shape.final_norm else "output"
        return _View(self.kept, stack)._read(name)

    def _at(self, layer: int) -> str:
        stack, index = stack_at(self.shape, layer)
        return f"{stack}.{index}"


def stack_at(shape: Shape, layer: int) -> tuple[str, int]:
    """`Shape.stack_of`, with ModelError "no-such-layer" for what is no layer of it."""
    try:
        return shape.stack_of(layer)
    except (IndexError, TypeError):
        raise ModelError(
            "no-such-layer",
            "there is no layer {number}: they count from 0 to {last}",
            number=layer,
            last=shape.n_layers - 1,
        ) from None
