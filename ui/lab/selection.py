"""The cell that the reader opened, as the page's address holds it."""

import streamlit as st

from ui.scene import Scene


def selected_cell(scene: Scene) -> tuple[int, int] | None:
    """The cell that the reader opened, if this text has it."""
    if not st.session_state["cell"]:
        return None
    query, key = map(int, st.session_state["cell"].split("."))
    return (query, key) if max(query, key) < len(scene.tokens) else None


def open_cell(cell: tuple[int, int] | None) -> None:
    """Open a cell (query, key), or none."""
    st.session_state["cell"] = "" if cell is None else f"{cell[0]}.{cell[1]}"
