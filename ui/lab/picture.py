"""The focused head and the atlas of all heads."""

import math

import streamlit as st

from charts.viewer import AtlasEvent, FocusEvent, atlas, focus
from experiments.outcome import changed, row_shift
from ui.fragment import redraw
from ui.i18n import _
from ui.indices import pair
from ui.lab import long
from ui.lab.selection import open_cell, selected_cell
from ui.numbers import numeral
from ui.scene import SIDES, Scene, words
from ui.single import single
from ui.switches import EXPERIMENT, PANEL
from ui.url import Parameter, number, one_of

PICTURE = (
    Parameter("layer", 2, number(0, 10_000)),
    Parameter("head", 0, number(0, 10_000)),
    Parameter("cell", "", pair),
    Parameter("view", "matrix", one_of("matrix", "lines")),
    Parameter("atlas", "native", one_of("native", "variant", "difference")),
)


def focused_head(scene: Scene) -> None:
    """Native, variant and difference of one head, with what it did to this head in a line."""
    last = scene.bench.shape.n_layers - 1
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(_moved(scene))
        if not single(_("Layer"), range(last + 1), "layer"):
            st.slider(_("Layer"), 0, last, key="layer", persist_state="session", width=320)
    if scene.long:
        long.focused_head(scene.bench, scene.text, scene.variant, scene.layer, scene.head)
        return
    native, variant = scene.attention("native"), scene.attention("variant")
    focus(
        "viewer",
        native=native.weights[0],
        variant=variant.weights[0] if scene.changed else None,
        heads=range(scene.bench.shape.n_heads),
        head=scene.head,
        query_labels=scene.tokens,
        key_labels=scene.tokens,
        masked_native=~native.mask[0],
        masked_variant=~variant.mask[0] if scene.changed else None,
        view=st.session_state["view"],
        selected=selected_cell(scene),
        words=_words(scene),
        on_event=_follow,
    )


def _is_off(scene: Scene) -> bool:
    """Whether the variant has switched this head off."""
    return (scene.layer, scene.head) in scene.variant.ablated


def _words(scene: Scene) -> dict[str, str]:
    """The viewer's texts; where the head is off, the variant's pattern says so itself."""
    if not _is_off(scene):
        return words()
    return words() | {"variant": _("Variant: off, writes 0")}


def _moved(scene: Scene) -> str:
    """How far the head's attention moved, in a line."""
    shift = row_shift(*(scene.one_head(side).weights[0, 0] for side in SIDES))
    head = _("**Layer {layer}, head {head}**").format(layer=scene.layer, head=scene.head)
    if _is_off(scene):
        line = _("{head} is switched off: its pattern stays, what it writes is 0").format(head=head)
        if scene.long:  # of the other heads, nothing is kept
            return line
        apart = changed(*(scene.attention(side).output for side in SIDES))
        moved = _("what this layer's attention writes changed by {share}").format(
            share=numeral(apart, ".1%")
        )
        return f"{line} · {moved}"
    if not math.isfinite(shift):
        return _("{head} · its attention overflowed").format(head=head)
    share = numeral(shift, ".1%")
    return _("{head} · {share} of each query's attention moved").format(head=head, share=share)


def all_heads(scene: Scene) -> None:
    """Every layer × head as a thumbnail; a click opens a head, or switches it off."""
    shows = {
        "native": _("Native"),
        "variant": _("Variant"),
        "difference": _("Variant − native"),
    }
    if scene.changed:
        st.segmented_control(
            _("Show"),
            list(shows),
            format_func=shows.__getitem__,
            key="atlas",
            required=True,
            persist_state="session",
            label_visibility="collapsed",
        )
    show = st.session_state["atlas"] if scene.changed else "native"
    atlas(
        "all_heads",
        native=scene.reading("native").thumbnails,
        variant=scene.reading("variant").thumbnails if scene.changed else None,
        show=show,
        selected=(scene.layer, scene.head),
        ablated=scene.variant.ablated,
        words=words(),
        on_event=_pick,
    )


def _follow(event: FocusEvent) -> None:
    state = st.session_state
    state["head"] = event.head
    state["view"] = event.view
    if event.did == "cell":
        open_cell(event.cell)


def _pick(event: AtlasEvent) -> None:
    state = st.session_state
    if event.did == "select" and event.selected is not None:
        state["layer"], state["head"] = event.selected
    else:
        state["ablated"] = [f"{layer}.{head}" for layer, head in sorted(event.ablated)]
        redraw(PANEL, EXPERIMENT)
