"""Start the app's server: `python -m ui.serve [its own options] [options of streamlit run]`."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from streamlit.delta_generator_singletons import context_dg_stack
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from ui import backlog, environment, reconnect
from ui.sessions import Sessions

SERVER = Path(__file__).parent.parent / "asgi.py"


def prepare() -> None:
    """See to what Streamlit would do wrong for a server's first visitors; call it once, before they
    come.

    It takes a folder named pages/ for its older way of routing until app.py has run once and called
    st.navigation: who opened a link to any page but the home page would read "Page not found". And
    it makes the variable that says which containers a thread has open when a thread first asks for
    it, without a lock: of two who asked at once, one lost its containers in the middle of its page.
    What waits for a browser that does not read is bounded in number only.
    """
    PagesManager.uses_pages_directory = False
    context_dg_stack.get()
    reconnect.begin_with_the_page()
    backlog.bound()


def life(sessions: Sessions) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """What happens beside the pages from the server's start to its end."""

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        prepare()
        # torch takes a second or two to import: while the server starts, not while a reader waits
        Thread(target=import_module, args=("model",), name="warm-up", daemon=True).start()
        sweeping = asyncio.create_task(sessions.sweep(), name="sweep sessions")
        try:
            yield
        finally:
            sweeping.cancel()

    return lifespan


def settle(arguments: Sequence[str]) -> list[str]:
    """Put the app's own options where the app reads its settings, in the environment; give the
    others, which are Streamlit's."""
    parser = argparse.ArgumentParser(
        prog="python -m ui.serve",
        description="Start Attention Lab.",
        epilog="All options of `streamlit run` are options too, as --server.port 8501.",
        allow_abbrev=False,
    )
    for option, variable, name, meaning in (
        (
            "--allowed-host",
            environment.HOSTS,
            "NAME",
            "a name, without a port, by which readers call this server; localhost always is one",
        ),
        (
            "--allow-embed",
            environment.EMBEDDERS,
            "ORIGIN",
            "a site that may show the app in its pages, as https://school.example.org",
        ),
        ("--most-sessions", environment.SESSIONS, "N", "how many tabs may be open at once"),
    ):
        parser.add_argument(
            option,
            dest=variable,
            metavar=name,
            action="append",
            help=f"{meaning} (or {variable})",
        )
    own, others = parser.parse_known_args(arguments)
    for variable, said in vars(own).items():
        if said is not None:
            os.environ[variable] = " ".join(said)
    return others


def main() -> None:
    """`streamlit run asgi.py`, with the settings of the app set."""
    others = settle(sys.argv[1:])
    wrong = environment.complaints()
    if wrong:
        sys.exit("\n".join(wrong))
    sys.exit(cli.main(["run", str(SERVER), *others]))


if __name__ == "__main__":
    main()
