"""A reader whose replica has gone comes back on another, which has never seen the session.

Streamlit's page in the browser takes up its web socket again without a word, and stays as it was.
The first that the new replica hears is the reader's next move: the address as it was before it, and
the values of the widgets with it. The address restores the session, but it would undo the move.
Where the move was in a fragment, Streamlit would drop it: the new replica knows no fragment yet.
"""

from functools import wraps

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx

_KNOWN = "session known"


def begin_with_the_page() -> None:
    """Let the first run of a session be of the whole page, whatever the browser asks for; call it
    once, before the server starts."""
    request = AppSession.request_rerun

    @wraps(request)
    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and not self.page_script_hash:
            client_state.fragment_id = ""
        request(self, client_state)

    AppSession.request_rerun = request_rerun


def carried() -> list[WidgetState]:
    """What the browser says of its widgets in the first run of a session: nothing where a reader
    opens a page, and in every later run."""
    context = get_script_run_ctx()
    if context is None or _KNOWN in st.session_state:
        return []
    st.session_state[_KNOWN] = True
    return list(context.session_state.get_widget_states())


def replay(widgets: list[WidgetState]) -> None:
    """Run once more, now that the session stands as the address says, with the reader's move."""
    context = get_script_run_ctx()
    if context is not None and widgets:
        raise RerunException(
            RerunData(
                query_string=context.query_string,
                widget_states=WidgetStates(widgets=widgets),
                page_script_hash=context.page_script_hash,
            )
        )
