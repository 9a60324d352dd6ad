"""The schedule explorer: one schedule strong, others beside it, its formula with the numbers."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from charts import training as charts
from experiments.schedules import Course, course
from model.training import Schedule
from model.training.schedules import KINDS, Kind, noam_peak
from ui.anatomy import badge, evidence, figures
from ui.i18n import _
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.url import Parameter, among, flag, number, one_of, several

MOST_STEPS = 300_000  # the larger model of Vaswani et al. 2017, §5.2
MOST = 3  # schedules drawn together
WIDTHS = (64, 128, 256, 512, 768, 1024, 2048)


def _few(text: str) -> list[str]:
    kinds = several(one_of(*KINDS))(text)
    if len(kinds) > MOST or len(set(kinds)) < len(kinds):
        raise ValueError(text)
    return kinds


PARAMETERS = (
    Parameter("schedule", "noam", one_of(*KINDS)),
    Parameter("beside", ["noam", "cosine", "linear"], _few),
    Parameter("steps", 100_000, number(1, MOST_STEPS)),
    Parameter("warmup", 4000, number(0, MOST_STEPS)),
    Parameter("own_peak", True, flag),
    Parameter("schedule_width", 512, lambda text: int(among(*WIDTHS)(text))),
    Parameter("peak", 7e-4, number(1e-9, 1e3, float)),
    Parameter("floor", 0.0, number(0, 1, float)),
    Parameter("factor", 0.5, number(0.01, 1, float)),
    Parameter("every", 20_000, number(1, MOST_STEPS)),
)


def show() -> None:
    """Controls, the curves, the formula, and what it amounts to."""
    badge("computed")
    chosen = _controls()
    kinds: list[Kind] = [chosen.kind, *_beside(chosen.kind)]
    # without a warm-up there is no such schedule, which is no fault of the one that was chosen
    kinds = [kind for kind in kinds if kind != "noam" or chosen.warmup or kind == chosen.kind]
    courses: dict[Kind, Course] = {kind: _course(replace(chosen, kind=kind)) for kind in kinds}
    here = courses[chosen.kind]
    figures(
        (_("Peak"), numeral(here.peak, ".3g"), _("at step {step}").format(step=here.peak_at)),
        (_("At the last step"), numeral(here.last, ".3g"), numeral(here.last / here.peak, ".1%")),
        (
            _("Area: the sum of all rates"),
            numeral(here.area, ".4g"),
            _("{share} of it in the warm-up").format(share=numeral(here.in_warmup, ".1%")),
        ),
    )
    frames: dict[str, pd.DataFrame] = {
        kind: pd.DataFrame({"step": found.steps, "rate": found.rates})
        for kind, found in courses.items()
    }
    words = kind_names() | {
        "step": _("Step"),
        "rate": _("Learning rate"),
        "peak": _("peak"),
    }
    plot(charts.rates(frames, chosen.kind, words, colours()), key="rates")
    st.latex(formula(chosen))
    _evidence(courses, chosen)


def kind_names() -> dict[str, str]:
    return {
        "constant": _("constant"),
        "linear": _("linear"),
        "cosine": _("cosine"),
        "noam": _("Noam (1/√step)"),
        "step": _("steps down"),
    }


def formula(schedule: Schedule) -> str:
    """The rate of step t as LaTeX, with the schedule's own numbers."""
    peak, warm, steps = _tex(schedule.peak), schedule.warmup, schedule.steps
    left = steps - warm
    past = f"t - {warm}" if warm else "t"
    floor = schedule.floor
    share = f"{numeral(floor, 'g')} + {numeral(1 - floor, 'g')}" if floor else ""
    after = {
        "constant": peak,
        "linear": rf"{peak}\left({share}\left(1 - \frac{{{past}}}{{{left}}}\right)\right)"
        if floor
        else rf"{peak}\left(1 - \frac{{{past}}}{{{left}}}\right)",
        "cosine": rf"{peak}\left({share}\cdot\tfrac12\left(1 + \cos\frac{{\pi\,({past})}}"
        rf"{{{left}}}\right)\right)"
        if floor
        else rf"{peak}\cdot\tfrac12\left(1 + \cos\frac{{\pi\,({past})}}{{{left}}}\right)",
        "noam": rf"{peak}\sqrt{{{warm}/t}}",
        "step": rf"{peak}\cdot {numeral(schedule.factor, 'g')}"
        rf"^{{\lfloor ({past} - 1)/{schedule.every} \rfloor}}",
    }[schedule.kind]
    if not warm:
        return rf"\eta(t) = {after}"
    rise = rf"{peak}\cdot t/{warm} & t \le {warm}"
    return rf"\eta(t) = \begin{{cases}} {rise} \\[2pt] {after} & t > {warm} \end{{cases}}"


