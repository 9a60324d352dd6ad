"""Home: what this is, a picture of the Transformer, three examples and the twenty questions."""

import streamlit as st

from ui.blueprint import blueprint
from ui.i18n import _, prose
from ui.navigation import CHAPTERS, PAGES, QUESTIONS, Page, query
from ui.page import real_models

# Section of the prose, and the state in which the lab opens.
EXAMPLES = (
    (
        "unscaled",
        {
            "model": "minilm",
            "text": "The animal didn't cross the street because it was too tired.",
            "layer": 0,
            "head": 6,
            "scaled": False,
        },
    ),
    (
        "induction",
        {
            "model": "smollm2",
            "text": "seven lamp river blue stone fox seven lamp river blue stone fox",
            "layer": 17,
            "head": 5,
            "scaled": True,
            "view": "lines",
        },
    ),
    (
        "unordered",
        {
            "model": "minilm",
            "text": "The dog bites the man, and the man bites the dog.",
            "layer": 0,
            "head": 2,
            "scaled": True,
            "positions": "none",
        },
    ),
)


def example(name: str, state: dict[str, str | int | bool]) -> None:
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        st.markdown(prose(__file__, name))
        st.page_link(
            PAGES["lab"].script,
            label=_("Open in the lab"),
            icon=":material/arrow_forward:",
            query_params=query(**state),
        )


def questions(pages: list[Page]) -> None:
    """A chapter's questions in the order of its pages: links where the page is written."""
    for page in pages:
        labels = [f"**{n:\u2007>2}** \u2002 {_(QUESTIONS[n])}" for n in page.questions] or [
            _(page.title)
        ]
        if page.written:
            for label in labels:
                st.page_link(page.script, label=label, query_params=query())
        else:
            st.markdown("  \n".join(f":gray[{label}]" for label in labels))


st.title(_("Attention Lab"))
st.markdown(prose(__file__))
for column, (name, state) in zip(st.columns(3), EXAMPLES, strict=True):
    with column:
        example(name, state)
real_models()

picture, curriculum = st.columns([5, 4], gap="large")
with picture:
    st.markdown(prose(__file__, "picture"))
    blueprint()
with curriculum:
    st.markdown(prose(__file__, "questions"))
    for chapter, title in CHAPTERS.items():
        if chapter != "home":
            st.markdown(f"###### {_(title)}")
            questions([page for page in PAGES.values() if page.chapter == chapter])
