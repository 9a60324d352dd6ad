"""The anatomy that every page of the curriculum shares: question, short answer, controls,
picture, evidence, fine print, source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import pandas as pd
import streamlit as st

from model import ModelError
from ui import spreadsheet
from ui.errors import explain
from ui.i18n import N_, _, prose
from ui.indices import left_out
from ui.navigation import QUESTIONS, question_tab, question_title, tab_title
from ui.trained.looking import PARAMETERS as LOOKING
from ui.url import Parameter, one_of, publish, restore, unsaid

Colour = Literal["violet", "green", "blue", "gray"]

KINDS: dict[str, tuple[str, Colour, str]] = {
    "switched": (N_("switched after training"), "violet", ":material/toggle_on:"),
    "observed": (N_("as trained, nothing switched"), "gray", ":material/visibility:"),
    "trained": (N_("trained this way"), "green", ":material/model_training:"),
    "computed": (N_("computed here, without trained weights"), "blue", ":material/calculate:"),
}


@dataclass(frozen=True)
class Question:
    """One question of the curriculum as a page shows it.

    show: draws controls, picture and evidence. parameters: its part of the URL's state. kind:
    what its evidence is about, a key of `KINDS`; None where its parts differ and
    each has a badge of its own. trained: draws what came of models that were trained this way,
    below all else, whatever the controls say.
    """

    show: Callable[[], None]
    parameters: Sequence[Parameter]
    kind: str | None = None
    trained: Callable[[], None] | None = None

    @property
    def state(self) -> list[Parameter]:
        """All of its part of the URL's state, that of the trained models included."""
        return [*self.parameters, *(() if self.trained is None else LOOKING)]


def page(file: str, title: str, questions: Mapping[int, Question]) -> None:
    """Draw a page of one or more questions, of which `q` in the URL names the one that is shown.

    The prose stands beside `file`, for each question number N in the sections `qN` (the short
    answer), `qN.fine` (the fine print) and `qN.source`.
    """
    first = str(next(iter(questions)))
    asked = Parameter("q", first, one_of(*map(str, questions)))
    parameters = [asked, *{p.name: p for q in questions.values() for p in q.state}.values()]
    ignored = restore(parameters)
    st.title(title, anchor=False)
    if len(questions) > 1:
        st.segmented_control(
            _("Question"),
            list(map(str, questions)),
            format_func=lambda n: question_tab(int(n)),
            key="q",
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
    if ignored:
        left_out(ignored)
    number = int(st.session_state["q"])
    question = questions[number]
    say_what_no_link_says([asked, *question.state])
    tab_title(_(QUESTIONS[number]))
    st.header(question_title(number), anchor=f"q{number}")
    st.markdown(prose(file, f"q{number}"))
    if question.kind is not None:
        badge(question.kind)
    try:
        question.show()
    except ModelError as error:
        st.error(explain(error), icon=":material/error:")
    if question.trained is not None:
        question.trained()
    with st.expander(_("Fine print"), icon=":material/search:"):
        st.markdown(prose(file, f"q{number}.fine"))
    source = _("Source: {source}")
    st.caption(source.format(source=prose(file, f"q{number}.source")))
    publish([asked, *question.state])


def outline(heading: str) -> None:
    """A heading for those who hear the page: the parts of a page that show by themselves where they
    begin need none on the screen."""
    st.html(f'<h2 class="unseen">{escape(heading)}</h2>')


def badge(kind: str) -> None:
    """What the evidence below is about, a key of `KINDS`; a part that differs has its own."""
    name, colour, icon = KINDS[kind]
    st.badge(_(name), color=colour, icon=icon)


def say_what_no_link_says(parameters: Sequence[Parameter]) -> None:
    """Tell the reader when a text is too long for the address; call it before that is written."""
    if unsaid(parameters):
        st.info(
            _(
                "What you typed is too long for an address: a link to this page opens with the "
                "default text. Here it stays as long as this tab is open and the server runs."
            ),
            icon=":material/link_off:",
        )


def figures(*facts: tuple[str, str, str]) -> None:
    """A few numbers in large type: what it is, its value, and a note."""
    with st.container(horizontal=True, gap="medium"):
        for label, value, note in facts:
            st.metric(label, value, note, delta_color="off", delta_arrow="off", width="content")


def evidence(table: pd.DataFrame, how: str, names: Mapping[str, str] | None = None) -> None:
    """The measured table under `names` for its columns, and how it was measured: model, text,
    seed, number of runs. The table's own toolbar saves it as CSV."""
    st.subheader(_("Evidence"), anchor=False)
    shown = spreadsheet.safe(table.rename(columns=dict(names or {})))
    st.dataframe(shown, hide_index=True, width="stretch")
    st.caption(how)
