"""Take it away: the numbers as a file, and the Python that makes them again."""

import io

import numpy as np
import pandas as pd
import streamlit as st

from ui.i18n import _
from ui.scene import SIDES, Scene
from ui.snippet import snippet
from ui.spreadsheet import safe


def show(scene: Scene) -> None:
    """Weights and code of the focused head; the PNG button stands in the picture."""
    st.caption(_("The picture itself: the PNG button above it. The page: its address."))
    name = f"attention-{scene.layer}-{scene.head}"
    if scene.long:  # a row for each of millions of cells would be no table
        st.download_button(
            _("Weights of this head for NumPy (.npz)"),
            lambda: _arrays(scene),
            file_name=f"{name}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="npz",
        )
    else:
        st.download_button(
            _("Weights of this head as CSV"),
            lambda: safe(_table(scene)).to_csv(index=False),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="csv",
        )
    st.code(snippet(scene), language="python", wrap_lines=True)


def _arrays(scene: Scene) -> bytes:
    """native and variant, (queries, keys) float32 each, and the tokens."""
    file = io.BytesIO()
    weights = {side: scene.one_head(side).weights[0, 0].numpy() for side in SIDES}
    np.savez(file, allow_pickle=False, tokens=np.array(scene.tokens), **weights)
    return file.getvalue()


def _table(scene: Scene) -> pd.DataFrame:
    """One row per query and key."""
    native, variant = (scene.one_head(side).weights[0, 0] for side in SIDES)
    n = len(scene.tokens)
    cells = pd.MultiIndex.from_product([range(n), range(n)], names=["query", "key"])
    frame = pd.DataFrame(
        {"native": native.flatten().tolist(), "variant": variant.flatten().tolist()}, index=cells
    ).reset_index()
    frame.insert(1, "query_token", [scene.tokens[i] for i in frame["query"]])
    frame.insert(3, "key_token", [scene.tokens[i] for i in frame["key"]])
    return frame.assign(difference=frame["variant"] - frame["native"])
