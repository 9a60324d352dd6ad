"""What masks do, as curves and bars. With and without a mask are one hue in two depths, and
differ by dash or hatch too."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from charts.colours import Palette
from charts.labels import plain

_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 40}
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}


def padding_curve(
    frame: pd.DataFrame, chosen: int, words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Change against extra padding; `frame` has extra, on, off. words: on, off, extra, change."""
    figure = go.Figure()
    places = list(range(len(frame)))  # evenly, since each is about twice the one before
    for side, colour, dash in (
        ("off", colours.weights_ramp[3], "dot"),
        ("on", colours.weights_ramp[5], "solid"),
    ):
        figure.add_scatter(
            x=places,
            y=frame[side],
            mode="lines+markers",
            name=words[side],
            line={"color": colour, "dash": dash},
            customdata=frame["extra"],
            hovertemplate="+%{customdata} · %{y:.3g}<extra></extra>",
        )
    at = frame["extra"].tolist().index(chosen)
    figure.add_vline(x=at, line={"color": colours.masked_hatch, "width": 1, "dash": "dash"})
    figure.update_layout(height=330, margin=_MARGIN, legend=_LEGEND)
    figure.update_xaxes(
        title=words["extra"],
        tickvals=places,
        ticktext=[str(extra) for extra in frame["extra"]],
        fixedrange=True,
    )
    figure.update_yaxes(title=words["change"], rangemode="tozero", fixedrange=True)
    return figure


def outputs(
    frame: pd.DataFrame,
    tokens: Sequence[str],
    changed: int,
    words: Mapping[str, str],
    colours: Palette,
) -> go.Figure:
    """How far each output moved when the token at `changed` was exchanged; `frame` has on and
    off, one row per output. words: on, off, past, output, change."""
    places = list(range(len(frame)))
    names = [plain(token) for token in tokens]
    figure = go.Figure()
    for side, colour, pattern in (
        ("on", colours.weights_ramp[5], ""),
        ("off", colours.weights_ramp[3], "/"),
    ):
        figure.add_bar(
            x=places,
            y=frame[side],
            name=words[side],
            marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
            customdata=names,
            hovertemplate="%{x} · %{customdata} · %{y:.4g}<extra></extra>",
        )
    if changed:
        figure.add_vrect(
            x0=-0.5,
            x1=changed - 0.5,
            fillcolor=colours.masked,
            opacity=0.35,
            layer="below",
            line_width=0,
            annotation={"text": words["past"], "yanchor": "bottom"},
            annotation_position="top left",
        )
    step = max(1, -(-len(names) // 30))
    figure.update_layout(
        barmode="group",
        height=300,
        margin=_MARGIN | {"t": 30, "b": 70},
        legend=_LEGEND | {"y": 1.1},
    )
    figure.update_xaxes(
        title=words["output"], tickvals=places[::step], ticktext=names[::step], fixedrange=True
    )
    figure.update_yaxes(title=words["change"], rangemode="tozero", fixedrange=True)
    return figure


def guesses(
    frame: pd.DataFrame, ways: Mapping[str, str], words: Mapping[str, str], colours: Palette
) -> go.Figure:
    """Probabilities of tokens under three masks; `frame` as from `experiments.outcome.guesses`.
    ways: column → its name. words: probability, token."""
    rows = list(range(len(frame)))
    names = [plain(token) for token in frame["token"]]
    looks = zip(ways, (5, 3, 2), ("", "/", ""), strict=True)
    figure = go.Figure()
    for way, depth, pattern in reversed(list(looks)):
        figure.add_bar(
            y=rows,
            x=frame[way],
            orientation="h",
            name=ways[way],
            marker={
                "color": colours.weights_ramp[depth],
                "pattern": {"shape": pattern, "solidity": 0.25},
            },
            customdata=names,
            hovertemplate="%{customdata} · %{x:.4g}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=100 + 40 * len(frame),
        margin=_MARGIN,
        legend=_LEGEND | {"traceorder": "reversed"},
    )
    figure.update_xaxes(title=words["probability"], rangemode="tozero", fixedrange=True)
    figure.update_yaxes(
        title=words["token"],
        tickvals=rows,
        ticktext=names,
        autorange="reversed",
        fixedrange=True,
    )
    return figure
