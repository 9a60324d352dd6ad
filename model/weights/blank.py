"""A Transformer without numbers: its parameters' names and sizes, ready to be given weights."""

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
