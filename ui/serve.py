"""Start the app's server: `python -m ui.serve [options of streamlit run]`."""

import sys
from importlib import import_module
from pathlib import Path
from threading import Thread

from streamlit.delta_generator_singletons import context_dg_stack
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from ui import reconnect
from ui.environment import complaints

APP = Path(__file__).parent.parent / "app.py"


def prepare() -> None:
    """See to what Streamlit would do wrong for a server's first visitors; call it once, before the
    server starts.

    It takes a folder named pages/ for its older way of routing until app.py has run once and called
    st.navigation: who opened a link to any page but the home page would read "Page not found". And
    it makes the variable that says which containers a thread has open when a thread first asks for
    it, without a lock: of two who asked at once, one lost its containers in the middle of its page.
    """
    PagesManager.uses_pages_directory = False
    context_dg_stack.get()
    reconnect.begin_with_the_page()


def main() -> None:
    """`streamlit run app.py`, prepared and with what takes long to import on its way."""
    wrong = complaints()
    if wrong:
        sys.exit("\n".join(wrong))
    prepare()
    # torch takes a second or two to import: while the server starts, not while a reader waits
    Thread(target=import_module, args=("model",), name="warm-up", daemon=True).start()
    sys.exit(cli.main(["run", str(APP), *sys.argv[1:]]))


if __name__ == "__main__":
    main()
