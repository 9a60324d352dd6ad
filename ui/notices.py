"""What a reader should know of how a model was read, drawn where the model is chosen."""

import streamlit as st

from model import Bench
from ui.errors import explain


def tell(bench: Bench) -> None:
    """Draw the model's notices, if it has any."""
    said = [explain(notice) for notice in bench.notices]
    if said:
        text = said[0] if len(said) == 1 else "\n".join(f"- {sentence}" for sentence in said)
        st.info(text, icon=":material/info:")
