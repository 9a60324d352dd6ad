"""Question 8: token embeddings beside positions, with the factor √d_model and without."""

import math
from dataclasses import replace

import pandas as pd
import streamlit as st
import torch

from charts import positions as charts
from charts.labels import plain
from charts.viewer import Axis, Panel, matrices
from experiments.embedding_scale import embedding_std, expected, measure, real_parts, sweep, table
from model.positions import sinusoids
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.inert import model_name
from ui.lab.effect import headline
from ui.numbers import numeral
from ui.plot import plot
from ui.positions.names import scheme_names, views
from ui.scene import Scene, colours, words
from ui.subject import subject, subject_parameters
from ui.url import Parameter, among, flag, number, one_of

WIDTHS = (16, 32, 64, 128, 256, 512, 1024)
STDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
ROOT = "root"  # the standard deviation 1/√d_model, whatever the width
ROWS, COLUMNS = 16, 48  # of the pictures
MOST_TOKENS = 64
PARAMETERS = (
    Parameter("scale_view", "fresh", one_of("fresh", "real")),
    Parameter("std", ROOT, one_of(ROOT, *map(str, STDS))),
    Parameter("model_width", 512, lambda text: int(among(*WIDTHS)(text))),
    Parameter("against", "d_model", one_of("d_model", "std")),
    Parameter("seed", 0, number(0, 9999)),
    Parameter("multiplied", False, flag),
    *subject_parameters(),
)


def show() -> None:
    """Draw the view that is chosen."""
    titles = {"fresh": _("At initialisation"), "real": _("Real embeddings")}
    views("scale_view", titles, {"fresh": _fresh, "real": _real})


def _fresh() -> None:
    badge("computed")
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            _("Standard deviation of the embeddings"),
            [ROOT, *map(str, STDS)],
            format_func=lambda one: "1/√d_model" if one == ROOT else one,
            key="std",
            persist_state="session",
            width=300,
        )
        st.select_slider("d_model", WIDTHS, key="model_width", persist_state="session", width=230)
        names = {"d_model": "d_model", "std": _("standard deviation")}
        st.segmented_control(
            _("Curves against"),
            list(names),
            format_func=names.__getitem__,
            key="against",
            required=True,
            persist_state="session",
        )
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=110)
    width, seed, rule = int(state["model_width"]), int(state["seed"]), state["std"]
    std = width**-0.5 if rule == ROOT else float(rule)
    here = sweep([(width, std)], seed)
    off, on = here[~here["multiplied"]].iloc[0], here[here["multiplied"]].iloc[0]
    figures(
        (
            _("Token part ÷ position part"),
            numeral(on["ratio"], ".3g"),
            _("without the factor {value}").format(value=numeral(off["ratio"], ".3g")),
        ),
        (
            _("Cosine of the sum with the token part"),
            numeral(on["token_cosine"], ".2f"),
            _("without the factor {value}").format(value=numeral(off["token_cosine"], ".2f")),
        ),
        (
            _("Cosine of the sum with the position part"),
            numeral(on["position_cosine"], ".2f"),
            _("without the factor {value}").format(value=numeral(off["position_cosine"], ".2f")),
        ),
    )
    _pictures(width, std, seed)
    if state["against"] == "d_model":
        settings = [(d, d**-0.5 if rule == ROOT else std) for d in WIDTHS]
    else:
        settings = [(width, one) for one in STDS]
    _curves(settings, names, str(state["against"]), width, std, seed)


def _pictures(width: int, std: float, seed: int) -> None:
    """Token part, position part and sum, without the factor and with it, on one scale."""
    tokens = table(width, std, seed)[:ROWS, :COLUMNS]
    signal = sinusoids(torch.arange(ROWS), width)[:, :COLUMNS]
    scaled = tokens * math.sqrt(width)
    high = max(float((part + signal).abs().max()) for part in (tokens, scaled))
    rows = Axis(_("Position"), [str(i) for i in range(ROWS)])
    columns = Axis(_("Feature"), [str(i) for i in range(tokens.shape[1])])
    parts = (
        (_("Tokens"), tokens),
        (_("Positions"), signal),
        (_("Sum, without the factor"), tokens + signal),
        (_("Tokens × √d_model"), scaled),
        (_("Positions"), signal),
        (_("Sum, with the factor"), scaled + signal),
    )
    matrices(
        "parts",
        panels=[
            Panel(title, cells, "scores", high=high, rows=rows, columns=columns)
            for title, cells in parts
        ],
        across=3,
        words=words(),
    )


