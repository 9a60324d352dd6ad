"""Question 13: `torch.nn.BatchNorm1d` on a stream of batches whose data shift."""

import pandas as pd
import streamlit as st

from charts import batch as charts
from experiments.batch_statistics import (
    FEATURES,
    MEAN,
    SHIFT_AT,
    STD,
    STEPS,
    Feed,
    Single,
    single,
    standard_errors,
    training,
)
from ui.anatomy import evidence, figures
from ui.i18n import _
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours
from ui.url import Parameter, among, number, one_of

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SHIFTS = (0.0, 1.0, 3.0, 6.0, 12.0)
MOMENTA = (0.01, 0.03, 0.1, 0.3, 1.0)
REPEATS = 2000  # batches behind each standard error

PARAMETERS = (
    Parameter("batch_size", 8, among(*SIZES)),
    Parameter("data_shift", 3.0, among(*SHIFTS)),
    Parameter("momentum", 0.1, among(*MOMENTA)),
    Parameter("mode", "eval", one_of("train", "eval")),
    Parameter("seed", 0, number(0, 9999)),
)


def show() -> None:
    """Statistics over steps, outputs in either mode, and the error of a batch's mean."""
    feed, momentum, mode = _controls()
    frame = None if feed.batch == 1 else _training(feed, momentum)
    lonely = _single(feed, momentum)
    errors = _errors(feed.seed)
    _in_short(frame, errors, feed, lonely)
    if frame is None:
        st.error(
            _("In training mode PyTorch refuses a batch of one: “{words}”").format(
                words=lonely.refused
            ),
            icon=":material/block:",
        )
    else:
        _over_steps(frame, mode)
    _single_sample(lonely)
    _error_of_the_mean(errors, feed.batch)
    _evidence(errors, feed, momentum)


def _controls() -> tuple[Feed, float, str]:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            _("Batch size B"), SIZES, key="batch_size", persist_state="session", width=180
        )
        st.select_slider(
            _("Data shift by"), SHIFTS, key="data_shift", persist_state="session", width=120
        )
        st.select_slider(_("Momentum"), MOMENTA, key="momentum", persist_state="session", width=120)
        modes = {"train": _("training"), "eval": _("evaluation")}
        st.segmented_control(
            _("Mode"),
            list(modes),
            format_func=modes.__getitem__,
            key="mode",
            required=True,
            persist_state="session",
        )
        st.number_input(_("Seed"), 0, 9999, key="seed", persist_state="session", width=90)
    feed = Feed(int(state["batch_size"]), float(state["data_shift"]), int(state["seed"]))
    return feed, float(state["momentum"]), state["mode"]


def _in_short(frame: pd.DataFrame | None, errors: pd.DataFrame, feed: Feed, lonely: Single) -> None:
    here = errors.set_index("batch").loc[feed.batch]
    facts = [
        (
            _("Standard error of the batch mean"),
            numeral(here["error"], ".3f"),
            f"σ/√B = {numeral(here['closed'], '.3f')}",
        )
    ]
    if frame is None:
        facts.append(
            (_("A batch of one, by the formula"), numeral(lonely.formula, "g"), _("every output"))
        )
    else:
        row = frame.iloc[SHIFT_AT]
        facts += [
            (
                _("Mean output after the shift, evaluation"),
                numeral(row["eval_mean"], ".3f"),
                _("first batch after it"),
            ),
            (_("The same, training"), numeral(abs(row["train_mean"]), ".3f"), _("always 0")),
        ]
    figures(*facts)


def _over_steps(frame: pd.DataFrame, mode: str) -> None:
    words = {
        "step": _("Step"),
        "batch_mean": _("mean of the batch"),
        "running_mean": _("running mean"),
        "expected_mean": _("expected running mean"),
        "true_mean": _("true mean"),
        "train_mean": _("mean of the outputs"),
        "eval_mean": _("mean of the outputs"),
        "train_std": _("standard deviation of the outputs"),
        "eval_std": _("standard deviation of the outputs"),
    }
    modes = {
        "train": _("Outputs in training mode"),
        "eval": _("Outputs in evaluation mode"),
    }
    left, right = st.columns(2)
    plot(
        charts.steps(
            frame,
            "batch_mean",
            ("running_mean", "expected_mean", "true_mean"),
            SHIFT_AT,
            words,
            colours(),
            _("One feature: batch and running mean"),
        ),
        key="means",
        within=left,
    )
    plot(
        charts.steps(
            frame,
            f"{mode}_mean",
            (f"{mode}_std",),
            SHIFT_AT,
            words,
            colours(),
            modes[mode],
        ),
        key="outputs",
        within=right,
    )


def _single_sample(lonely: Single) -> None:
    st.markdown(
        _(
            "**A batch of one.** Training mode: PyTorch refuses it. The bare formula: every output "
            "is **{formula}**, since the sample is its own mean. Evaluation mode, with what was "
            "remembered: outputs with the standard deviation **{evaluated}**."
        ).format(formula=numeral(lonely.formula, "g"), evaluated=numeral(lonely.evaluated, ".3f"))
    )


def _error_of_the_mean(errors: pd.DataFrame, batch: int) -> None:
    words = {
        "error": _("Standard error of the batch mean"),
        "closed": "σ/√B",
        "batch": _("Batch size B"),
    }
    plot(charts.standard_error(errors, batch, words, colours()), key="errors")


def _evidence(errors: pd.DataFrame, feed: Feed, momentum: float) -> None:
    evidence(
        errors.round(4),
        _(
            "Normal data of mean {mean} and standard deviation {std}, {repeats} batches per size. "
            "Above: torch.nn.BatchNorm1d, {features} features, momentum {momentum}, batches of "
            "{batch}, {steps} steps, mean + {shift} from step {at} on; seed {seed}. Running "
            "statistics start at mean 0, variance 1; expected running mean: m ← m + momentum · "
            "(true mean − m)."
        ).format(
            mean=numeral(MEAN, "g"),
            std=numeral(STD, "g"),
            repeats=REPEATS,
            features=FEATURES,
            momentum=numeral(momentum, "g"),
            batch=feed.batch,
            steps=STEPS,
            shift=numeral(feed.shift, "g"),
            at=SHIFT_AT,
            seed=feed.seed,
        ),
        {"batch": _("batch size B"), "error": _("standard error, measured"), "closed": "σ/√B"},
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _training(feed: Feed, momentum: float) -> pd.DataFrame:
    return training(feed, momentum)


@st.cache_data(max_entries=64, show_spinner=False)
def _single(feed: Feed, momentum: float) -> Single:
    return single(feed, momentum)


@st.cache_data(max_entries=16, show_spinner=False)
def _errors(seed: int) -> pd.DataFrame:
    return standard_errors(SIZES, REPEATS, seed)
