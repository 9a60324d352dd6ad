"""Tokens as labels of charts."""

from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from charts.labels import LONGEST, plain


def test_what_a_reader_sees() -> None:
    assert plain("##ing") == "&#35;&#35;ing"
    assert plain(' "a" \n') == '␣"a"␣↵'
    assert plain("<b>&amp;") == "&lt;b&gt;&amp;amp;"
    assert plain("\u202ea") == "⟨202e⟩a"
    assert plain("\ta") == "⇥a"
    assert plain("") == "∅"
    assert plain("##ل") == "\u2066&#35;&#35;ل\u2069"


@given(st.text())
def test_no_markup_and_never_long(token: str) -> None:
    shown = plain(token)
    assert not set("<>") & set(shown)
    assert "#" not in shown.replace("&#35;", "")
    assert len(unescape(shown).strip("\u2066\u2069")) <= LONGEST
