"""Home: what this is, a picture of the Transformer, three examples and the twenty questions."""

import streamlit as st

from ui.blueprint import blueprint
from ui.examples import EXAMPLES, State
from ui.i18n import _, prose
from ui.navigation import CHAPTERS, PAGES, QUESTIONS, Page, Target, question
from ui.page import real_models
from ui.url import restore


def example(name: str, state: State) -> None:
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        st.markdown(prose(__file__, name))
        st.page_link(
            PAGES["lab"].script,
            label=_("Open in the lab"),
            icon=":material/arrow_forward:",
            query_params=Target(PAGES["lab"], state).query,
        )


def _numbered(number: int) -> str:
    padding = "\N{FIGURE SPACE}" if number < 10 else ""
    return f"{padding}**{number}**\N{EN SPACE}{_(QUESTIONS[number])}"


def questions(pages: list[Page]) -> None:
    """Links to a chapter's questions, in the order of its pages."""
    for page in pages:
        for number in page.questions:
            st.page_link(page.script, label=_numbered(number), query_params=question(number).query)
        if not page.questions:
            st.page_link(page.script, label=_(page.title), query_params=Target(page).query)


restore(())
st.title(_("Attention Lab"))
st.markdown(prose(__file__))
for column, (name, state) in zip(st.columns(3), EXAMPLES.items(), strict=True):
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
            st.markdown(f"### {_(title)}")
            with st.container(gap="xxsmall"):
                questions([page for page in PAGES.values() if page.chapter == chapter])
