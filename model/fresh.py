"""New Transformers: without numbers, ready to be given weights, or with random ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from model.shape import Shape
from model.transformer import Transformer


def blank(shape: Shape) -> Transformer:
    """A Transformer on the meta device: no memory, no initial values.

    Embeddings are not even told to draw normal numbers: on the meta device that makes torch
    import its symbolic shapes, which takes about 2 s and 90 MB.
    """
    with torch.device("meta"), _Unfilled():
        return Transformer(shape)


def initialised(shape: Shape, seed: int, std: float = 0.02) -> Transformer:
    """A Transformer with fresh weights, the same for the same seed: matrices normal with this
    standard deviation, biases 0, gains 1, additive scores as if they had no weights."""
    transformer = blank(shape).to_empty(device="cpu")
    dice = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in transformer.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
            elif name.endswith(("gain", "additive.vector")):
                weight.fill_(1)
            elif ".additive." in name:
                weight.copy_(torch.eye(weight.shape[-1]).expand_as(weight))
            else:
                weight.normal_(0, std, generator=dice)
    return transformer


class _Unfilled(TorchFunctionMode):
    """Within it, `torch.nn.init.normal_` returns its tensor as it is."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.nn.init.normal_:
            return kwargs["tensor"]
        return func(*args, **kwargs)
