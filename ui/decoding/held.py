"""The memory of the cache against length."""

from charts import decoding as charts
from experiments.sequential import Moment, memory, weight_bytes
from model import Bench
from ui.anatomy import evidence, figures
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours

_MOST = 8192  # positions, where the model's context does not say


def show(bench: Bench, moments: list[Moment]) -> None:
    """The formula as lines, what was measured while the text was written as points."""
    shape, weights = bench.shape, weight_bytes(bench.transformer)
    most = shape.context or _MOST
    lengths = [2**power for power in range(most.bit_length()) if 2**power <= most]
    frame = memory(shape, lengths)
    per_token = int(frame["cache"].iloc[0])
    figures(
        (
            _("Per token"),
            f"{numeral(per_token / 1024, ',.1f')} KiB",
            _("{layers} layers · 2 · {heads} heads · {width} · 4 bytes").format(
                layers=shape.decoder_layers, heads=shape.n_kv_heads, width=shape.d_head
            ),
        ),
        (
            _("Saved by shared heads"),
            f"{shape.n_heads // shape.n_kv_heads} ×",
            _("{kv} heads of keys and values for {heads} of queries").format(
                kv=shape.n_kv_heads, heads=shape.n_heads
            ),
        ),
        (
            _("As large as the weights at"),
            f"{-(-weights // per_token):,}",
            _("positions, for one text"),
        ),
    )
    plot(
        charts.memory(
            frame,
            [(one.length, one.bytes) for one in moments],
            weights,
            {
                "cache": _("cache")
                if shape.n_heads == shape.n_kv_heads
                else _("cache, heads share keys and values"),
                "full": _("if every head had its own"),
                "lstm": _("state of an LSTM as wide and deep"),
                "measured": _("measured while it wrote"),
                "weights": _("the weights"),
                "n": _("positions n"),
                "bytes": _("memory"),
            },
            colours(),
        ),
        key="cache_memory",
    )
    evidence(
        frame,
        _(
            "{model}. Lines: layers · 2 · heads · d_head · 4 bytes for each position; points: "
            "bytes of the tensors in the cache above. The LSTM keeps two vectors of d_model a "
            "layer, however long the text."
        ).format(model=model_name(bench)),
        {
            "n": _("positions n"),
            "cache": _("cache, bytes"),
            "full": _("if every head had its own"),
            "lstm": _("state of an LSTM as wide and deep"),
        },
    )
