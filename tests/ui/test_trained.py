"""Panels of trained families: sentences that the numbers choose, and what each panel shows."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from experiments.families import Comparison, Entry, Verdict, still_falling, tables, values
from model.training.families import FAMILIES, SEEDS
from ui.trained.finding import counted, finding, gaps, stretched
from ui.trained.names import variant_name
from ui.trained.panels import PANELS

USUAL, ONE, OTHER = Entry("norms", "pre"), Entry("norms", "rms"), Entry("norms", "none")
NAMES = {USUAL: "LayerNorm", ONE: "RMSNorm", OTHER: "no norm"}


def against(entry: Entry, *differences: float, reference: Entry = USUAL) -> Comparison:
    base = (1.5,) * len(differences)
    return Comparison(entry, reference, tuple(1.5 + d for d in differences), base)


@pytest.mark.parametrize(
    ("differences", "expected", "said"),
    [
        (
            (-0.19, -0.2, -0.21),
            "lower",
            "lower loss: **RMSNorm** 1.300. As the usual answer expects: **RMSNorm**.",
        ),
        (
            (0.19, 0.2, 0.21),
            "lower",
            "higher loss: **RMSNorm** 1.700. "
            "In this small, short training it came out **the other way round**: **RMSNorm**.",
        ),
        (  # all three agree, and the seeds alone would explain it
            (0.1, 0.2, 0.3),
            "higher",
            "no difference found: **RMSNorm** 1.700. "
            "The usual answer expects a difference that these seeds do not show: **RMSNorm**.",
        ),
        (
            (0.1, 0.3),
            None,
            "no difference found: **RMSNorm** 1.700. The usual answer says nothing about this.",
        ),
    ],
)
def test_the_numbers_choose_the_sentence(
    differences: tuple[float, ...], expected: Verdict | None, said: str
) -> None:
    found = finding([against(ONE, *differences)], {ONE: expected}, NAMES)
    lead = "Against **LayerNorm** with 1.500 nats per character of held-out text, over "
    lead += f"{len(differences)} seeds: "
    assert found == lead + said


def test_entries_of_one_verdict_stand_together() -> None:
    pairs = [against(ONE, 0.1, 0.1), against(OTHER, -0.1, -0.1)]
    found = finding(pairs, {ONE: "higher", OTHER: "higher"}, NAMES)
    assert found == (
        "Against **LayerNorm** with 1.500 nats per character of held-out text, over 2 seeds: "
        "lower loss: **no norm** 1.400; higher loss: **RMSNorm** 1.600. "
        "As the usual answer expects: **RMSNorm**. "
        "In this small, short training it came out **the other way round**: **no norm**."
    )


def test_each_entry_names_its_own_reference_where_there_are_several() -> None:
    pairs = [against(ONE, 0.1, 0.1), against(OTHER, 0.2, 0.2, reference=ONE)]
    found = finding(pairs, {ONE: None, OTHER: "higher"}, NAMES)
    assert found == (
        "In nats per character of held-out text, over 2 seeds: higher loss: "
        "**RMSNorm** 1.600 against 1.500 for LayerNorm, "
        "**no norm** 1.700 against 1.500 for RMSNorm. "
        "As the usual answer expects: **no norm**."
    )


def test_more_comparisons_need_more_evidence() -> None:
    """Two found apart one by one, of which one is not found beside the other."""
    sure, near = (0.2, 0.3, 0.3), (0.2, 0.2, 0.2)
    alone = finding([against(ONE, *sure)], {ONE: "higher"}, NAMES)
    assert "higher loss: **RMSNorm**" in alone
    many = [against(ONE, *sure), *(against(Entry("norms", str(n)), *near) for n in range(4))]
    names = NAMES | {one.entry: one.entry.variant for one in many[1:]}
    together = finding(many, {one.entry: "higher" for one in many}, names)
    assert "no difference found: **RMSNorm**" in together


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ({"a": 1.4, "b": 1.9}, "none of these models does better than counts of 4"),
        ({"a": 1.25, "b": 1.9}, "only these do better than counts of 4: **a**."),
    ],
)
def test_counting_is_said_beside_what_was_trained(losses: dict[str, float], said: str) -> None:
    found = counted({3: 1.7, 4: 1.3}, losses, 300)
    assert "1.700 for 3 characters, 1.300 for 4 characters" in found
    assert said in found


def test_longer_windows_are_sorted_by_what_they_cost() -> None:
    frames = {
        "a": pd.DataFrame({"at": [64.0, 256.0], "mean": [1.5, 2.5]}),
        "b": pd.DataFrame({"at": [64.0, 256.0], "mean": [2.0, 1.75]}),
        "c": pd.DataFrame({"at": [64.0], "mean": [1.0]}),
    }
    assert stretched(frames, 64) == (
        "From 64 to 256 characters, 4 times the trained length, the loss at the end of the window "
        "changes by: **b** -0.25, **a** +1.00. No row beyond 64: c."
    )


def test_the_gap_is_held_out_minus_training() -> None:
    table = pd.DataFrame({"mean": [2.0, 1.5], "training": [1.25, 1.75]})
    assert gaps(table, ["a", "b"]) == "Held-out minus training loss: **a** +0.75, **b** -0.25."


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_stands_on_what_is_stored(name: str) -> None:
    panel, stored = PANELS[name], tables()
    for entry in panel.entries:
        assert len(values(stored, entry)) == len(SEEDS)
    assert still_falling(stored, panel.entries) > 0  # as the panels say
    references = [pair.reference for pair in panel.pairs]
    assert len({pair.entry for pair in panel.pairs}) == len(panel.pairs)
    assert all(pair.entry != pair.reference for pair in panel.pairs)
    assert set(panel.entries) == {*references, *(pair.entry for pair in panel.pairs)}


def test_every_variant_is_shown_somewhere_under_a_name_of_its_own() -> None:
    shown = {(e.family, e.variant) for panel in PANELS.values() for e in panel.entries}
    assert shown == {(name, one) for name, family in FAMILIES.items() for one in family.variants}
    for name, family in FAMILIES.items():
        assert len({variant_name(name, one) for one in family.variants}) == len(family.variants)


def draw(name: str, language: str) -> None:
    import streamlit as st

    from ui.trained.panel import show

    st.session_state["lang"] = language
    show(name)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_drawn_in_both_languages(name: str) -> None:
    said = []
    for language in ("en", "zh"):
        app = AppTest.from_function(draw, args=(name, language), default_timeout=60).run()
        assert not app.exception
        charts = [chart.proto.spec for chart in app.get("plotly_chart")]
        assert len(charts) == 2 + PANELS[name].lengths
        (table,) = (frame.value for frame in app.dataframe)
        assert len(table) == len(PANELS[name].entries)
        assert f"model.training families {PANELS[name].entries[0].family}" in "".join(
            caption.value for caption in app.caption
        )
        said.append((app.subheader[0].value, app.markdown[-1].value, tuple(charts), table.columns))
    english, chinese = said
    assert all(one != other for one, other in zip(english[:3], chinese[:3], strict=True))
    assert "seeds" in english[1]
    assert "种子" in chinese[1]
