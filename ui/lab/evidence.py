"""What every head attends to, as a table."""

from typing import Any

import pandas as pd
import streamlit as st

from experiments.heads import QUANTITIES, evidence
from ui.i18n import _
from ui.scene import Scene
from ui.spreadsheet import gaps, named


def show(scene: Scene) -> None:
    """Entropy, largest weight and where the attention goes, native beside variant."""
    names = {
        "entropy": _("entropy, nats"),
        "largest": _("largest weight"),
        "itself": _("to itself"),
        "previous": _("to the previous"),
        "first": _("to the first"),
        "special": _("to special tokens"),
    }
    frame = evidence(scene.reading("native").profiles)
    if scene.changed:
        variant = evidence(scene.reading("variant").profiles)
        frame = frame.merge(variant, on=["layer", "head"], suffixes=("", "_variant"))
    columns = ["layer", "head"]
    config: dict[str, Any] = {"layer": _("layer"), "head": _("head")}
    for quantity in QUANTITIES:
        sides = (quantity, f"{quantity}_variant") if scene.changed else (quantity,)
        columns += sides
        for column in sides:
            label = names[quantity]
            if scene.changed:
                side = _("variant") if column.endswith("_variant") else _("native")
                label = f"{label} · {side}"
            config[column] = st.column_config.NumberColumn(label, format="%.3f")
    everywhere = st.toggle(_("All layers"), key="all_layers")
    if not everywhere:
        frame = frame[frame["layer"] == scene.layer]
    if len(scene.tokens) < 2:  # no token has a previous one, and all are the first
        late = frame.columns[frame.columns.str.startswith(("previous", "first"))]
        frame = frame.assign(**{column: gaps(frame[column]) for column in late})
    shown = pd.DataFrame({column: named(frame[column]) for column in columns})
    config |= {
        column: config[column]["label"] for column in columns if shown[column].dtype == "str"
    }
    st.dataframe(shown, hide_index=True, width="stretch", column_config=config)
    st.caption(
        _(
            "Means over the queries of this text ({tokens} tokens). Special tokens are those that "
            "the tokenizer adds or reserves; “to the previous” and “to the first” leave the first "
            "query out."
        ).format(tokens=len(scene.tokens))
    )
