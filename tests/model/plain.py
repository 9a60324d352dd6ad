"""A second Transformer, written to be obviously right and nothing else: one sentence, one head,
one query at a time, in float64, from a state dict. The tests compare the real one with it."""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from model.choices import Choices, native_choices
from model.shape import Shape

Weights = Mapping[str, Tensor]


def logits(
    shape: Shape,
    weights: Weights,
    ids: Tensor,
    real: Tensor,
    choices: Choices,
    types: Tensor | None = None,
    target: Tensor | None = None,
    target_real: Tensor | None = None,
) -> Tensor:
    """What `Transformer.forward` should return."""
    memory, memory_real = None, real
    if shape.encoder_layers:
        memory = stack(shape, weights, "encoder", ids, real, types, None, real, choices)
        if target is not None and target_real is not None:
            ids, real = target, target_real
        types = None
    x = memory
    if shape.decoder_layers:
        x = stack(shape, weights, "decoder", ids, real, types, memory, memory_real, choices)
    assert x is not None
    if shape.head == "none":
        return x
    if shape.head == "mlm":
        x = x @ weights["head.transform.weight"].T + weights["head.transform.bias"]
        x = {"relu": F.relu, "gelu": F.gelu}[shape.head_activation](x)
        x = norm(shape, weights, "head.norm", x, shape.norm)
    name = "embedding.tokens.weight" if shape.tied_head else "head.output.weight"
    x = x @ weights[name].T
    return x + weights["head.bias"] if shape.head_bias else x


def stack(
    shape: Shape,
    weights: Weights,
    name: str,
    ids: Tensor,
    real: Tensor,
    types: Tensor | None,
    memory: Tensor | None,
    memory_real: Tensor,
    choices: Choices,
) -> Tensor:
    native = native_choices(shape)
    outside = choices if choices.layers is None else native  # before and behind the layers
    x = weights["embedding.tokens.weight"][ids] * choices.multiplier
    for p in range(ids.shape[1]):
        if outside.positions == "learned":
            row = p + choices.offset + shape.first_position
            x[:, p] += weights["embedding.positions.weight"][row]
        if outside.positions == "sinusoidal":
            x[:, p] += sinusoid(p + choices.offset, shape.d_model)
    if shape.token_types:
        kinds = torch.zeros_like(ids) if types is None else types
        x = x + weights["embedding.types.weight"][kinds]
    if shape.embedding_norm:
        x = norm(shape, weights, "embedding.norm", x, outside.norm)
    layers = shape.encoder_layers if name == "encoder" else shape.decoder_layers
    for i in range(layers):
        number = i + (shape.encoder_layers if name == "decoder" else 0)
        here = choices if choices.layers is None or number in choices.layers else native

        def ablated(pairs: tuple[tuple[int, int], ...], number: int = number) -> set[int]:
            return {head for layer, head in pairs if layer == number}

        at = f"{name}.{i}"
        steps = [("attention", f"{at}.self_attention", ablated(choices.ablated))]
        if name == "decoder" and memory is not None:
            steps.append(("cross", f"{at}.cross_attention", ablated(choices.ablated_cross)))
        steps.append(("feed_forward", f"{at}.feed_forward", set()))
        for step, site, dead in steps:
            y = norm(shape, weights, f"{at}.{step}_norm", x, here.norm) * 1.0
            if here.place == "post":
                y = x
            if step == "feed_forward":
                written = feed_forward(shape, weights, site, y, here)
            else:
                source, seen = (y, real) if step == "attention" else (memory, memory_real)
                assert source is not None
                written = attention(
                    shape, weights, site, y, source, seen, here, choices.offset, dead
                )
            skip = {"both": True, "none": False}.get(
                here.residual, (here.residual == "feed_forward") == (step == "feed_forward")
            )
            x = x + written if skip else written
            if here.place == "post":
                x = norm(shape, weights, f"{at}.{step}_norm", x, here.norm)
    return norm(shape, weights, f"{name}_norm", x, outside.norm) if shape.final_norm else x


