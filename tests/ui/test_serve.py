"""What is seen to before a server's first visitors come."""

import subprocess
import sys

from tests.server import ROOT

# Two threads use Streamlit for the first time. What it then makes once is made slowly here, so that
# the second has begun before the first is done.
FIRST_VISITORS = """
import threading
import time

import streamlit as st
from streamlit.delta_generator_singletons import context_dg_stack

from ui import serve

make = context_dg_stack._default
context_dg_stack._default = lambda: (time.sleep(0.2), make())[1]
serve.prepare()

def visit():
    with st.sidebar:
        time.sleep(0.5)
    print(len(context_dg_stack.get()))

visitors = [threading.Thread(target=visit) for _ in range(2)]
for visitor in visitors:
    visitor.start()
    time.sleep(0.1)
for visitor in visitors:
    visitor.join()
"""


def test_each_of_the_first_visitors_is_back_on_the_page_after_the_sidebar() -> None:
    found = subprocess.run(
        [sys.executable, "-c", FIRST_VISITORS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stdout.split() == ["1", "1"]
