"""A reader whose replica has gone comes back on another, which has never seen the session.

Streamlit's page in the browser takes up its web socket again without a word, and stays as it was.
The first that the new replica hears is the reader's next move: the address as it was before it, and
the values of the widgets with it. The address restores the session, and only against that can the
move be told. So the page is run twice: once as the address says, which nobody sees, since it would
set back the control that the reader has just moved; then with the move, as any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import (
    RerunData,
    RerunException,
    ScriptRunContext,
    StopException,
    get_script_run_ctx,
)

_KNOWN = "session known"


def begin_with_the_page() -> None:
    """Let a session begin with runs of the whole page, whatever the browser asks for: of a fragment
    that it has not drawn yet Streamlit knows nothing, and would drop the move. Call it once, before
    the server starts."""
    request = AppSession.request_rerun

    @wraps(request)
    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and _KNOWN not in self.session_state:
            client_state.fragment_id = ""
        request(self, client_state)

    AppSession.request_rerun = request_rerun


@contextmanager
def taken_up() -> Iterator[None]:
    """Within it the script draws the page."""
    context = get_script_run_ctx()
    if context is None or _KNOWN in st.session_state:
        yield
        return
    address = context.query_string
    moved = context.session_state.get_widget_states()
    if not moved:  # a reader who opens a page
        st.session_state[_KNOWN] = True
        yield
        return
    # without them: what the reader has moved is to be seen as a move, and its callback called
    context.session_state._state._new_widget_state.states.clear()
    tell = context._enqueue
    context._enqueue = lambda message: _unheard(context, message)
    try:
        yield
    except RerunException as asked:
        if asked.rerun_data.widget_states is not None:
            raise  # the reader has moved again: this is to be begun anew
    except (StopException, Exception):  # noqa: BLE001 - the next run says what went wrong
        pass
    finally:
        context._enqueue = tell
    st.session_state[_KNOWN] = True
    raise RerunException(
        RerunData(
            query_string=address,
            widget_states=WidgetStates(widgets=moved),
            page_script_hash=context.page_script_hash,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )


def _unheard(context: ScriptRunContext, _message: ForwardMsg) -> None:
    """Tell the browser nothing, but see, as with every message, whether the run is to end."""
    context.yield_check()
