"""Two to six schemes on the same queries and keys."""

import streamlit as st
from torch import Tensor

from charts import positions as charts
from charts.viewer import Axis, Panel, matrices
from experiments.positions import (
    BUCKETS,
    CLIP,
    REACH,
    SCHEMES,
    Scheme,
    Setup,
    by_distance,
    scores,
    summary,
)
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.plot import plot
from ui.positions.names import scheme_names
from ui.positions.table import BASES
from ui.scene import colours, words
from ui.spreadsheet import gaps
from ui.url import Parameter, among, number, one_of

LEAST, MOST = 2, 6
LENGTHS = (8, 16, 24, 32, 48, 64)
WIDTH = 64  # features of the head
HEADS = 8  # that ALiBi's slopes are made for
DEFAULT: list[Scheme] = ["none", "sinusoidal", "relative", "rope", "alibi"]


def _schemes(text: str) -> list[str]:
    chosen = [one_of(*SCHEMES)(word) for word in text.split()]
    if len(chosen) > MOST or len(set(chosen)) < len(chosen):
        raise ValueError(text)
    return chosen


PARAMETERS = (
    Parameter("schemes", DEFAULT, _schemes),
    Parameter("content", "constant", one_of("constant", "drawn")),
    Parameter("count", 32, lambda text: int(among(*LENGTHS)(text))),
    Parameter("moved", 100, number(0, 100_000)),
    Parameter("slope", 3, number(1, HEADS)),
    Parameter("base", 10_000, lambda text: int(among(*BASES)(text))),
    Parameter("seed", 0, number(0, 9999)),
    Parameter("scores_shown", "added", one_of("added", "all")),
    Parameter("minuend", "rope", one_of(*SCHEMES)),
    Parameter("subtrahend", "alibi", one_of(*SCHEMES)),
)


def chosen_schemes() -> list[Scheme]:
    """Draw the choice of schemes."""
    names = scheme_names(drawn=True)
    return st.multiselect(
        _("Schemes, two to six"),
        SCHEMES,
        format_func=names.__getitem__,
        key="schemes",
        max_selections=MOST,
        persist_state="session",
    )


def slope() -> float:
    """Draw the choice of ALiBi's slope, as the one of a head out of eight."""
    st.slider(_("ALiBi slope 2⁻ʰ, h ="), 1, HEADS, key="slope", persist_state="session", width=170)
    return 2.0 ** -int(st.session_state["slope"])


def base() -> float:
    """Draw the choice of the base of sinusoids and RoPE."""
    st.select_slider(_("Base"), BASES, key="base", persist_state="session", width=170)
    return float(st.session_state["base"])


def show() -> None:
    """Draw the view."""
    badge("computed")
    chosen, setup = chosen_schemes(), _setup()
    if len(chosen) < LEAST:
        st.info(_("Choose at least two schemes."))
        return
    cells: dict[Scheme, Tensor] = {scheme: scores(scheme, setup) for scheme in chosen}
    names = scheme_names(drawn=True)
    table = summary(cells, setup)
    if st.session_state["scores_shown"] == "added":
        cells = {scheme: matrix - scores("none", setup) for scheme, matrix in cells.items()}
    alone = [
        names[s] for s, e in zip(chosen, table["explained"].tolist(), strict=True) if e > 1 - 1e-6
    ]
    still = [names[s] for s, c in zip(chosen, table["change"].tolist(), strict=True) if c < 1e-4]
    figures(
        (
            _("Scores that a shift leaves alone"),
            f"{len(still)} / {len(chosen)}",
            _("all positions + {shift}").format(shift=setup.offset),
        ),
        (
            _("Scores that the distance alone makes"),
            f"{len(alone)} / {len(chosen)}",
            _("the rest also depends on the place or the content"),
        ),
    )
    _pictures(cells, setup)
    st.markdown(_("**Score against distance**: mean, and lowest to highest"))
    profiles = {scheme: by_distance(matrix) for scheme, matrix in cells.items()}
    low = min(float(frame["low"].to_numpy().min()) for frame in profiles.values())
    high = max(float(frame["high"].to_numpy().max()) for frame in profiles.values())
    pad = 0.05 * (high - low) + 0.1
    columns = st.columns(3)
    for number_, (scheme, frame) in enumerate(profiles.items()):
        with columns[number_ % 3]:
            st.markdown(names[scheme])
            plot(
                charts.profile(
                    frame, (low - pad, high + pad), _("distance j − i"), _("score"), colours()
                ),
                key=f"profile_{scheme}",
            )
    evidence(
        table.assign(
            scheme=[names[scheme] for scheme in chosen],
            # of scores that are all equal, nothing is left to explain
            explained=gaps(table["explained"]),
        ),
        _(
            "One head of {width} features, scores divided by √{width}, {n} tokens, positions from "
            "{offset} on; q and k: {content}. Absolute schemes are added to q and k themselves. "
            "Learned rows, Shaw's vectors (distances clipped at ±{clip}) and T5's biases "
            "({buckets} buckets up to {reach}) come from training; here they are drawn (seed "
            "{seed}). Transformer-XL: u = v = 0."
        ).format(
            width=WIDTH,
            n=setup.n,
            offset=setup.offset,
            content=content_names()[setup.content],
            clip=CLIP,
            buckets=BUCKETS,
            reach=REACH,
            seed=setup.seed,
        ),
        {
            "scheme": _("scheme"),
            "explained": _("variance explained by distance"),
            "change": _("largest change under the shift"),
            "low": _("lowest score"),
            "high": _("highest score"),
        },
    )