def _curves(
    settings: list[tuple[int, float]],
    names: dict[str, str],
    along: str,
    width: int,
    std: float,
    seed: int,
) -> None:
    frame = sweep(settings, seed)
    token, position = _("token part"), _("position part")
    without, with_ = _("{what}, without"), _("{what}, with the factor")
    groups = (
        (
            _("Lengths ‖·‖ of both parts"),
            {
                "token_norm off": without.format(what=token),
                "token_norm on": with_.format(what=token),
                "position_norm off": position,
            },
        ),
        (
            _("Cosine of the sum with each part"),
            {
                "token_cosine off": without.format(what=token),
                "token_cosine on": with_.format(what=token),
                "position_cosine off": without.format(what=position),
                "position_cosine on": with_.format(what=position),
            },
        ),
        (
            _("Spread of the logits, weights tied"),
            {"logit_std off": _("standard deviation of h·e")},
        ),
    )
    for column, (title, quantities) in zip(st.columns(3), groups, strict=True):
        closed = {
            key: [
                expected(d, s, multiplied=key.endswith(" on"))[key.split(" ")[0]]
                for d, s in settings
            ]
            for key in quantities
        }
        with column:
            st.markdown(f"**{title}**")
            plot(
                charts.norms(
                    frame,
                    along,
                    quantities,
                    closed,
                    {"x": names[along], "y": title},
                    colours(),
                    marked=width if along == "d_model" else std,
                    logarithmic="cosine" not in next(iter(quantities)),
                ),
                key=f"scale_{next(iter(quantities)).split(' ')[0]}",
            )
    evidence(
        frame.assign(
            multiplied=[_("with") if one else _("without") for one in frame["multiplied"]]
        ),
        _(
            "64 tokens drawn from a normal distribution (seed {seed}) at positions 0 … 63, "
            "sinusoids of base 10000; means over tokens. Lines: closed forms, norm factor · std · "
            "√d_model for tokens, √(d_model/2) for sinusoids, both parts at right angles. Logits: "
            "standard normal h against 1024 rows of the same numbers."
        ).format(seed=seed),
        {
            "std": _("standard deviation"),
            "multiplied": _("factor √d_model"),
            "token_norm": _("norm, token part"),
            "position_norm": _("norm, position part"),
            "ratio": _("token ÷ position"),
            "token_cosine": _("cosine with token part"),
            "position_cosine": _("cosine with position part"),
            "logit_std": _("standard deviation of tied logits"),
        },
    )


def _real() -> None:
    badge("trained")
    bench, text = subject(limit=MOST_TOKENS)
    st.toggle(
        _("Multiply the token embeddings by √d_model"), key="multiplied", persist_state="session"
    )
    native = bench.native
    root = math.sqrt(bench.shape.d_model)
    multiplier = root if st.session_state["multiplied"] else native.multiplier
    source = bench.encode(text)
    frame = measure(*real_parts(bench, source, multiplier))
    if bench.shape.positions != "learned":
        st.info(
            _(
                "This model adds no positions to its embeddings ({scheme} acts inside attention). "
                "The sinusoids here are what a model of its width would add: a comparison, not "
                "something that it ever sees."
            ).format(scheme=scheme_names()[native.positions])
        )
    means = frame.mean()
    figures(
        (
            _("Token part ÷ position part"),
            numeral(means["ratio"], ".3g"),
            _("multiplier {value}").format(value=numeral(multiplier, ".4g")),
        ),
        (
            _("Cosine of the sum with the token part"),
            numeral(means["token_cosine"], ".2f"),
            _("position part: {value}").format(value=numeral(means["position_cosine"], ".2f")),
        ),
        (
            _("Standard deviation of its embeddings"),
            numeral(embedding_std(bench), ".3g"),
            f"1/√d_model = {numeral(1 / root, '.3g')}",
        ),
    )
    frame.insert(0, "token", [plain(token) for token in source.tokens[0]])
    plot(
        charts.parts(
            frame,
            {
                "token_norm": _("norm, token part"),
                "position_norm": _("norm, position part"),
                "token": _("token"),
                "norm": "‖·‖",
            },
            colours(),
        ),
        key="real_parts",
    )
    if multiplier != native.multiplier:
        st.markdown(_("**What the factor does to the trained model**"))
        badge("switched")
        variant = replace(native, multiplier=multiplier)
        headline(Scene(bench, text, native, variant, 0, 0))
    _real_evidence(frame, source.tokens[0], model_name(bench))


def _real_evidence(frame: pd.DataFrame, tokens: list[str], model: str) -> None:
    evidence(
        frame.assign(token=tokens),
        _(
            "{model}, this text of {tokens} tokens; before the embeddings' norm, if there is one."
        ).format(model=model, tokens=len(tokens)),
        {
            "token": _("token"),
            "token_norm": _("norm, token part"),
            "position_norm": _("norm, position part"),
            "ratio": _("token ÷ position"),
            "token_cosine": _("cosine with token part"),
            "position_cosine": _("cosine with position part"),
        },
    )
