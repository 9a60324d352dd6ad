"""A text too long to be read in a moment and shown whole: read step by step, seen by tiles."""

import streamlit as st

from charts.viewer import TilesEvent, tiles
from charts.viewer.tiles import Window
from model import Bench, Choices
from model.bench import Text
from ui.fragment import fragment
from ui.gradual import again, gradually
from ui.i18n import _
from ui.lab.selection import open_cell, selected_cell
from ui.models import is_read, reading_steps, steps_of
from ui.scene import SIDES, Scene, words
from ui.texts import MAX_TOKENS

LAYERS_A_STEP = 2
_WINDOW = "looked at"  # in the session: the text, and the part of the matrix that is looked at


def read(scene: Scene) -> bool:
    """Read a long text, or a slow one, with a bar and a way to stop, where nobody has; whether it
    is read."""
    for side in SIDES if scene.changed else SIDES[:1]:
        bench, text, choices = scene.bench, scene.text, scene.choices(side)
        if is_read(bench, text, choices):
            continue
        key = f"reading {side}"
        each = 1 if choices.score == "additive" else LAYERS_A_STEP
        count = steps_of(bench, choices, each)
        doing = _("Reading the text, native …") if side == "native" else _("Reading it again …")
        of = bench, text, choices, each
        read = gradually(key, of, lambda of=of: reading_steps(*of), count, doing, keep=False)
        if len(read) < count:
            return False
        again(key)  # the reading is kept where all sessions find it
    return True


@fragment
def focused_head(bench: Bench, text: Text, variant: Choices, layer: int, head: int) -> None:
    """One head through a window: the page is run again when a head or a cell is picked, only this
    part when the reader zooms or moves on."""
    scene = Scene(bench, text, bench.native, variant, layer, head)
    native, other = scene.one_head("native"), scene.one_head("variant")
    event = tiles(
        "tiles",
        native=native.weights[0, 0],
        variant=other.weights[0, 0] if scene.changed else None,
        heads=range(bench.shape.n_heads),
        head=head,
        query_labels=scene.tokens,
        key_labels=scene.tokens,
        masked_native=~native.mask[0, 0],
        masked_variant=~other.mask[0, 0] if scene.changed else None,
        window=_window(text),
        selected=selected_cell(scene),
        words=words(),
        on_event=lambda event: _follow(event, text),
    )
    st.caption(
        _(
            "Zoomed out, a cell stands for many and shows the largest of them; come closer and the "
            "cells are exact. Lines are drawn for texts of up to {most} tokens only: between "
            "{tokens} tokens a side they would be one grey surface."
        ).format(most=MAX_TOKENS, tokens=len(scene.tokens))
    )
    if event.did in ("head", "cell"):
        st.rerun()


def _window(text: Text) -> Window | None:
    """What the reader looks at, unless it was another text."""
    of, window = st.session_state.get(_WINDOW, (None, None))
    return window if of == text else None


def _follow(event: TilesEvent, text: Text) -> None:
    state = st.session_state
    state[_WINDOW] = (text, event.window)
    state["head"] = event.head
    if event.did == "cell":
        open_cell(event.cell)
