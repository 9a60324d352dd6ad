"""Q20: one sentence with tokens hidden, and with attention edges hidden."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st
from torch import Tensor

from charts import masks as charts
from charts.labels import isolated, visible
from charts.viewer import Axis, Panel, matrices
from experiments.corruption import candidates_of
from experiments.influence import (
    Influence,
    count,
    joined,
    reachable,
    reads_at,
    replacement_id,
)
from experiments.outcome import guesses, predictions, rank
from model import Bench, Choices, ModelError
from model.bench import Text
from ui.anatomy import evidence, figures
from ui.gradual import gradually
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import inert, model_name
from ui.masks import corruption, key_masked
from ui.masks.future import TEXT
from ui.masks.padding import HEAD, LAYER
from ui.masks.runs import attention, influence_steps, predictions_of
from ui.numbers import numeral
from ui.offers import model_parameter
from ui.plot import plot
from ui.scene import colours, words
from ui.single import single
from ui.subject import place, subject
from ui.url import Parameter, flag, number

MOST_TOKENS = 48
EXCHANGED_FOR = "banana"  # what a token becomes while its influence is measured
PARAMETERS = (
    TEXT,
    model_parameter("bert-tiny", "cloze_model"),
    Parameter("word", 2, number(0, MOST_TOKENS - 1)),
    Parameter("hide", True, flag),
    Parameter("prefix", 4, number(0, MOST_TOKENS)),
    LAYER,
    HEAD,
    *corruption.PARAMETERS,
)


def show() -> None:
    """Draw the experiment, and the rule by which BERT hides tokens."""
    bench, text = subject("cloze_model", MOST_TOKENS)
    position = _three_ways(bench, text)
    key_masked.show(bench, text, position, replacement_id(bench, EXCHANGED_FOR))
    corruption.show(bench)


def _three_ways(bench: Bench, text: Text) -> int:
    """Returns the position of the token that is to be predicted."""
    source = bench.encode(text)
    position, hide, prefix = _settings(bench, source.ids[0].tolist(), source.tokens[0])
    ways = {
        "bidirectional": replace(bench.native, mask="none"),
        "causal": replace(bench.native, mask="causal"),
        "prefix": replace(bench.native, mask="prefix", prefix=prefix),
    }
    names = {
        "bidirectional": _("bidirectional"),
        "causal": _("causal"),
        "prefix": _("prefix of {n}").format(n=prefix),
    }
    hidden = position if hide else None
    exchanged = replacement_id(bench, EXCHANGED_FOR)
    influences = _influences(bench, text, hidden, exchanged, ways)
    if len(influences) < len(ways):
        st.info(_("The picture needs all of the steps."))
        return position
    answers = _answers(bench, text, position, exchanged, ways, hide=hide)
    truth = int(source.ids[0, position])
    if answers:
        shown = inert(source.tokens[0][position])
        figures(
            *(
                (
                    f"p({shown}) · {names[way]}",
                    numeral(float(before.softmax(-1)[truth]), ".2g"),
                    _("place {rank} of {size}").format(rank=rank(before, truth), size=len(before)),
                )
                for way, (before, _after) in answers.items()
            )
        )
    else:
        st.info(
            _(
                "Nothing is predicted for this token here: the model has no head for words, or a "
                "causal one has nothing before it to read. Masks and influence show all the same."
            )
        )
    layer, head = place(bench)
    views = {way: attention(bench, text, hidden, c, layer) for way, c in ways.items()}
    labels = list(source.tokens[0])
    if hide:
        labels[position] = "[MASK]"
    st.markdown(_("**Attention**: rows look at columns; hatched: edges that the mask hides"))
    rows, columns = Axis(_("Queries"), labels, "queries"), Axis(_("Keys"), labels, "keys")
    matrices(
        "ways_attention",
        panels=[
            Panel(
                names[way],
                view.weights[0, head],
                "weights",
                high=1.0,
                rows=rows,
                columns=columns,
                masked=~view.mask[0, head],
            )
            for way, view in views.items()
        ],
        across=3,
        words=words(),
    )
    st.markdown(_("**Influence**: how far each output moves when one input token is exchanged"))
    high = max(one.highest for one in influences.values())
    outputs, inputs = Axis(_("Output"), labels, "queries"), Axis(_("Input"), labels, "keys")
    matrices(
        "ways_influence",
        panels=[
            Panel(
                names[way],
                one.relative,
                "difference",
                high=high,
                rows=outputs,
                columns=inputs,
                masked=one.same.expand_as(one.relative),
            )
            for way, one in influences.items()
        ],
        across=3,
        words=words() | {"masked": _("same word: nothing exchanged")},
    )
    if answers:
        st.markdown(_("**Prediction** of the token at position {n}").format(n=position))
        best = guesses({way: before for way, (before, _after) in answers.items()}, bench)
        figure = charts.guesses(
            best, names, {"probability": _("Probability"), "token": _("Token")}, colours()
        )
        plot(figure, key="ways_guesses")
    table = [
        {
            "way": names[way],
            "tokens": int(hide),
            "edges": int((~views[way].mask[0, 0]).sum()),
            **_reach(influences[way], views[way].mask[0, 0], bench),
            **_answer(bench, answers.get(way), truth),
        }
        for way in ways
    ]
    evidence(
        pd.DataFrame(table),
        _(
            "{model}, {tokens} tokens, so {edges} edges. Each input token becomes “{word}” in "
            "turn; a pair (input, output) moves when any feature of the output's last hidden state "
            "differs. Permitted: what the mask's paths through {layers} layers can reach. Leak: KL "
            "of the word's own prediction when the word is exchanged before it is hidden."
        ).format(
            model=model_name(bench),
            tokens=len(labels),
            edges=len(labels) ** 2,
            word=EXCHANGED_FOR,
            layers=bench.shape.n_layers,
        ),
        {
            "way": _("attention"),
            "tokens": _("hidden tokens"),
            "edges": _("hidden edges"),
            "moved": _("pairs that move"),
            "permitted": _("permitted"),
            "probability": _("p(word)"),
            "rank": _("place"),
            "leak": _("leak, nats"),
        },
    )
    return position


def _settings(bench: Bench, ids: list[int], tokens: list[str]) -> tuple[int, bool, int]:
    """Draw what to hide; returns the token's position, whether [MASK] stands there, the prefix."""
    state = st.session_state
    places = candidates_of(ids, bench.tokenizer)
    if not places:
        raise ModelError("nothing-to-hide", "there is no token to hide: all are special")
    bring_back("word", len(tokens) - 1)
    if state["word"] not in places:
        state["word"] = min(places, key=lambda place: abs(place - state["word"]))
    can_hide = bench.tokenizer.special.mask is not None
    bring_back("prefix", len(tokens))
    picking, hiding, seeing = st.columns([3, 2, 2], vertical_alignment="bottom")

    def spoken(place: int) -> str:
        return f"{place} · {isolated(visible(tokens[place]))}"

    label = _("The token to predict")
    if not single(label, places, "word", picking, spoken):
        picking.select_slider(
            label, places, format_func=spoken, key="word", persist_state="session"
        )
    hiding.toggle(
        _("Hide it behind [MASK]"),
        key="hide",
        persist_state="session",
        disabled=not can_hide,
        help=None if can_hide else _("This model's vocabulary has no [MASK]."),
    )
    seeing.slider(
        _("Prefix that all may see"), 0, len(tokens), key="prefix", persist_state="session"
    )
    return int(state["word"]), bool(state["hide"]) and can_hide, int(state["prefix"])


