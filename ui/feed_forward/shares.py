"""Where the model's parameters lie and its operations go."""

import streamlit as st

from charts import feed_forward as charts
from experiments.parameter_shares import PARTS, crossing
from experiments.parameter_shares import evidence as table_of
from model import Bench
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.url import Parameter, among

LENGTHS = (1, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
PARAMETERS = (Parameter("length", 128, among(*LENGTHS)),)


def show(bench: Bench, text: Text) -> None:
    """Two bars of shares, of parameters and of operations at a length of text."""
    badge("observed")
    st.select_slider(
        _("Tokens in the pass"),
        LENGTHS,
        key="length",
        persist_state="session",
        help=_("Counted, not run: past the model's context the count goes on all the same."),
    )
    tokens = int(st.session_state["length"])
    table = table_of(bench, tokens)
    counts = dict(zip(table["part"], table["parameters"].tolist(), strict=True))
    inside = counts["attention"] + counts["feed_forward"]
    figures(
        (
            _("The feed-forward networks hold"),
            numeral(counts["feed_forward"] / sum(counts.values()), ".0%"),
            _("of all {n} parameters").format(n=f"{sum(counts.values()):,}"),
        ),
        (
            _("Of both sublayers' parameters"),
            numeral(counts["feed_forward"] / inside, ".0%"),
            _("the rest is attention"),
        ),
        (
            _("Attention computes more from"),
            f"{crossing(bench.shape):,}",
            _("tokens on, in each layer"),
        ),
    )
    names = part_names() | {
        "parameters": _("parameters"),
        "flops": _("operations, {tokens} tokens").format(tokens=f"{tokens:,}"),
        "share": _("share"),
        "all": _("of all"),
    }
    plot(charts.shares(table, PARTS, names, colours()), key="shares")
    table["part"] = [names[part] for part in table["part"]]
    evidence(
        table.round(4),
        _(
            "{model}: parameters counted from the loaded weights, a matrix that embeddings and "
            "head share once, with the embeddings. Operations: two for each multiplication of a "
            "matrix product with its addition, in one pass over {tokens} tokens with logits for "
            "every position; look-ups, norms and softmax, which are no matrix products, count as 0."
        ).format(model=model_name(bench), tokens=f"{tokens:,}"),
        {
            "part": _("part"),
            "parameters": _("parameters"),
            "parameters_share": _("of all parameters"),
            "flops": _("floating-point operations"),
            "flops_share": _("of all operations"),
        },
    )


def part_names() -> dict[str, str]:
    return {
        "embedding": _("embeddings"),
        "attention": _("attention"),
        "feed_forward": _("feed-forward networks"),
        "norm": _("norms"),
        "head": _("head"),
    }
