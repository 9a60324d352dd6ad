"""What a live training is given: its parameters in the URL, ready comparisons, and the controls."""

from dataclasses import fields
from typing import Any

import streamlit as st

from experiments.live_training import SIDES, Pair, Plan, Setting
from experiments.recorded import READY
from model.training.schedules import KINDS
from ui.i18n import N_, _
from ui.numbers import numeral
from ui.switches import NAMES
from ui.training.schedule import kind_names
from ui.url import Parameter, among, flag, number, one_of

PEAKS = (1e-4, 3e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 1.0)
LAYERS, HEADS, WIDTHS = (1, 2, 3, 4), (1, 2, 4, 8), (16, 32, 48, 64)
STEPS = (60, 120, 240, 500, 1000, 2000)
BATCHES = (8, 16, 32, 64, 128, 256, 1024)
TASKS = {"reverse": N_("reverse"), "copy": N_("copy"), "characters": N_("next character")}
NORMS = ("layer", "rms", "none")
POSITIONS = ("sinusoidal", "learned", "rope", "alibi", "relative", "none")
MOST_DROPOUT = 0.8

COMPARISONS = {
    "warmup": N_("warm-up or none"),
    "place": N_("norm before or after, no warm-up"),
    "peak": N_("peak 0.01 or 0.0005"),
    "dropout": N_("dropout 0 or 0.3"),
    "positions": N_("positions or none"),
    "scaled": N_("scaled or not"),
}

_READERS: dict[str, Any] = {
    "kind": one_of(*KINDS),
    "peak": among(*PEAKS),
    "warmup": number(0, STEPS[-1]),
    "dropout": number(0, MOST_DROPOUT, float),
    "place": one_of("pre", "post"),
    "norm": one_of(*NORMS),
    "positions": one_of(*POSITIONS),
    "scaled": flag,
}


def _whole(*options: int) -> Any:
    return lambda text: int(among(*options)(text))


_SHARED: dict[str, Any] = {
    "task": one_of(*TASKS),
    "layers": _whole(*LAYERS),
    "heads": _whole(*HEADS),
    "width": _whole(*WIDTHS),
    "steps": _whole(*STEPS),
    "batch": _whole(*BATCHES),
    "seed": number(0, 9999),
}

PARAMETERS = (
    *(Parameter(f"train_{name}", getattr(Plan(), name), read) for name, read in _SHARED.items()),
    *(
        Parameter(f"{side}_{name}", getattr(setting, name), read)
        for side, setting in zip(SIDES, READY["warmup"], strict=True)
        for name, read in _READERS.items()
    ),
)


def chosen() -> tuple[Plan, Pair]:
    """The settings of the session."""
    state = st.session_state
    plan = Plan(**{field.name: state[f"train_{field.name}"] for field in fields(Plan)})
    one, other = (
        Setting(**{field.name: state[f"{side}_{field.name}"] for field in fields(Setting)})
        for side in SIDES
    )
    return plan, (one, other)


def take(pair: Pair) -> None:
    """Make these the session's settings (a callback)."""
    for side, setting in zip(SIDES, pair, strict=True):
        for field in fields(setting):
            st.session_state[f"{side}_{field.name}"] = getattr(setting, field.name)


def controls() -> None:
    """Draw the settings: what both sides share, then A and B."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            _("Task"),
            list(TASKS),
            format_func=lambda name: _(TASKS[name]),
            key="train_task",
            required=True,
            persist_state="session",
        )
        for name, label, options in (
            ("layers", _("Layers"), LAYERS),
            ("heads", _("Number of heads"), HEADS),
            ("width", "d_model", WIDTHS),
            ("steps", _("Steps"), STEPS),
            ("batch", _("Batch size"), BATCHES),
        ):
            st.select_slider(
                label, options, key=f"train_{name}", persist_state="session", width=120
            )
        st.number_input(_("Seed"), 0, 9999, key="train_seed", persist_state="session", width=100)
    for column, side in zip(st.columns(2, border=True), SIDES, strict=True):
        with column:
            st.markdown(f"**{side.upper()}**")
            _side(side)


def _side(side: str) -> None:
    def choose(name: str, label: str, options: Any, names: dict[str, str]) -> None:
        st.selectbox(
            label,
            options,
            format_func=names.__getitem__,
            key=f"{side}_{name}",
            persist_state="session",
            width=170,
        )

    named = {name: _(text) for name, text in NAMES.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose("kind", _("Schedule"), KINDS, kind_names())
        st.select_slider(_("Peak"), PEAKS, key=f"{side}_peak", persist_state="session", width=170)
        st.number_input(
            _("Warm-up steps"),
            0,
            STEPS[-1],
            key=f"{side}_warmup",
            step=10,
            persist_state="session",
            width=170,
        )
        st.slider(
            _("Dropout"),
            0.0,
            MOST_DROPOUT,
            key=f"{side}_dropout",
            step=0.05,
            persist_state="session",
            width=170,
        )
        choose("place", _("Norm stands"), ("pre", "post"), named)
        choose("norm", _("Norm"), NORMS, named)
        choose("positions", _("Positions"), POSITIONS, named)
        st.toggle(_("Scores ÷ √d_head"), key=f"{side}_scaled", persist_state="session")


def described(pair: Pair) -> tuple[str, str]:
    """What A and B are called: the fields in which they differ, or all alike."""
    names = {name: _(text) for name, text in NAMES.items()} | kind_names()
    labels = {
        "kind": _("schedule {value}"),
        "peak": _("peak {value}"),
        "warmup": _("warm-up of {value} steps"),
        "dropout": _("dropout {value}"),
        "place": _("norm {value}"),
        "norm": _("norm: {value}"),
        "positions": _("positions: {value}"),
    }

    def say(setting: Setting, name: str) -> str:
        value = getattr(setting, name)
        if name == "scaled":
            return _("scaled") if value else _("not scaled")
        if name == "warmup" and not value:
            return _("no warm-up")
        shown = names[value] if isinstance(value, str) else numeral(value, "g")
        return labels[name].format(value=shown)

    differing = [f.name for f in fields(Setting) if len({getattr(s, f.name) for s in pair}) > 1]
    one, other = (
        _(", ").join(say(setting, name) for name in differing) or _("the same settings")
        for setting in pair
    )
    return f"A: {one}", f"B: {other}"
