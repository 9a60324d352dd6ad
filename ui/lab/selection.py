"""The cell that the reader opened, as the page's address holds it."""

import streamlit as st

from ui.indices import left_out
from ui.scene import Scene


def selected_cell(scene: Scene) -> tuple[int, int] | None:
    """The cell that the reader opened, if this text has it; `fit_cell` says where it has not."""
    if not st.session_state["cell"]:
        return None
    query, key = map(int, st.session_state["cell"].split("."))
    return (query, key) if max(query, key) < len(scene.tokens) else None


def fit_cell(scene: Scene) -> None:
    """Close a cell that this text has not, and say so where the address asked for it."""
    cell = st.session_state["cell"]
    if cell and selected_cell(scene) is None:
        if st.query_params.get("cell") == cell:
            left_out([f"cell={cell}"])
        st.session_state["cell"] = ""


def open_cell(cell: tuple[int, int] | None) -> None:
    """Open a cell (query, key), or none."""
    st.session_state["cell"] = "" if cell is None else f"{cell[0]}.{cell[1]}"
