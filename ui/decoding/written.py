"""A text as it is written, every token by a pass that goes on from a cache and by one over all
positions; then the same tokens in one pass."""

from collections.abc import Iterator
from html import escape

import pandas as pd
import streamlit as st
import torch

from charts.labels import plain, visible
from charts.viewer import Axis, Panel, matrices
from experiments.sequential import Moment, Whole, computed, write
from model import Bench
from model.decoding import prompt
from ui.anatomy import evidence, figures
from ui.fragment import fragment
from ui.gradual import begin, gradually, so_far, working
from ui.i18n import _
from ui.inert import model_name
from ui.numbers import numeral
from ui.scene import colours, words

KEY = "written"
AT_ONCE = 0.6  # seconds of work between two pictures
PAUSE = 0.3  # seconds in which the page can answer something else
_LONGEST = 60  # letters of a token

_STYLE = """<style>
.written { line-height: 2.6; overflow-wrap: anywhere; }
.written span { border-radius: 4px; padding: 2px 4px; margin: 0 1px; display: inline-block;
  line-height: 1.2; unicode-bidi: isolate; white-space: pre-wrap; }
.written small { display: block; font-size: 0.68rem; opacity: 0.8; text-align: center; }
.written .given { opacity: 0.75; }
</style>"""

Event = Moment | Whole


def show(bench: Bench, text: str, limit: int, temperature: float, seed: int) -> list[Moment]:
    """Draw what is written so far, and go on; returns its moments."""
    prompt(bench, text)  # what cannot be read is said at once, at every run
    settings = (bench.name, text, limit, temperature, seed)

    def start() -> Iterator[Event]:
        return write(bench, text, limit, temperature, seed)

    begin(KEY, settings, start, within=AT_ONCE)
    ticking = working(KEY, limit + 1)

    def draw() -> None:
        place = st.container()  # above what grows, so that the button stays where it is
        _draw(bench, text, so_far(KEY, settings))
        with place:
            gradually(KEY, settings, start, limit + 1, _("Writing …"), within=AT_ONCE)
        if ticking != working(KEY, limit + 1):
            st.rerun()  # the clock of a fragment starts and stops only with the whole page

    fragment(draw, run_every=PAUSE if ticking else None)()
    return [event for event in so_far(KEY, settings) if isinstance(event, Moment)]


def _draw(bench: Bench, text: str, events: list[Event]) -> None:
    moments = [event for event in events if isinstance(event, Moment)]
    whole = next((event for event in events if isinstance(event, Whole)), None)
    given = bench.encode(text).tokens[0][: moments[0].length] if moments else []
    _text(bench, text, moments)
    if not moments:
        return
    _facts(moments, whole)
    _passes(bench, given, moments)
    if whole is not None:
        _evidence(bench, moments, whole)


def _text(bench: Bench, text: str, moments: list[Moment]) -> None:
    """The prompt, and behind it each token on a ground as strong as its probability."""
    ground = colours().weights_ramp[3]
    spans = [f'<span class="given">{escape(text)}</span>']
    for moment in moments:
        others = " · ".join(
            f"{_name(bench, token)} {numeral(share, '.1%')}" for token, share in moment.likeliest
        )
        strength = f"{round(10 + 50 * moment.probability)}%"
        spans.append(
            f'<span title="{escape(others)}" '
            f'style="background: color-mix(in srgb, {ground} {strength}, transparent)">'
            f"{plain(_name(bench, moment.token), _LONGEST)}"
            f"<small>{numeral(moment.probability, '.0%')}</small></span>"
        )
    st.html(_STYLE)
    st.html(f'<div class="written">{"".join(spans)}</div>')
    st.caption(
        _(
            "Each token with the probability that the model gave it; point at one for the "
            "likeliest five."
        )
    )