def norm(shape: Shape, weights: Weights, at: str, x: Tensor, kind: str) -> Tensor:
    if kind == "none":
        return x
    gain, bias = weights[f"{at}.gain"], weights.get(f"{at}.bias")
    width = (x.shape[-1],)
    if kind == "layer":
        return F.layer_norm(x, width, gain, bias, shape.norm_epsilon)
    if kind == "rms":
        x = F.rms_norm(x, width, gain, shape.norm_epsilon)
        return x if bias is None else x + bias
    flat = x.flatten(0, 1)
    return F.batch_norm(
        flat, None, None, gain, bias, training=True, eps=shape.norm_epsilon
    ).view_as(x)


def feed_forward(shape: Shape, weights: Weights, at: str, x: Tensor, choices: Choices) -> Tensor:
    def linear(name: str, y: Tensor) -> Tensor:
        y = y @ weights[f"{at}.{name}.weight"].T
        return y + weights[f"{at}.{name}.bias"] if shape.feed_forward_bias else y

    gated = "glu" in shape.activation
    bent = bend(linear("gate" if gated else "up", x), choices.activation)
    if gated and "glu" in choices.activation:
        bent = bent * linear("up", x)
    return linear("down", bent)


def bend(x: Tensor, activation: str) -> Tensor:
    name = {"reglu": "relu", "geglu": "gelu", "geglu_tanh": "gelu_tanh", "swiglu": "silu"}.get(
        activation, activation
    )
    if name == "relu":
        return x.clamp(min=0)
    if name == "silu":
        return x / (1 + torch.exp(-x))
    if name == "gelu":
        return x * (1 + torch.erf(x / math.sqrt(2))) / 2
    return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def sinusoid(position: int, width: int) -> Tensor:
    row = []
    for feature in range(width):
        angle = position / 10_000.0 ** ((feature - feature % 2) / width)
        row.append(math.cos(angle) if feature % 2 else math.sin(angle))
    return torch.tensor(row, dtype=torch.float64)


def turned(x: Tensor, position: int, theta: float) -> Tensor:
    """RoPE by complex numbers; features i and i + d/2 are real and imaginary part."""
    half = len(x) // 2
    out = x.clone()
    for i in range(half):
        angle = position * theta ** (-2 * i / len(x))
        z = complex(x[i], x[i + half]) * complex(math.cos(angle), math.sin(angle))
        out[i], out[i + half] = z.real, z.imag
    return out


def slope(head: int, n_heads: int) -> float:
    """ALiBi's slope by the rule of the authors' release."""

    def geometric(n: int) -> list[float]:
        return [2.0 ** (-8.0 * (i + 1) / n) for i in range(n)]

    if n_heads & (n_heads - 1) == 0:
        return geometric(n_heads)[head]
    below = 1
    while below * 2 <= n_heads:
        below *= 2
    return (geometric(below) + geometric(2 * below)[::2])[head]


def bucket(distance: int, buckets: int, reach: int, *, both_sides: bool) -> int:
    start = 0
    if both_sides:
        buckets //= 2
        start = buckets if distance > 0 else 0
    behind = abs(distance) if both_sides else max(0, -distance)
    exact = buckets // 2
    if behind < exact:
        return start + behind
    grown = math.log(behind / exact) / math.log(reach / exact) * (buckets - exact)
    return start + min(buckets - 1, exact + int(grown))


def may_attend(shape: Shape, choices: Choices, i: int, j: int, real: bool, at: str) -> bool:
    if choices.mask == "native":
        parts, window = {"padding"}, shape.window
        parts |= {"causal"} if at.startswith("decoder") else set()
        parts |= {"window"} if shape.window else set()
    else:
        parts, window = set(choices.mask.split("+")), choices.window
    if "cross" in at:
        parts &= {"padding"}
    if "padding" in parts and not real:
        return False
    if "prefix" in parts:
        if j > i and j >= choices.prefix:
            return False
    elif "causal" in parts and j > i:
        return False
    return not ("window" in parts and abs(i - j) >= window)


