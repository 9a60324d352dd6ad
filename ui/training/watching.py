"""What one sees of a live training: attention that forms, answers, curves, and what came out."""

import math
from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st

from charts import training as charts
from charts.viewer import Axis, Panel, matrices
from experiments.live_training import (
    LEARNT,
    SIDES,
    Look,
    Moment,
    Pair,
    Plan,
    examinations,
    example,
    marks,
    outcome,
    recipe,
    right_keys,
    steps_taken,
    strongest,
    task_of,
)
from ui.anatomy import evidence
from ui.i18n import _
from ui.indices import index, left_out
from ui.indices import pair as pair_of_indices
from ui.inert import inert
from ui.numbers import numeral
from ui.plot import plot
from ui.scene import colours, words
from ui.snippet import training as training_snippet
from ui.training.settings import described
from ui.url import Parameter, written

PAUSE = 1.5  # seconds between two pictures
_AT = "train_at"  # the step that is looked at
_HEAD = "train_head"
_LAST, _BEST = "last", "best"  # the last step seen; the head that looks most where it should


def _step(text: str) -> int | str:
    return text if text == _LAST else index(text)


def _head(text: str) -> str:
    return text if text == _BEST else pair_of_indices(text)


PARAMETERS = (Parameter(_AT, _LAST, _step), Parameter(_HEAD, _BEST, _head))


