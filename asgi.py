"""The server as an ASGI app: app.py behind the door. `python -m ui.serve` starts it."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from ui import environment, logs, system
from ui.door import Door
from ui.serve import life
from ui.sessions import Sessions

logs.keep_short()
sessions = Sessions(environment.sessions(), system.raise_limit())
app = st.App(
    Path(__file__).parent / "app.py",
    middleware=[
        Middleware(
            Door,
            hosts=environment.hosts(),
            embedders=environment.embedders(),
            base=config.get_option("server.baseUrlPath"),
            sessions=sessions,
        )
    ],
    lifespan=life(sessions),
)
