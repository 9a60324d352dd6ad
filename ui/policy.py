"""What a browser may do with what the server sends."""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def headers(host: str = "", embedders: Iterable[str] = ()) -> dict[str, str]:
    """The headers of an answer.

    host: the server's name and port as the browser called it, "" where it may open no web socket.
    embedders: the origins whose pages may show this one in a frame, besides itself.
    """
    sockets = (f"ws://{host}", f"wss://{host}") if host else ()
    rules = {
        "default-src": "'self'",
        # Streamlit's page has one script of its own in its first file, and reads long numbers by a
        # few bytes of WebAssembly; the viewer of attention is unpacked in the browser and loaded
        # from there (blob:).
        "script-src": " ".join(("'self'", "blob:", "'wasm-unsafe-eval'", *_written_in_the_page())),
        "style-src": "'self' 'unsafe-inline'",  # Streamlit and Plotly write styles as they draw
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        # not every browser takes a web socket for the page's own
        "connect-src": " ".join(("'self'", *sockets)),
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(("'self'", *embedders)),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{rule} {what}" for rule, what in rules.items()),
        "X-Content-Type-Options": "nosniff",
        # the address of a page holds what the reader typed
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


@cache
def _written_in_the_page() -> tuple[str, ...]:
    """The scripts inside Streamlit's first file, as a policy names them: by their hash."""
    scripts = _INLINE.findall(INDEX.read_text("utf-8"))
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