def _influences(
    bench: Bench, text: Text, hidden: int | None, exchanged: int, ways: Mapping[str, Choices]
) -> dict[str, Influence]:
    """Per way the influence of every token; without those that the reader stopped."""
    groups, found = count(bench.encode(text)), {}
    for way, choices in ways.items():
        of = bench, text, hidden, exchanged, choices
        parts = gradually(
            f"influence {way}",
            (bench.name, *of[1:]),
            lambda of=of: influence_steps(*of),
            groups,
            _("Exchanging every token in turn …"),
        )
        if len(parts) < groups:
            break
        found[way] = joined(parts)
    return found


def _answers(
    bench: Bench,
    text: Text,
    position: int,
    exchanged: int,
    ways: dict[str, Choices],
    *,
    hide: bool,
) -> dict[str, tuple[Tensor, Tensor]]:
    """Per way the logits that predict the token, with it and with another in its place."""
    if reads_at(bench, position) is None:
        return {}
    return {
        way: predictions_of(bench, text, position, exchanged, choices, hide=hide)
        for way, choices in ways.items()
    }


def _reach(influence: Influence, mask: Tensor, bench: Bench) -> dict[str, int]:
    """Pairs that moved, and pairs that the mask permits, of the columns that were exchanged."""
    permitted = reachable(mask, bench.shape.encoder_layers or bench.shape.n_layers)
    exchanged = ~influence.same
    return {
        "moved": int(influence.moved.sum()),
        "permitted": int((permitted & exchanged).sum()),
    }


def _answer(
    bench: Bench, answer: tuple[Tensor, Tensor] | None, truth: int
) -> dict[str, float | int]:
    if answer is None:
        return {}
    before, after = answer
    return {
        "probability": round(float(before.softmax(-1)[truth]), 4),
        "rank": rank(before, truth),
        "leak": round(predictions(before, after, bench)[1], 4),
    }
