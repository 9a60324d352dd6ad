"""The sinusoid table: as a picture, one feature as a wave, one position as a row."""

import math

import streamlit as st
import torch

from charts import positions as charts
from charts.viewer import Axis, MatricesEvent, Panel, matrices
from experiments.positions import wavelengths
from model.positions import sinusoids
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.indices import bring_back
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.url import Parameter, among, number

BASES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
WIDTHS = (8, 16, 32, 64, 128, 256)
LENGTHS = (16, 32, 64, 128, 256, 512)

PARAMETERS = (
    Parameter("base", 10_000, lambda text: int(among(*BASES)(text))),
    Parameter("d_model", 64, lambda text: int(among(*WIDTHS)(text))),
    Parameter("length", 128, lambda text: int(among(*LENGTHS)(text))),
    Parameter("position", 20, number(0, max(LENGTHS) - 1)),
    Parameter("feature", 8, number(0, max(WIDTHS) - 1)),
)


def settings() -> tuple[int, int, int]:
    """Draw base, d_model and length, which two views share; returns them."""
    state = st.session_state
    with st.container(horizontal=True):
        for label, options, key in (
            (_("Base"), BASES, "base"),
            ("d_model", WIDTHS, "d_model"),
            (_("Length, positions"), LENGTHS, "length"),
        ):
            st.select_slider(label, options, key=key, persist_state="session", width=220)
    return int(state["base"]), int(state["d_model"]), int(state["length"])


def show() -> None:
    """Draw the view."""
    badge("computed")
    base, d_model, length = settings()
    position, feature = _marked(d_model, length)
    signal = sinusoids(torch.arange(length), d_model, base)  # (length, d_model)
    frame = wavelengths(d_model, base, length)
    pair = feature // 2
    waves = frame.iloc[pair]
    whole = sum(turns >= 1 for turns in frame["turns"].tolist())
    figures(
        (
            _("Feature {feature} repeats every").format(feature=feature),
            numeral(waves["wavelength"], ".4g"),
            _("positions: {turns} turns in {length}").format(
                turns=numeral(waves["turns"], ".3g"), length=length
            ),
        ),
        (
            _("Pairs that turn at least once"),
            f"{whole} / {len(frame)}",
            _("within {length} positions").format(length=length),
        ),
        (
            _("Length of every row"),
            numeral(float(signal[position].norm()), ".4g"),
            f"√(d_model/2) = {numeral(math.sqrt(d_model / 2), '.4g')}",
        ),
    )

    def pick(event: MatricesEvent) -> None:
        if event.cell is not None:
            st.session_state["position"], st.session_state["feature"] = event.cell

    left, right = st.columns(2)
    with left:
        matrices(
            "sinusoid_table",
            panels=[
                Panel(
                    _("PE(position, feature); click a cell"),
                    signal,
                    "scores",
                    high=1.0,
                    rows=Axis(_("Position"), [str(i) for i in range(length)]),
                    columns=Axis(_("Feature"), [str(i) for i in range(d_model)]),
                )
            ],
            selected=(0, position, feature),
            words=words(),
            on_event=pick,
        )
    with right:
        st.markdown(_("**Feature {feature} over the positions**").format(feature=feature))
        partner = feature ^ 1
        plot(
            charts.wave(
                {_wave(i): signal[:, i] for i in (feature, partner)},
                position,
                {"position": _("position"), "value": "PE"},
                colours(),
            ),
            key="sinusoid_wave",
        )
        st.markdown(_("**Position {position} over the features**").format(position=position))
        plot(
            charts.row(
                signal[position],
                feature,
                {
                    "sine": _("sine, even features"),
                    "cosine": _("cosine, odd features"),
                    "feature": _("feature"),
                    "value": "PE",
                },
                colours(),
            ),
            key="sinusoid_row",
        )
    st.markdown(_("**How many positions a turn takes, pair by pair**"))
    plot(
        charts.wavelengths(
            frame,
            pair,
            length,
            {
                "pair": _("pair of features"),
                "wavelength": _("wavelength, positions"),
                "length": _("{length} positions").format(length=length),
            },
            colours(),
        ),
        key="sinusoid_wavelengths",
    )
    evidence(
        frame,
        _(
            "d_model = {d_model}, base {base}, {length} positions. Pair i is the sine in feature "
            "2i and the cosine in feature 2i + 1, at the rate base^(−2i / d_model); wavelengths "
            "run from 2π to nearly base · 2π = {longest}."
        ).format(
            d_model=d_model, base=base, length=length, longest=numeral(2 * math.pi * base, ",.0f")
        ),
        {
            "pair": _("pair"),
            "rate": _("rate, radians a position"),
            "wavelength": _("wavelength, positions"),
            "turns": _("turns within the length"),
        },
    )


def _marked(d_model: int, length: int) -> tuple[int, int]:
    """The marked position and feature, brought into the table, and their sliders."""
    state = st.session_state
    bring_back("position", length - 1)
    bring_back("feature", d_model - 1)
    with st.container(horizontal=True):
        for label, key, most in (
            (_("Position"), "position", length - 1),
            (_("Feature"), "feature", d_model - 1),
        ):
            st.slider(label, 0, most, key=key, persist_state="session", width=330)
    return int(state["position"]), int(state["feature"])


def _wave(feature: int) -> str:
    kind = _("sine") if feature % 2 == 0 else _("cosine")
    return _("feature {feature}, {kind}").format(feature=feature, kind=kind)