def attention(
    shape: Shape,
    weights: Weights,
    at: str,
    x: Tensor,
    memory: Tensor,
    real: Tensor,
    choices: Choices,
    offset: int,
    ablated: set[int],
) -> Tensor:
    def linear(name: str, y: Tensor, bias: bool) -> Tensor:
        y = y @ weights[f"{at}.{name}.weight"].T
        return y + weights[f"{at}.{name}.bias"] if bias else y

    q_all = linear("queries", x, shape.query_bias)
    k_all = linear("queries" if choices.tied else "keys", memory, shape.query_bias)
    v_all = linear("values", memory, shape.query_bias)
    read = torch.zeros(len(x), x.shape[1], shape.n_heads * shape.d_head, dtype=x.dtype)
    for b in range(len(x)):
        for h in set(range(shape.n_heads)) - ablated:
            shared = h * shape.n_kv_heads // shape.n_heads  # the head whose keys and values it has
            span = slice(h * shape.d_head, (h + 1) * shape.d_head)
            kv_span = slice(shared * shape.d_head, (shared + 1) * shape.d_head)
            for i in range(x.shape[1]):
                seen = [
                    j
                    for j in range(memory.shape[1])
                    if may_attend(shape, choices, i, j, bool(real[b, j]), at)
                ]
                if not seen:
                    continue
                scores = [
                    score(
                        shape,
                        weights,
                        at,
                        h,
                        q_all[b, i, span],
                        k_all[b, j, span if choices.tied else kv_span],
                        i,
                        j,
                        choices,
                        offset,
                    )
                    for j in seen
                ]
                top = max(scores)
                shares = [math.exp(s - top) for s in scores]
                for j, share in zip(seen, shares, strict=True):
                    read[b, i, span] += share / sum(shares) * v_all[b, j, kv_span]
    return linear("output", read, shape.output_bias)


def score(
    shape: Shape,
    weights: Weights,
    at: str,
    head: int,
    q: Tensor,
    k: Tensor,
    i: int,
    j: int,
    choices: Choices,
    offset: int,
) -> float:
    """The score of query i with key j, scaled, with its position bias."""
    positions = "none" if "cross" in at else choices.positions
    if positions == "rope":
        q = turned(q, i + offset, shape.rope_theta)
        k = turned(k, j + offset, shape.rope_theta)
    if choices.score == "dot":
        met = float(q @ k)
    elif choices.score == "cosine":
        met = float(F.cosine_similarity(q, k, dim=0))
    elif shape.additive_score:
        at_query = q @ weights[f"{at}.additive.queries"][head]
        at_key = k @ weights[f"{at}.additive.keys"][head]
        met = float(torch.tanh(at_query + at_key) @ weights[f"{at}.additive.vector"][head])
    else:
        met = float(torch.tanh(q + k).sum())
    if positions == "xl":
        span = slice(head * shape.d_head, (head + 1) * shape.d_head)
        r = weights[f"{at}.xl.distances.weight"][span] @ sinusoid(i - j, shape.d_model)
        met += float(q @ r)
        met += float(weights[f"{at}.xl.content_bias"][head] @ k)
        met += float(weights[f"{at}.xl.position_bias"][head] @ r)
    met /= choices.temperature * (math.sqrt(shape.d_head) if choices.scaled else 1)
    if positions == "alibi":
        met -= slope(head, shape.n_heads) * abs(i - j)
    if positions == "relative":
        row = bucket(
            j - i,
            shape.relative_buckets,
            shape.relative_reach,
            both_sides=at.startswith("encoder"),
        )
        met += float(weights[f"{at.split('.')[0]}_relative.weight"][row, head])
    return met
