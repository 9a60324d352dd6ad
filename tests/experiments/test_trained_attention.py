"""What trained families put on the diagonal, against a second computation of their layers."""

import math

import pytest
import torch
import torch.nn.functional as F

from experiments.trained_attention import WINDOWS, diagonal
from model.training.families import TASK
from model.training.shelf import job_of, trained


def diagonal_by_torch(variant: str) -> float:
    """Layer by layer with torch's own norm and attention, from the stored weights."""
    model = trained(job_of("tied", variant))
    weights, width = model.state_dict(), model.shape.d_model
    ids = next(TASK.held_out(WINDOWS)).ids  # (windows, length)
    places = torch.arange(ids.shape[1])[:, None]
    angles = places / 10_000 ** (torch.arange(0, width, 2) / width)
    signal = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
    x = weights["embedding.tokens.weight"][ids] * math.sqrt(width) + signal
    shares = []
    for layer in range(model.shape.decoder_layers):
        at = f"decoder.{layer}"

        def linear(name: str, x: torch.Tensor, at: str = at) -> torch.Tensor:
            return F.linear(x, weights[f"{at}.{name}.weight"], weights[f"{at}.{name}.bias"])

        def norm(name: str, x: torch.Tensor, at: str = at) -> torch.Tensor:
            gain, bias = weights[f"{at}.{name}.gain"], weights[f"{at}.{name}.bias"]
            return F.layer_norm(x, (width,), gain, bias, model.shape.norm_epsilon)

        normed = norm("attention_norm", x)
        keys = "queries" if variant == "tied" else "keys"
        q, k, v = (
            linear(f"self_attention.{name}", normed).unflatten(-1, (4, -1)).transpose(1, 2)
            for name in ("queries", keys, "values")
        )
        length = ids.shape[1]
        seen = F.scaled_dot_product_attention(
            q, k, torch.eye(length).expand(*q.shape[:2], length, length), is_causal=True
        )  # with one-hot values the output is the weights
        shares.append(seen.diagonal(dim1=-2, dim2=-1).mean())
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + linear("self_attention.output", heads.transpose(1, 2).flatten(2))
        hidden = F.gelu(linear("feed_forward.up", norm("feed_forward_norm", x)))
        x = x + linear("feed_forward.down", hidden)
    return float(torch.stack(shares).mean())


@pytest.mark.parametrize(("variant", "share"), [("untied", 0.17), ("tied", 0.41)])
def test_the_diagonal_of_what_was_trained_this_way(variant: str, share: float) -> None:
    found = diagonal("tied", variant)
    assert found == pytest.approx(diagonal_by_torch(variant), abs=1e-5)
    assert found == pytest.approx(share, abs=0.005)  # as the page rounds it