def content_names() -> dict[str, str]:
    return {"constant": _("all the same"), "drawn": _("drawn at random")}


def _setup() -> Setup:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            _("Content of q and k"),
            list(content_names()),
            format_func=content_names().__getitem__,
            key="content",
            required=True,
            persist_state="session",
        )
        parts = {"added": _("what positions add"), "all": _("scores")}
        st.segmented_control(
            _("Show"),
            list(parts),
            format_func=parts.__getitem__,
            key="scores_shown",
            required=True,
            persist_state="session",
        )
        st.select_slider(_("Tokens"), LENGTHS, key="count", persist_state="session", width=130)
        st.number_input(
            _("Shift all positions by"),
            0,
            100_000,
            key="moved",
            persist_state="session",
            width=150,
        )
        m, root = slope(), base()
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=110)
    return Setup(
        n=int(state["count"]),
        d=WIDTH,
        content=state["content"],
        seed=int(state["seed"]),
        base=root,
        slope=m,
        offset=int(state["moved"]),
    )


def _pictures(cells: dict[Scheme, Tensor], setup: Setup) -> None:
    """Every scheme on one locked scale, and the signed difference of a pair."""
    names, state = scheme_names(drawn=True), st.session_state
    places = [str(setup.offset + i) for i in range(setup.n)]
    rows = Axis(_("Query position"), places, "queries")
    columns = Axis(_("Key position"), places, "keys")
    most = max(float(matrix.abs().max()) for matrix in cells.values()) or None  # 0 is no scale
    options = list(cells)
    for key, fallback in (("minuend", options[0]), ("subtrahend", options[-1])):
        if state[key] not in options:
            state[key] = fallback
    matrices(
        "scheme_maps",
        panels=[
            Panel(names[scheme], matrix, "scores", high=most, rows=rows, columns=columns)
            for scheme, matrix in cells.items()
        ],
        across=min(3, len(cells)),
        words=words(),
    )
    left, right = st.columns(2)
    with right:
        for key, label in (("minuend", _("Difference: of")), ("subtrahend", _("less"))):
            st.selectbox(
                label,
                options,
                format_func=names.__getitem__,
                key=key,
                persist_state="session",
            )
    one, other = state["minuend"], state["subtrahend"]
    apart = cells[one] - cells[other]
    with right:
        plot(
            charts.profile(
                by_distance(apart), None, _("distance j − i"), _("difference"), colours()
            ),
            key="difference_profile",
        )
    with left:
        matrices(
            "scheme_difference",
            panels=[
                Panel(
                    f"{names[one]} − {names[other]}",
                    apart,
                    "difference",
                    rows=rows,
                    columns=columns,
                )
            ],
            words=words(),
        )
