"""The one Streamlit component behind every view: its script, its style, and mounting it; and a
second one, which brings the script once."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit.components.v2 as components

from charts.viewer.words import WORDS

HERE = Path(__file__).parent
# Each file after those that it imports.
SCRIPTS = (
    "codec",
    "text",
    "colour",
    "stage",
    "agreed",
    "axes",
    "legend",
    "panel",
    "comparison",
    "row",
    "table",
    "pen",
    "pointer",
    "lines",
    "focus",
    "tiles",
    "atlas",
    "matrices",
    "main",
)
NAME, LIBRARY = "attention_viewer", "attention_viewer_library"
LABEL_LENGTH = 400  # letters of a token that travel: more than anyone reads in a label


def _module(name: str) -> str:
    """One file of js/ as a scope of its own: its imports become constants, its exports a value."""
    text = (HERE / "js" / f"{name}.js").read_text("utf-8")
    text = re.sub(
        r'^import (\{[^}]*\}) from "\./(\w+)\.js";$',
        r"const \1 = from_\2;",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
    if name == SCRIPTS[-1]:
        return text
    exported = re.findall(r"^export (?:class|const|function) (\w+)", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return f"const from_{name} = (() => {{\n{text}return {{ {', '.join(exported)} }};\n}})();\n"


@cache
def bundle() -> str:
    """The modules of js/ as one."""
    return "\n".join(_module(name) for name in SCRIPTS)


@cache
def _promise() -> str:
    """Where the page in the browser keeps this bundle once it has come, and no other version."""
    return f"attention_viewer_{hashlib.sha256(bundle().encode()).hexdigest()[:16]}"


@cache
def library() -> str:
    """The script that brings the bundle, packed to a third, and keeps it for `script`."""
    packed = base64.b64encode(gzip.compress(bundle().encode(), mtime=0)).decode()
    return "\n".join(
        (
            f"const coming = (window.{_promise()} ??= Promise.withResolvers());",
            f'const packed = Uint8Array.from(atob("{packed}"), (c) => c.charCodeAt(0));',
            'const unpacking = new DecompressionStream("gzip");',
            "const plain = new Blob([packed]).stream().pipeThrough(unpacking);",
            "const text = await new Response(plain).text();",
            'const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));',
            "coming.resolve(await import(address));",
            "export default () => {};",
        )
    )


@cache
def script() -> str:
    """The script of every view. Streamlit serves a component's files only out of an installed
    package; otherwise it takes one inline script, which travels with every changed picture: so it
    is two lines that wait for the bundle to be there."""
    return "\n".join(
        (
            f"const coming = (window.{_promise()} ??= Promise.withResolvers());",
            "export default (await coming.promise).default;",
        )
    )


@cache
def style() -> str:
    """The style sheet, without indentation."""
    return re.sub(r"\n\s*", "\n", (HERE / "viewer.css").read_text("utf-8"))


_mount = components.component(NAME, js=script(), css=style())
_bring = components.component(
    LIBRARY, js=library(), css=f".st-key-{LIBRARY} {{ display: none; }}", isolate_styles=False
)


def bring() -> None:
    """Send the viewer's script; once on every page, before the first view. An unchanged message
    costs a hash. It has no key: Streamlit goes through all that have one at every selectbox."""
    with st.container(key=LIBRARY):
        _bring()


def mount(
    key: str, payload: bytes, on_event: Callable[[dict[str, Any]], None] | None
) -> dict[str, Any] | None:
    """Show a payload; give what the reader did since the last run, if anything.

    ``on_event`` is called with the same before the run, as widget callbacks are: there the
    state of other widgets may still be changed.
    """

    def tell() -> None:
        event = st.session_state[key].get("event")
        if on_event is not None and event is not None:
            on_event(event)

    return _mount(key=key, data=payload, on_event_change=tell).get("event")


def complete(words: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's words over the English ones.

    Raises ValueError for a word that the viewer does not know.
    """
    unknown = set(words or {}) - set(WORDS)
    if unknown:
        raise ValueError(f"unknown words: {sorted(unknown)}")
    return {**WORDS, **(words or {})}


def labels(tokens: Any) -> list[str]:
    """Tokens as the browser gets them: very long ones cut."""
    return [token if len(token) <= LABEL_LENGTH else token[:LABEL_LENGTH] + "…" for token in tokens]
