"""What others wrote, as Markdown and in spreadsheets."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import TOKENS
from ui.inert import LONGEST, inert, inert_text
from ui.quoted import JOINER
from ui.spreadsheet import cell, safe, shown


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("cat", "cat"),
        (" cat", "␣cat"),
        ("\tcat ", "⇥cat␣"),
        (" ", "␣"),
        ("", "∅"),
        ("##ل", "\u2066\\#\\#ل\u2069"),
        ("a b", "a␣b"),
        ("\r\n", "⟨d⟩↵"),
        ("\u202e猫", "⟨202e⟩猫"),
        ("[MASK]", r"\[MASK\]"),
        ("a->", rf"a{JOINER}\-{JOINER}\>"),
        ("www.x", rf"www{JOINER}\.x"),
    ],
)
def test_a_token_as_markdown(token: str, shown: str) -> None:
    assert inert(token) == shown


def test_a_name_keeps_its_blanks() -> None:
    assert inert_text(" The capital of [MASK]") == r"The capital of \[MASK\]"
    assert inert_text("a\tb") == "a⇥b"


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (" the", "␣the"),
        ("the cat ", "the cat␣"),
        ("  ", "␣␣"),
        ("", ""),
        ("a\nb", "a↵b"),
        ("##ل", "\u200e##ل"),
        ("cat", "cat"),
    ],
)
def test_what_a_table_shows(said: str, seen: str) -> None:
    assert shown(said) == seen
    assert safe(pd.DataFrame({"token": [said]}))["token"].tolist() == [seen]


@given(st.text() | st.sampled_from(TOKENS))
def test_every_sign_of_markdown_is_escaped_on_one_line(token: str) -> None:
    said = inert(token)
    assert said.isprintable() or set(said) & {JOINER, "\u2066"}
    assert len(said.splitlines()) == 1
    bare = said.strip("\u2066\u2069").replace(JOINER, "").replace("\\\\", "")
    for at, letter in enumerate(bare):
        if letter.isascii() and not letter.isalnum() and letter != "\\":
            assert bare[at - 1 : at] == "\\"
    assert inert("x" * 1000) == "x" * LONGEST


@pytest.mark.parametrize(
    "said",
    ["=1+1", "@SUM(A1)", "+cmd|' /C'!A0", "-2+3", "\t=1", " =1", "\u200b=1", "＝1+1", "-ing", "--"],
)
def test_a_formula_becomes_a_text(said: str) -> None:
    assert cell(said) == f"'{said}"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "=",
        "-",
        "+",
        "@",
        "-0.5",
        "+1.2e-07",
        "-3 %",
        "+12.5%",
        "1,234",
        "cat",
        "a=b",
        "−5",
        "'=",
    ],
)
def test_anything_else_stays_as_it_is(said: str) -> None:
    assert cell(said) == said


def test_a_table_keeps_its_numbers_and_loses_its_formulas() -> None:
    table = pd.DataFrame({"=token": ["=1+1", "cat", None], "weight": [-0.5, 1.0, 2.0]})
    kept = safe(table)
    assert kept.columns.tolist() == ["'=token", "weight"]
    assert kept["'=token"].tolist()[:2] == ["'=1+1", "cat"]
    assert kept["weight"].tolist() == table["weight"].tolist()
    assert table["=token"][0] == "=1+1"  # the table that was given is untouched