def _facts(moments: list[Moment], whole: Whole | None) -> None:
    repeated = sum(one.length for one in moments)
    cached = sum(one.length - one.first for one in moments)
    seconds = sum(one.seconds for one in moments)
    again = sum(one.seconds_repeated for one in moments)
    gap = max(one.gap for one in moments)
    if whole is not None:
        gap = max(gap, whole.gap_cached, whole.gap_repeated)
    figures(
        (
            _("Largest difference of logits"),
            numeral(gap, ".2g"),
            _("the largest logit is {logit}").format(logit=numeral(whole.largest, ".1f"))
            if whole is not None
            else _("so far"),
        ),
        (
            _("Positions computed, with a cache"),
            str(cached),
            _("without: {count}").format(count=repeated),
        ),
        (
            _("Passes, step by step"),
            str(len(moments)),
            _("all at once: {count}").format(count=1),
        ),
        (
            _("Time, with a cache"),
            f"{numeral(seconds, '.2g')} s",
            _("without: {time} s").format(time=numeral(again, ".2g")),
        ),
        (
            _("Time, all at once"),
            "…" if whole is None else f"{numeral(whole.seconds, '.2g')} s",
            _("the tokens known"),
        ),
    )


def _passes(bench: Bench, given: list[str], moments: list[Moment]) -> None:
    """Passes by positions: what each pass computes, and how often that is by then."""
    with_cache, without = (computed(moments, cached=cached) for cached in (True, False))
    positions = with_cache.shape[1]
    tokens = [*given, *(_name(bench, one.token) for one in moments[:-1])]
    absent = torch.arange(positions) >= torch.tensor([one.length for one in moments])[:, None]
    high = float(without.max())
    columns = Axis(_("Position"), tokens)
    rows = Axis(_("Pass"), [str(number) for number in range(1, len(moments) + 1)])
    titles = (
        _("Without a cache: {n} positions").format(n=int((without > 0).sum())),
        _("With a cache: {n} positions").format(n=int((with_cache > 0).sum())),
    )
    panels = [
        Panel(title, cells, "amounts", high=high, rows=rows, columns=columns, masked=absent)
        for title, cells in zip(titles, (without, with_cache), strict=True)
    ]
    panels.append(
        Panel(
            _("All at once: {n} positions").format(n=positions),
            torch.ones(1, positions),
            "amounts",
            high=high,
            rows=Axis(_("Pass"), ["1"]),
            columns=columns,
        )
    )
    names = words() | {"masked": _("not written yet"), "weight": _("times computed so far")}
    matrices("passes", panels=panels, words=names)
    st.caption(
        _(
            "A row is one pass over the model, a column one position. Rose: computed in this "
            "pass, the stronger the more often by now; blank: read from the cache; hatched: not "
            "written yet. The first pass reads the prompt. All at once needs tokens that are known."
        )
    )


def _evidence(bench: Bench, moments: list[Moment], whole: Whole) -> None:
    evidence(
        pd.DataFrame(
            {
                "pass": range(1, len(moments) + 1),
                "token": [visible(_name(bench, one.token)) for one in moments],
                "probability": [round(one.probability, 4) for one in moments],
                "computed": [one.length - one.first for one in moments],
                "repeated": [one.length for one in moments],
                "cached_ms": [round(one.seconds * 1e3, 2) for one in moments],
                "repeated_ms": [round(one.seconds_repeated * 1e3, 2) for one in moments],
                "gap": [numeral(one.gap, ".1e") for one in moments],
                "bytes": [one.bytes for one in moments],
            }
        ),
        _(
            "{model}, float32, {threads} threads, measured now on this server. Largest difference "
            "between the logits of one pass over all tokens and those of the steps: with a cache "
            "{cached}, without {repeated}; all three find the same token likeliest at {agreeing} "
            "of {steps} positions."
        ).format(
            model=model_name(bench),
            threads=torch.get_num_threads(),
            cached=numeral(whole.gap_cached, ".2g"),
            repeated=numeral(whole.gap_repeated, ".2g"),
            agreeing=whole.agreeing,
            steps=whole.steps,
        ),
        {
            "pass": _("pass"),
            "token": _("token"),
            "probability": _("probability"),
            "computed": _("positions computed, with a cache"),
            "repeated": _("without"),
            "cached_ms": _("ms, with a cache"),
            "repeated_ms": _("ms, without"),
            "gap": _("largest difference of logits"),
            "bytes": _("cache, bytes"),
        },
    )


def _name(bench: Bench, token: int) -> str:
    return bench.tokenizer.tokens([token])[0]
