"""Is a sublayer position-wise? One token's row of its input is exchanged, and every token's row of
its output is watched (Vaswani et al. 2017, arXiv 1706.03762, §3.3: the feed-forward network acts
on "each position separately and identically").
"""

import pandas as pd
from torch import Tensor

from model import Bench, ModelError, Run, Tape
from model.run import Encoded
from model.shape import norms_first
from model.transformer import Span

SUBLAYERS = ("attention", "feed_forward")


def position_wise(
    bench: Bench, source: Encoded, position: int, replacement: int, layer: int
) -> pd.DataFrame:
    """Exchange the token at `position` by the id `replacement`, and give each sublayer of a layer
    its native input but for that one row, which comes from the exchanged text.

    One row per token: position, token, and for each of "attention" and "feed_forward" how far
    its output moved, ‖Δ‖ / ‖native‖, and `<name>_largest`, the largest |Δ| of any feature, 0
    where not one bit moved. ModelError "no-such-layer", or "nothing-exchanged" where the token
    is the replacement already.
    """
    if int(source.ids[0, position]) == replacement:
        raise ModelError("nothing-exchanged", "this token is the replacement already")
    ids = source.ids.clone()
    ids[0, position] = replacement
    other = Encoded(ids, source.real, source.types, [bench.tokenizer.tokens(ids[0].tolist())])
    native, exchanged = _pass(bench, source, layer), _pass(bench, other, layer)
    frame = pd.DataFrame({"position": range(ids.shape[1]), "token": source.tokens[0]})
    for sublayer in SUBLAYERS:
        entry = _entry(bench, layer, sublayer)
        row = exchanged.kept[entry][0, position]

        def edit(x: Tensor, row: Tensor = row) -> Tensor:
            x = x.clone()
            x[0, position] = row
            return x

        edited = _pass(bench, source, layer, Tape(edits={entry: edit}), native)
        before, after = _output(native, layer, sublayer), _output(edited, layer, sublayer)
        change = after - before  # (tokens, d_model)
        frame[sublayer] = (change.norm(dim=-1) / before.norm(dim=-1)).tolist()
        frame[f"{sublayer}_largest"] = change.abs().amax(-1).tolist()
    return frame


def elsewhere(frame: pd.DataFrame, position: int, sublayer: str) -> float:
    """The largest |Δ| of any feature of any token but the exchanged one; 0 for a lone token."""
    others = frame.loc[frame["position"] != position, f"{sublayer}_largest"]
    return float(others.to_numpy().max(initial=0.0))


def _pass(
    bench: Bench, source: Encoded, layer: int, tape: Tape | None = None, start: Run | None = None
) -> Run:
    """One layer's pass, from the run `start` that kept its input or from the first layer."""
    if start is not None:
        return bench.resume(start, layer, tape=tape, last=layer + 1)
    stack, index = bench.shape.stack_of(layer)
    tape = Tape(keep=(f"{stack}.{index}.*",))
    return bench.run_encoded(source, tape=tape, span=Span(last=layer + 1))


def _entry(bench: Bench, layer: int, sublayer: str) -> str:
    """The site of what a sublayer reads: the stream itself, or its norm before the sublayer."""
    stack, index = bench.shape.stack_of(layer)
    if norms_first(bench.native.place):
        return f"{stack}.{index}.{sublayer}_norm.output"
    before = "input" if sublayer == "attention" else "after_attention"
    return f"{stack}.{index}.{before}"


def _output(run: Run, layer: int, sublayer: str) -> Tensor:
    """What a sublayer wrote, (tokens, d_model)."""
    if sublayer == "attention":
        return run.attention(layer).output[0]
    return run.feed_forward(layer).output[0]
