"""Every error and every notice of the lower layers has a sentence in both languages."""

import ast
import re
import string
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import ModelError
from tokenizers.errors import TokenizerError
from ui.errors import SENTENCES, explain
from ui.quoted import code as in_code
from ui.quoted import quoted
from ui.switches import REASONS

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(r"[a-z*]+(-[a-z*]+)*")
RAISING = {"ModelError", "TokenizerError", "notice"}
# Helpers that pass a code on to ModelError, with the fields that they add.
HELPERS = {"error": {"file"}, "_fail": {"file", "key", "value"}}


def raised() -> Iterator[tuple[str, set[str], str]]:
    """(code, fields, place) wherever one is written; a part of a code only known later is ``*``."""
    for folder in ("model", "tokenizers", "experiments", "ui"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = ast.unparse(node.func).rpartition(".")[2]
                if name not in RAISING | HELPERS.keys():
                    continue
                code = written(node.args[0])
                if code is not None and CODE.fullmatch(code):
                    fields = {keyword.arg for keyword in node.keywords if keyword.arg}
                    place = f"{file.relative_to(ROOT)}:{node.lineno}"
                    yield code, fields | HELPERS.get(name, set()), place


def written(argument: ast.expr) -> str | None:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if isinstance(argument, ast.JoinedStr):
        parts = argument.values
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in parts)
    return None


def test_every_code_has_a_sentence_that_its_fields_can_fill() -> None:
    faults = []
    for code, fields, place in raised():
        known = [name for name in SENTENCES if fnmatch(name, code)]
        if not known:
            faults.append(f"{place}: no sentence for {code}")
        for name in known:
            needed = {
                field for _, field, _, _ in string.Formatter().parse(SENTENCES[name]) if field
            }
            if needed - fields:
                faults.append(f"{place}: {name} lacks {needed - fields}")
    assert faults == []


def test_no_sentence_is_left_over() -> None:
    codes = [code for code, _, _ in raised()]
    assert [name for name in SENTENCES if not any(fnmatch(name, code) for code in codes)] == []


def test_a_sentence_states_the_facts() -> None:
    error = ModelError("too-long", "{tokens} of {context}", tokens=600, context=512)
    assert explain(error) == "This text has 600 tokens; the model reads at most 512."
    unknown = TokenizerError("unknown-id", id=99)
    assert explain(unknown) == "No token of this vocabulary has the id 99."


def test_the_reason_of_an_illegal_choice_is_given() -> None:
    error = ModelError(
        "illegal-choice",
        "{field} {value} {because}",
        field="activation",
        value="swiglu",
        reason="no-gate",
        because="…",
    )
    assert explain(error) == (
        "“activation” cannot be swiglu here: "
        "a gated activation needs a gate matrix, which these weights lack."
    )


@pytest.mark.parametrize(
    "error",
    [
        ModelError("from-the-future", "so {what}", what="be *it*"),
        ModelError("too-long", "so be *it*"),
        RuntimeError("so be *it*"),
    ],
)
def test_an_unforeseen_error_reads_as_it_was_raised(error: Exception) -> None:
    assert explain(error) == "`so be *it*`"


def test_what_others_wrote_is_never_markdown() -> None:
    error = ModelError("file-missing", "{folder}{file}", folder="[a](b)", file="<i>$x$ :red[y]")
    assert explain(error) == "`[a](b)` has no file `<i>$x$ :red[y]`."


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("model.safetensors", "model.safetensors"),
        ("blk.0.attn_q.weight", "blk.0.attn_q.weight"),
        ("bert, roberta", "bert, roberta"),
        ("模型", "模型"),
        ("", "`  `"),
        ("a `b`` c", "```a `b`` c```"),
        ("`", "`` ` ``"),
        ("_em_", "`_em_`"),
        ("a _em_ b", "`a _em_ b`"),
        ("1. x", "`1. x`"),
        ("www.evil.example", "`www.evil.example`"),
        ("see www.evil.example", "`see www.evil.example`"),
        ("me@evil.example", "`me@evil.example`"),
        ("https://evil.example", "`https://evil.example`"),
        (":material/home:", "`:material\u2060/home:`"),
        (":smile:", "`:smile:`"),
        ("a -- b", "`a -- b`"),
        ("a\n\n# b", r"`a\n\n# b`"),
        ("\ud800", r"`\ud800`"),
        ("\u202etxt.exe", r"`\u202etxt.exe`"),
        ("\x1b[31m", r"`\x1b[31m`"),
    ],
)
def test_what_is_no_plain_word_becomes_code(said: str, shown: str) -> None:
    assert quoted(said) == shown


def test_nobody_has_to_read_a_novel() -> None:
    assert quoted("x" * 70_000) == "`" + "x" * 199 + "…`"
    assert len(in_code("`" * 70_000)) < 1_000


def speak() -> None:
    import streamlit as st

    from model import ModelError
    from ui.errors import explain

    st.write(explain(ModelError("no-such-head", "", number=12, last=11)))


def test_an_error_speaks_chinese() -> None:
    session = AppTest.from_function(speak)
    session.session_state["lang"] = "zh"
    assert session.run().markdown[0].value == "没有第 12 个头：头从 0 数到 11。"


def speak_of_reasons() -> None:
    import streamlit as st

    from model import ModelError
    from ui.errors import explain
    from ui.switches import REASONS

    for reason in REASONS:
        facts = {"field": "norm", "value": "rms", "because": "…", "reason": reason}
        st.write(explain(ModelError("illegal-choice", "", **facts)))


def test_our_own_reasons_are_no_code_in_any_language() -> None:
    session = AppTest.from_function(speak_of_reasons)
    session.session_state["lang"] = "zh"
    said = [paragraph.value for paragraph in session.run().markdown]
    assert len(said) == len(REASONS)
    assert not any("`" in one for one in said)
