"""What each scheme does at positions that training never reached."""

from collections.abc import Iterator

import pandas as pd
import streamlit as st
import torch

from charts import positions as charts
from experiments.equivariance import Damage, carried, permitted
from experiments.positions import BUCKETS, CLIP, REACH, Setup, scores, unseen
from model import ModelError
from model.positions import relative_buckets, rope_rates
from ui.anatomy import badge, evidence, figures
from ui.errors import explain
from ui.gradual import gradually
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.plot import plot
from ui.positions.compare import WIDTH, base
from ui.positions.names import scheme_names
from ui.positions.shuffle import MOST_TOKENS
from ui.scene import colours
from ui.subject import subject, subject_parameters
from ui.url import Parameter, among, number

TRAINED = (64, 128, 256, 512, 1024, 2048, 4096)
POINTS = 240
D_MODEL = 512  # of the sinusoids
PARAMETERS = (
    Parameter("trained", 512, lambda text: int(among(*TRAINED)(text))),
    Parameter("times", 2.0, number(0.5, 16.0, float)),
    Parameter("start", 600, number(0, 100_000)),
    *subject_parameters(),
)


def show() -> None:
    """Draw the view."""
    badge("computed")
    with st.container(horizontal=True):
        st.select_slider(
            _("Trained on positions below"),
            TRAINED,
            key="trained",
            persist_state="session",
            width=260,
        )
        st.slider(
            _("Look at, in training lengths"),
            0.5,
            16.0,
            step=0.5,
            key="times",
            persist_state="session",
            width=260,
        )
        root = base()
    trained = int(st.session_state["trained"])
    where = round(trained * float(st.session_state["times"]))
    rates = {"rope": rope_rates(WIDTH, root), "sinusoidal": rope_rates(D_MODEL, root)}
    here = {name: float(unseen(rate, trained, [where])[0]) for name, rate in rates.items()}
    figures(
        *(
            (
                _("{scheme}: pairs at unseen angles").format(scheme=scheme_names()[name]),
                numeral(share, ".0%"),
                _("at {where}, {pairs} pairs").format(where=where, pairs=len(rates[name])),
            )
            for name, share in here.items()
        ),
        (_("Learned table"), _("no row") if where >= trained else _("a row"), f"{where}"),
    )
    points = torch.linspace(0, 16 * trained, POINTS).long().tolist()
    plot(
        charts.curves(
            {name: unseen(rate, trained, points).tolist() for name, rate in rates.items()},
            points,
            {
                "rope": _("RoPE, by distance"),
                "sinusoidal": _("sinusoids, by position"),
            },
            {"x": _("position or distance"), "y": _("share of pairs at unseen angles")},
            colours(),
            at=trained,
            note=_("training ends"),
        ),
        key="unseen",
    )
    _what_happens(trained, where, here)
    st.subheader(_("A real model, far from the start"), anchor=False)
    badge("switched")
    _real()


def _what_happens(trained: int, where: int, share: dict[str, float]) -> None:
    """One sentence per scheme, with the number that the library gives."""
    names = scheme_names()
    far, edge = (
        int(relative_buckets(torch.tensor([-d]), bidirectional=True, buckets=BUCKETS, reach=REACH))
        for d in (where, REACH)
    )
    angles = _("defined, but {share} of the pairs at angles never seen")
    answers = {
        "none": _("nothing to run out of"),
        "sinusoidal": angles.format(share=numeral(share["sinusoidal"], ".0%")),
        "learned": _table_answer(trained, where),
        "shaw": _("the vector of distance {clip}, as for every distance beyond it").format(
            clip=min(CLIP, where)
        ),
        "xl": _("a sinusoid for the distance, {share} of its pairs at angles never seen").format(
            share=numeral(share["sinusoidal"], ".0%")
        ),
        "relative": _("bucket {bucket}; from distance {reach} on all share bucket {edge}").format(
            bucket=far, reach=REACH, edge=edge
        ),
        "rope": angles.format(share=numeral(share["rope"], ".0%")),
        "alibi": _("carries on: bias −{bias} at the slope ⅛").format(bias=numeral(where / 8, "g")),
    }
    evidence(
        pd.DataFrame({"scheme": [names[name] for name in answers], "answer": answers.values()}),
        _(
            "Position {where} for absolute schemes, distance {where} for relative ones, after "
            "training on positions below {trained}; d_head = {width}, d_model = {d_model}. An "
            "angle counts as seen when it lies on the arc from 0 that the pair swept in training."
        ).format(where=where, trained=trained, width=WIDTH, d_model=D_MODEL),
        {"scheme": _("scheme"), "answer": _("what it answers at {where}").format(where=where)},
    )


def _table_answer(trained: int, where: int) -> str:
    """What a table of `trained` rows says when it is asked for position `where`."""
    try:
        scores("learned", Setup(n=1, d=2, offset=where, rows=trained))
    except ModelError as error:
        st.warning(f"**{scheme_names()['learned']}**: {explain(error)}")
        return _("nothing: the call fails")
    return _("its own row")


def _real() -> None:
    bench, text = subject(limit=MOST_TOKENS)
    st.number_input(
        _("First token at position"), 0, 100_000, key="start", persist_state="session", width=220
    )
    start, schemes, names = int(st.session_state["start"]), permitted(bench), scheme_names()

    def work() -> Iterator[Damage]:
        return carried(bench, text, schemes, start)

    done = gradually(
        "beyond", (bench.name, text, start), work, len(schemes), _("Running far from the start …")
    )
    for one in done:
        if one.error is not None:
            st.warning(f"**{names[one.scheme]}**: {explain(one.error)}")
    evidence(
        pd.DataFrame(
            {
                "scheme": [names[one.scheme] for one in done],
                "moved": [
                    "–" if one.cosine is None else numeral(max(0.0, 1 - one.cosine), ".2g")
                    for one in done
                ],
                "error": [_("runs") if one.error is None else _("the call fails") for one in done],
            }
        ),
        _(
            "{model}: the text from position {start} on, against the same text and scheme from "
            "position 0 on; last hidden states, mean over tokens. 0 says that distances alone "
            "count: not that the model would do well on a text of that length."
        ).format(model=model_name(bench), start=start),
        {"scheme": _("positions"), "moved": _("1 − cosine"), "error": _("what happens")},
    )