def draw(plan: Plan, pair: Pair, seen: Sequence[Moment], state: str) -> None:
    """The pictures of a training as far as it has been seen."""
    step = seen[-1].step
    st.progress(
        step / plan.steps,
        text={
            "untrained": _("Not trained yet: the models before their first step"),
            "recorded": _("Recorded: {steps} steps"),
            "playing": _("Recorded: step {step} of {steps}"),
            "waiting": _("Waiting, after step {step} of {steps}"),
            "running": _("Training: step {step} of {steps}"),
            "paused": _("Paused after step {step} of {steps}"),
            "stopped": _("Stopped after step {step} of {steps}"),
            "done": _("Trained: {steps} steps"),
            "failed": _("Broken off after step {step} of {steps}"),
        }[state].format(step=step, steps=plan.steps),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        moment = _looked_at(plan, seen)
        head = _chosen_head(plan)
    assert moment.looks is not None
    _attention(plan, pair, moment.step, moment.looks, head)
    _curves(plan, pair, seen, moment.step)


def look_at_the_last() -> None:
    """Look at the last step that has been seen, whatever was looked at (a callback)."""
    st.session_state[_AT] = _LAST


def after(plan: Plan, pair: Pair, seen: Sequence[Moment]) -> None:
    """What came out, and what can be taken away."""
    if len(seen) < 2:
        return
    table = outcome(seen)
    for side, diverged in zip(SIDES, table["diverged"], strict=True):
        if not math.isnan(diverged):
            st.warning(
                _(
                    "{side} diverged: from step {step} on its loss is no number. A lower peak, a "
                    "longer warm-up or the norm before the sublayer would help."
                ).format(side=side.upper(), step=int(diverged)),
                icon=":material/trending_up:",
            )
    _evidence(plan, pair, table)
    with st.expander(_("Take it away"), icon=":material/download:"):
        st.download_button(
            _("Curves as CSV"),
            lambda: _curves_as_csv(seen),
            file_name="training.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="train_csv",
        )
        st.code(
            training_snippet([recipe(plan, setting) for setting in pair]),
            language="python",
            wrap_lines=True,
        )


def _looked_at(plan: Plan, seen: Sequence[Moment]) -> Moment:
    """Draw the slider over the examined steps; returns the last one seen up to its step."""
    *earlier, last = marks(plan.steps)
    steps: list[int | str] = [*earlier, _LAST]
    _see_to(_AT, steps, _LAST)
    st.select_slider(
        _("Look at step (the last one: as it learns)"),
        steps,
        format_func=lambda step: str(last if step == _LAST else step),
        key=_AT,
        persist_state="session",
        width=400,
        help=_("Drag to the left to go back through the training."),
    )
    at = st.session_state[_AT]
    return [m for m in seen if m.looks and (at == _LAST or m.step <= at)][-1]


def _see_to(name: str, options: Collection[int | str], default: str) -> None:
    """See that the parameter `name` is one of these, which the training's settings decide."""
    state = st.session_state
    if state[name] not in options:
        if st.query_params.get(name) == written(state[name]):
            left_out([f"{name}={written(state[name])}"])
        state[name] = default


def _attention(
    plan: Plan,
    pair: Pair,
    step: int,
    looks: tuple[Look, Look],
    chosen: tuple[int, int] | None,
) -> None:
    read, right = example(plan)
    best = strongest(looks[0]) if plan.task != "characters" else (plan.layers - 1, 0)
    layer, head = chosen or best
    target = right_keys(plan)
    queries = len(read) // 2 if target is not None else 0  # the first that predicts an answer
    rows = Axis(_("Queries"), read[queries:], "queries")
    columns = Axis(_("Keys"), read, "keys")
    future = [[key > query for key in range(len(read))] for query in range(queries, len(read))]
    panels = [
        Panel(
            name,
            look.attention[layer, head, queries:].float(),
            high=1.0 if target is not None else None,
            rows=rows,
            columns=columns,
            masked=future,
        )
        for name, look in zip(described(pair), looks, strict=True)
    ]
    if target is not None:
        panels.append(
            Panel(
                _("where the answers stand"),
                target[queries:],
                high=1.0,
                rows=rows,
                columns=columns,
                masked=future,
            )
        )
    matrices("live_attention", panels=panels, across=3, words=words())
    st.caption(
        _(
            "Attention of layer {layer}, head {head} after step {step}, on a held-out example: "
            "the rows predict, the columns are looked at."
        ).format(layer=layer, head=head, step=step)
    )
    if target is not None:
        wanted = " ".join(f"**{inert(token)}**" for token in right)
        lines = [_("Right answer: {letters}").format(letters=wanted)]
        lines += [
            f"{side.upper()}: {_marked(look.answers, right)}"
            for side, look in zip(SIDES, looks, strict=True)
        ]
        st.markdown("  \n".join(lines))  # a line each


def _chosen_head(plan: Plan) -> tuple[int, int] | None:
    """Draw the choice of a layer and head; None: the one that looks most where it should."""
    heads = [(layer, head) for layer in range(plan.layers) for head in range(plan.heads)]
    names = {_BEST: _("the one of A that looks most at the answer")}
    if plan.task == "characters":
        names = {_BEST: _("the first of the last layer")}
    names |= {
        f"{layer}.{head}": _("layer {layer}, head {head}").format(layer=layer, head=head)
        for layer, head in heads
    }
    _see_to(_HEAD, names, _BEST)
    picked = st.selectbox(
        _("Head"),
        list(names),
        format_func=names.__getitem__,
        key=_HEAD,
        persist_state="session",
        width=340,
    )
    return None if picked == _BEST else heads[list(names).index(picked) - 1]


def _marked(answers: Sequence[str], right: Sequence[str]) -> str:
    """Right tokens green, wrong ones red and struck through."""
    return " ".join(
        f":green[**{inert(said)}**]" if said == wanted else f":red[~~{inert(said)}~~]"
        for said, wanted in zip(answers, right, strict=True)
    )


def _curves(plan: Plan, pair: Pair, seen: Sequence[Moment], at: int) -> None:
    taken, examined = steps_taken(seen), examinations(seen)
    one, other = described(pair)
    names = {
        "a": one,
        "b": other,
        "loss": _("Loss of the batches, nats"),
        "accuracy": _("Held-out answers that are right"),
        "right": _("Attention on the right key, best head"),
        "held_out": _("Held-out loss, nats"),
        "rate": _("Learning rate"),
        "step": _("step"),
    }
    schedules = [recipe(plan, setting).schedule for setting in pair]
    steps = range(1, plan.steps + 1)
    planned = pd.concat(
        pd.DataFrame({"step": steps, "side": side, "rate": [s.rate(step) for step in steps]})
        for side, s in zip(SIDES, schedules, strict=True)
    )
    third = "held_out" if plan.task == "characters" else "right"
    columns = [*st.columns(2), *st.columns(2)]
    for column, (frame, quantity) in zip(
        columns,
        ((taken, "loss"), (examined, "accuracy"), (examined, third), (planned, "rate")),
        strict=True,
    ):
        figure = charts.sides(
            frame,
            quantity,
            plan.steps,
            names,
            colours(),
            at=at,
            share=quantity in ("accuracy", "right"),
            smooth=quantity == "loss",
        )
        plot(figure, key=f"live_{quantity}", within=column)


def _evidence(plan: Plan, pair: Pair, table: pd.DataFrame) -> None:
    def number(value: float, pattern: str = ".4g") -> str:
        return "–" if math.isnan(value) else numeral(value, pattern)

    shown = pd.DataFrame(
        {
            "setting": name,
            "loss": number(row["loss"]),
            "held_out": number(row["held_out"]),
            "accuracy": number(row["accuracy"], ".1%"),
            "right": number(row["right"], ".1%"),
            "learnt": number(row["learnt"], ".0f"),
        }
        for name, row in zip(described(pair), table.to_dict("records"), strict=True)
    )
    evidence(
        shown,
        _(
            "Task {task}, decoder of {layers} layers, {heads} heads, d_model = {width}, "
            "{batch} examples a step, {steps} of {planned} steps, AdamW, gradients clipped to "
            "norm 1, seed {seed} for first weights, batches and dropout of both. One run of each: "
            "another seed may tell another story."
        ).format(
            task=task_of(plan).name,
            layers=plan.layers,
            heads=plan.heads,
            width=plan.width,
            batch=plan.batch,
            steps=int(table["step"].iloc[0]),
            planned=plan.steps,
            seed=plan.seed,
        ),
        {
            "setting": _("setting"),
            "loss": _("loss, mean of the last ten batches"),
            "held_out": _("held-out loss"),
            "accuracy": _("held-out accuracy"),
            "right": _("attention on the right key, best head"),
            "learnt": _("accuracy of {share} from step").format(share=numeral(LEARNT, ".0%")),
        },
    )


def _curves_as_csv(seen: Sequence[Moment]) -> str:
    """One row per step and side, examinations where there were any."""
    return (
        steps_taken(seen)
        .merge(examinations(seen), on=["step", "side"], how="outer")
        .to_csv(index=False)
    )