def _controls() -> Schedule:
    state = st.session_state
    names = kind_names()
    st.segmented_control(
        _("Schedule"),
        KINDS,
        format_func=names.__getitem__,
        key="schedule",
        required=True,
        persist_state="session",
    )
    kind: Kind = state["schedule"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            _("Steps"), 1, MOST_STEPS, key="steps", step=1000, persist_state="session", width=140
        )
        st.number_input(
            _("Warm-up steps"),
            0,
            MOST_STEPS,
            key="warmup",
            step=500,
            persist_state="session",
            width=140,
        )
        if not state["own_peak"]:
            st.number_input(
                _("Peak"),
                1e-9,
                1e3,
                key="peak",
                format="%.3g",
                step=1e-4,
                persist_state="session",
                width=140,
            )
        else:
            st.select_slider(
                "d_model", WIDTHS, key="schedule_width", persist_state="session", width=180
            )
        if kind in ("linear", "cosine"):
            st.slider(
                _("Floor, as a share of the peak"),
                0.0,
                1.0,
                key="floor",
                step=0.05,
                persist_state="session",
                width=200,
            )
        if kind == "step":
            st.slider(
                _("Factor"),
                0.01,
                1.0,
                key="factor",
                step=0.01,
                persist_state="session",
                width=140,
            )
            st.number_input(
                _("after every … steps"),
                1,
                MOST_STEPS,
                key="every",
                step=1000,
                persist_state="session",
                width=140,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            _("Peak from d_model and warm-up"),
            key="own_peak",
            persist_state="session",
            help=_("1/√(d_model · warm-up), as in “Attention Is All You Need”, §5.3."),
        )
    peak = noam_peak(state["schedule_width"], max(1, state["warmup"]))
    return Schedule(
        kind,
        peak if state["own_peak"] else float(state["peak"]),
        int(state["warmup"]),
        int(state["steps"]),
        float(state["floor"]),
        float(state["factor"]),
        int(state["every"]),
    )


def _beside(chosen: Kind) -> list[Kind]:
    """Draw the choice of the schedules to compare with."""
    names = kind_names()
    picked = st.multiselect(
        _("Compare, at most three"),
        KINDS,
        format_func=names.__getitem__,
        key="beside",
        max_selections=MOST,
        persist_state="session",
    )
    others: list[Kind] = [kind for kind in KINDS if kind in picked and kind != chosen]
    return others[: MOST - 1]


def _evidence(courses: dict[Kind, Course], chosen: Schedule) -> None:
    names = kind_names()
    table = pd.DataFrame(
        {
            "schedule": names[kind],
            "peak": numeral(found.peak, ".4g"),
            "at": found.peak_at,
            "last": numeral(found.last, ".3g"),
            "mean": numeral(found.area / chosen.steps, ".3g"),
            "area": numeral(found.area, ".4g"),
        }
        for kind, found in courses.items()
    )
    evidence(
        table,
        _(
            "The rate of every step from 1 to {steps}, warm-up of {warmup} steps, as the training "
            "loop of this project uses it; the sum is over all steps."
        ).format(steps=chosen.steps, warmup=chosen.warmup),
        {
            "schedule": _("schedule"),
            "peak": _("peak"),
            "at": _("at step"),
            "last": _("at the last step"),
            "mean": _("mean rate"),
            "area": _("sum of all rates"),
        },
    )


def _tex(number: float) -> str:
    digits, _e, power = numeral(number, ".2e").partition("e")
    if -2 <= int(power) <= 3:
        return numeral(number, ".3g")
    return rf"{numeral(float(digits), 'g')}\cdot10^{{{int(power)}}}"


@st.cache_data(max_entries=64, show_spinner=False)
def _course(schedule: Schedule) -> Course:
    return course(schedule)
