"""Mean and standard deviation of every token through depth."""

import re

import numpy as np
import pandas as pd
import streamlit as st

from charts.norms import depth
from experiments.norm_statistics import norm_statistics
from ui.i18n import _
from ui.plot import plot
from ui.scene import SIDES, Scene, colours, side_names

MOST = 128  # tokens drawn: of more, no row would be legible


def show(scene: Scene) -> None:
    """Every norm of the model, before or after it, native beside variant on one scale."""
    quantities = {
        "std_before": _("Standard deviation before the norm"),
        "std_after": _("Standard deviation after the norm"),
        "mean_before": _("Mean before the norm"),
        "mean_after": _("Mean after the norm"),
    }
    quantity = st.selectbox(
        _("Quantity"), list(quantities), format_func=quantities.__getitem__, key="moment"
    )
    sides = SIDES if scene.changed else SIDES[:1]
    frames = {side: norm_statistics(scene.reading(side)) for side in sides}
    spread = pd.concat(list(frames.values()))[quantity].to_numpy()
    known = spread[np.isfinite(spread)]
    limits = (float(known.min()), float(known.max())) if known.size else None
    shown = telling(frames["native"], quantity)
    tokens = [scene.tokens[position] for position in shown]
    words = quantities | {
        "token": _("Token"),
        "norm": _("Norm, in the order of the pass"),
        "log": _("log scale"),
    }
    for column, side in zip(st.columns(len(sides)), sides, strict=True):
        places = [place_name(site) for site in frames[side]["site"].unique()]
        with column:
            st.subheader(side_names()[side], anchor=False)
            seen = frames[side].query("position in @shown")
            figure = depth(seen, quantity, tokens, places, words, colours(), limits)
            plot(figure, key=f"norms_{side}")
    if len(shown) < len(scene.tokens):
        few = _("{shown} of {tokens} tokens: of every few neighbours the one that stands out most.")
        st.caption(few.format(shown=len(shown), tokens=len(scene.tokens)))
    st.caption(
        _(
            "Over the features of each token. A few tokens of large deviation are real: "
            "many models keep such outliers, often in the first token."
        )
    )


def telling(frame: pd.DataFrame, quantity: str, most: int = MOST) -> list[int]:
    """At most `most` positions of the text, spread over it: of each stretch of neighbours the one
    whose quantity is largest in size at any norm."""
    by_norm = frame.pivot(index="norm", columns="position", values=quantity).to_numpy()
    by_norm = np.where(np.isfinite(by_norm), by_norm, 0.0)
    largest = np.abs(by_norm).max(axis=0)  # (positions,)
    stretches = np.array_split(np.arange(len(largest)), min(most, len(largest)))
    return [int(stretch[largest[stretch].argmax()]) for stretch in stretches]


def place_name(site: str) -> str:
    """A norm's short name: "3 attention", "final", "embedding"."""
    inside = re.fullmatch(r"\w+\.(\d+)\.(\w+)_norm", site)
    if inside:
        names = {"attention": _("attention"), "cross": _("cross"), "feed_forward": _("FFN")}
        return f"{inside[1]} {names[inside[2]]}"
    return _("embedding") if "embedding" in site else _("final")
