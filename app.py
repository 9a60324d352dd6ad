"""Attention Lab: `streamlit run app.py`."""

import time
from importlib import import_module
from pathlib import Path

import streamlit as st

from ui import cores, heap, reconnect, style, visits
from ui.i18n import language_published, language_switch
from ui.navigation import current_page
from ui.training.background import leave_the_queue


@st.cache_resource(show_spinner=False)
def start_up() -> None:
    """What the process does once, before its first page."""
    import_module("model")  # and torch with it, which is most of what the collector would walk
    cores.share()
    heap.bound()
    heap.freeze()


st.set_page_config(page_icon=Path(__file__).parent / "ui" / "icon.svg", layout="wide")
start_up()
with reconnect.taken_up(), language_published():
    style.bring()
    visits.keep()
    with st.sidebar:
        language_switch()
    page = current_page()
    with cores.TURNS.taken():
        began = time.monotonic()
        page.run()
    leave_the_queue(began)
