"""Home: what this is, a picture of the Transformer, three examples and the twenty questions."""

import streamlit as st

from ui.blueprint import blueprint
from ui.i18n import _, prose
from ui.navigation import CHAPTERS, PAGES, QUESTIONS, Page, query
from ui.page import missing_models

EXAMPLES = (
    (
        "unscaled",
        {
            "model": "minilm",
            "text": "The animal didn't cross the street because it was too tired.",
            "layer": 0,
            "head": 0,
            "scaled": False,
        },
    ),
    (
        "induction",
        {
            "model": "smollm2",
            "text": "seven lamp river blue stone fox seven lamp river blue stone fox",
            "layer": 0,
            "head": 0,
        },
    ),
    (
        "unordered",
        {
            "model": "minilm",
            "text": "The dog bites the man.",
            "layer": 0,
            "head": 0,
            "positions": "none",
        },
    ),
)


def example(name: str, state: dict[str, str | int | bool]) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(prose(__file__, name))
        st.page_link(
            PAGES["lab"].script,
            label=_("Open in the lab"),
            icon=":material/arrow_forward:",
            query_params=query(**state),
        )


def questions(page: Page) -> None:
    if page.written:
        st.page_link(page.script, label=_(page.title), icon=page.icon, query_params=query())
    asked = "\n".join(f"{n}. {_(QUESTIONS[n])}" for n in page.questions)
    st.markdown(asked if page.written else f"{_(page.title)}\n\n{asked}")


st.title(_("Attention Lab"))
st.markdown(prose(__file__))
missing_models()
for column, (name, state) in zip(st.columns(3), EXAMPLES, strict=True):
    with column:
        example(name, state)

picture, curriculum = st.columns([5, 4], gap="large")
with picture:
    st.markdown(prose(__file__, "picture"))
    blueprint()
with curriculum:
    st.markdown(prose(__file__, "questions"))
    for chapter, title in CHAPTERS.items():
        pages = [page for page in PAGES.values() if page.chapter == chapter and page.questions]
        if pages:
            st.subheader(_(title), divider="gray")
        for page in pages:
            questions(page)
