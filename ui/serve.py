"""Start the app's server: `python -m ui.serve [options of streamlit run]`."""

import sys
from importlib import import_module
from pathlib import Path
from threading import Thread

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from ui import reconnect
from ui.environment import complaints

APP = Path(__file__).parent.parent / "app.py"


def main() -> None:
    """`streamlit run app.py`, for a process whose first visitor may come by a deep link.

    Streamlit takes a folder named pages/ for its older way of routing until app.py has run once
    and called st.navigation: the first visitor of a fresh server who opens a link to any page
    but the home page would read "Page not found".
    """
    wrong = complaints()
    if wrong:
        sys.exit("\n".join(wrong))
    PagesManager.uses_pages_directory = False
    reconnect.begin_with_the_page()
    # torch takes a second or two to import: while the server starts, not while a reader waits
    Thread(target=import_module, args=("model",), name="warm-up", daemon=True).start()
    sys.exit(cli.main(["run", str(APP), *sys.argv[1:]]))


if __name__ == "__main__":
    main()
