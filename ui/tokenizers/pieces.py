"""Pieces of text as coloured boxes: one colour for one piece, wherever it stands."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from zlib import crc32

import streamlit as st

from charts.labels import plain
from experiments.vocabularies import piece_bytes, unknown_id
from tokenizers import Tokenizer
from ui.i18n import _

MOST = 900  # pieces in one picture
LONGEST = 60  # letters of a piece
_HUES = 24
_HEX = re.compile("⟨[0-9a-f ]+⟩")

# The grounds are translucent, so that they suit a light page and a dark one.
_STYLE = """<style>
.pieces { line-height: 2.1; overflow-wrap: anywhere; font-size: 0.95rem; }
.pieces .word { display: inline-block; margin-right: 0.45em; }
.pieces .piece { background: hsl(var(--hue) 75% 50% / 0.26); border-radius: 4px;
  padding: 2px 3px; margin: 0 1px; display: inline-block; line-height: 1.3;
  unicode-bidi: isolate; white-space: pre-wrap; }
.pieces .piece small { display: block; font-size: 0.68rem; opacity: 0.75; text-align: center; }
.pieces .new { outline: 2px solid currentColor; font-weight: 650; }
.pieces .unknown { background: repeating-linear-gradient(45deg, #8886 0 4px, #8882 4px 8px); }
.pieces .failed { opacity: 0.55; text-decoration: line-through; margin-right: 0.6em;
  unicode-bidi: isolate; display: inline-block; }
.pieces .note { opacity: 0.75; margin-right: 0.8em; font-size: 0.85rem; }
.pieces ol { margin: 0; padding-left: 2.2em; }
</style>"""


@dataclass(frozen=True)
class Piece:
    """One box: its text, what it says when pointed at, and how it looks."""

    text: str
    hover: str = ""
    id: int | None = None
    look: str = ""  # "new", "unknown", "failed", or several of them


def styled(body: str) -> None:
    """Show the HTML of pieces. Whoever makes it escapes what a reader wrote (see `box`)."""
    st.html(_STYLE)
    st.html(f'<div class="pieces">{body}</div>')


def box(piece: Piece, ids: bool = False) -> str:
    """The HTML of one piece; nothing in it is ever read as markup."""
    if piece.look == "failed":
        return f'<span class="failed">{plain(piece.text, LONGEST)}</span>'
    hue = crc32(piece.text.encode()) % _HUES * (360 // _HUES)
    number = f"<small>{piece.id}</small>" if ids and piece.id is not None else ""
    return (
        f'<span class="piece {piece.look}" style="--hue:{hue}" '
        f'title="{escape(piece.hover)}">{plain(piece.text, LONGEST)}{number}</span>'
    )


def row(pieces: Iterable[Piece], ids: bool = False) -> str:
    """The HTML of pieces that follow each other without a gap."""
    return "".join(box(piece, ids) for piece in pieces)


def legible(label: str) -> str:
    """A label of bytes that are no whole character with dots between them: ⟨e4·b8⟩."""
    return _HEX.sub(lambda run: run[0].replace(" ", "·"), label)


def described(tokenizer: Tokenizer, ids: Iterable[int]) -> list[Piece]:
    """Tokens as pieces, with entry, id and bytes to be read when pointed at."""
    ids = list(ids)
    unknown = unknown_id(tokenizer)
    found = []
    for id, entry, label in zip(ids, tokenizer.pieces(ids), tokenizer.tokens(ids), strict=True):
        hover = _("{entry} · id {id} · bytes {bytes}").format(
            entry=entry, id=id, bytes=piece_bytes(tokenizer, entry).hex(" ")
        )
        found.append(Piece(legible(label), hover, id, "unknown" if id == unknown else ""))
    return found
