import streamlit as st

from ui.i18n import _

st.title(_("Attention Lab"))
