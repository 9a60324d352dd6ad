"""Every string and every page of prose exists in both languages, and each reader keeps theirs."""

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from streamlit.testing.v1 import AppTest

from ui import catalogue
from ui.i18n import DEFAULT, LANGUAGES, _, language, prose, prose_sections
from ui.navigation import PAGES, Page

TRANSLATED = [code for code in LANGUAGES if code != DEFAULT]


def placeholders(text: str) -> list[str]:
    """The names between braces, as often as they occur, whatever their order."""
    return sorted(name for _text, name, _spec, _conv in string.Formatter().parse(text) if name)


def variants(message: Message) -> list[tuple[str, str]]:
    """(original, translation) pairs; a plural has as many as the language has forms."""
    original = message.id if isinstance(message.id, str) else message.id[-1]
    if message.string is None or isinstance(message.string, str):
        return [(original, message.string or "")]
    return [(original, translation) for translation in message.string]


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(code: str) -> None:
    stored = catalogue.stored(code)
    faults = []
    for message in catalogue.extract():
        if not message.id:
            continue
        translation = stored.get(message.id)
        if translation is None:
            faults.append(f"not collected: {message.id}")
        elif translation.fuzzy:
            faults.append(f"fuzzy: {message.id}")
        else:
            for original, translated in variants(translation):
                if not translated.strip():
                    faults.append(f"not translated: {original}")
                elif placeholders(original) != placeholders(translated):
                    faults.append(f"other placeholders: {original} / {translated}")
    assert faults == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_is_left_over(code: str) -> None:
    used = [message.id for message in catalogue.extract()]
    assert [message.id for message in catalogue.stored(code) if message.id not in used] == []


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.key)
def test_prose_has_the_same_sections_in_every_language(page: Page) -> None:
    sections = {
        code: prose_sections(page.script.with_name(f"{page.key}.{code}.md")) for code in LANGUAGES
    }
    assert {tuple(found) for found in sections.values()} == {tuple(sections[DEFAULT])}
    empty = [
        (code, key)
        for code, found in sections.items()
        for key, text in found.items()
        if not text and key is not None
    ]
    assert empty == []


def test_a_level_one_heading_starts_a_section(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    text = "Opening.\n\n# first\nA text\n## with a heading\n\n# second\nMore.\n"
    page.with_name("page.en.md").write_text(text, encoding="utf-8")
    assert prose(page) == "Opening."
    assert prose(page, "first") == "A text\n## with a heading"
    assert prose(page, "second") == "More."
    with pytest.raises(KeyError, match="third"):
        prose(page, "third")


def test_outside_a_session_the_language_is_english() -> None:
    assert language() == "en"
    assert _("Home") == "Home"


def speak() -> None:
    import streamlit as st

    from ui.i18n import _

    st.write(_("Home"))


def test_the_language_belongs_to_the_session() -> None:
    chinese, english = AppTest.from_function(speak), AppTest.from_function(speak)
    chinese.session_state["lang"] = "zh"
    chinese.run()
    english.run()
    assert (chinese.markdown[0].value, english.markdown[0].value) == ("首页", "Home")
    assert chinese.run().markdown[0].value == "首页"


def test_a_language_that_is_none_of_ours_reads_as_english() -> None:
    session = AppTest.from_function(speak)
    session.session_state["lang"] = "tlh"
    assert session.run().markdown[0].value == "Home"


def test_refreshing_twice_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    file = folder / "attention_lab.po"
    file.write_text(catalogue.HEADER.format(language="zh", plural="nplurals=1; plural=0;"))
    monkeypatch.setattr(catalogue, "LOCALE", tmp_path)
    missing = catalogue.refresh("zh")
    assert "Home" in missing
    first = file.read_bytes()
    assert catalogue.refresh("zh") == missing
    assert file.read_bytes() == first
