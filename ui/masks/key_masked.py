"""Q20, why not mask attention instead: the word stays in, and its key is masked for everybody."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from experiments.influence import reads_at
from experiments.key_masked import Arm
from experiments.outcome import predictions, rank
from model import Bench
from model.bench import Text
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.inert import inert, model_name
from ui.masks.runs import arms_of
from ui.numbers import numeral


def show(bench: Bench, text: Text, position: int, exchanged: int) -> None:
    """What still names the token at `position` when nobody may look at it; nothing where the model
    predicts nothing for it."""
    if reads_at(bench, position) is None:
        return
    st.subheader(_("Why not mask attention instead?"), anchor=False)
    badge("switched")
    source = bench.encode(text)
    word, truth = inert(source.tokens[0][position]), int(source.ids[0, position])
    choices = replace(bench.native, mask="none")
    found = arms_of(bench, text, position, exchanged, choices)
    rows = [
        {
            "arm": _arm(arm, word),
            "probability": float(before.softmax(-1)[truth]),
            "rank": rank(before, truth),
            "leak": predictions(before, after, bench)[1],
        }
        for arm, (before, after) in found.items()
    ]
    figures(
        *(
            (
                f"p({word}) · {_short(arm)}",
                numeral(row["probability"], ".2g"),
                _("leak {value} nats").format(value=numeral(row["leak"], ".2g")),
            )
            for arm, row in zip(found, rows, strict=True)
            if arm != "others"
        )
    )
    st.markdown(_why(bench))
    table = pd.DataFrame(rows)
    table["probability"] = [numeral(p, ".4f") for p in table["probability"]]
    table["leak"] = [numeral(nats, ".4f") for nats in table["leak"]]
    evidence(
        table,
        _(
            "{model}, open attention in both directions. “Masked” means in all {layers} layers and "
            "all {heads} heads of each, before the softmax. Leak: KL of the word's own prediction "
            "when another word stands in its place; 0: nothing of the word reaches it."
        ).format(model=model_name(bench), layers=bench.shape.n_layers, heads=bench.shape.n_heads),
        {
            "arm": _("what is done"),
            "probability": _("p(word)"),
            "rank": _("place"),
            "leak": _("leak, nats"),
        },
    )


def _arm(arm: Arm, word: str) -> str:
    return {
        "visible": _("“{word}” stands there, nothing is masked"),
        "others": _("“{word}” stands there, its key is masked for all other queries"),
        "everybody": _("“{word}” stands there, its key is masked for everybody, itself included"),
        "token": _("[MASK] stands in its place, nothing is masked"),
    }[arm].format(word=word)


def _short(arm: Arm) -> str:
    return {
        "visible": _("visible"),
        "others": _("key masked for the others"),
        "everybody": _("key masked for everybody"),
        "token": "[MASK]",
    }[arm]


def _why(bench: Bench) -> str:
    """What carries the word to its prediction, by where this kind of model reads it."""
    if bench.shape.head == "mlm":
        return _(
            "The prediction is read at the word's own position, and the residual stream there "
            "holds the word from the first layer on, whatever attention may see: what is left of "
            "it here with its key masked for everybody came up this way. Only taking it out of the "
            "input keeps it from its own prediction."
        )
    return _(
        "The prediction is read one position before the word, whose residual stream never held it: "
        "here attention is the only way, and masking the key does close it. BERT reads at the "
        "word's own position; choose one to see the difference."
    )
