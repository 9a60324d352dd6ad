"""The reader's language: translated strings and the prose beside a page.

English strings are the message ids; the Chinese ones are in ``locale/zh/LC_MESSAGES``. The
catalogue is compiled in memory, so no build artefact exists. Which language a call uses comes from
the reader's own session, never from a module: one process serves both languages at once.
"""

import gettext
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"
PARAMETER = "lang"
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "attention_lab"

# The language of the script run that this thread is in: each look into the session's state costs
# more than a translation.
_spoken: ContextVar[str] = ContextVar("spoken")

_SECTION = re.compile(r"^# (?P<key>\S+)[ \t]*\n", re.MULTILINE)


def language_switch() -> None:
    """Draw the language switch, and speak what it says from here on."""
    if PARAMETER not in st.session_state:
        asked = st.query_params.get(PARAMETER)
        st.session_state[PARAMETER] = asked if asked in LANGUAGES else _of_browser()
    st.segmented_control(
        "Language · 语言",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        required=True,
        key=PARAMETER,
        persist_state="session",
    )
    speak()


@contextmanager
def language_published() -> Iterator[None]:
    """Within it the page is drawn; then the URL parameter ``lang`` is brought in step with the
    language switch. Not before: the browser is still on the page that the reader left.

    The parameter is not bound to the widget: Streamlit writes a bound option's label, not the
    option, so the URL would read ``lang=中文``.
    """
    try:
        yield
    finally:
        shown = None if language() == DEFAULT else language()
        if shown is None:
            st.query_params.pop(PARAMETER, None)
        elif st.query_params.get(PARAMETER) != shown:
            st.query_params[PARAMETER] = shown


def speak() -> None:
    """Let the script run that this thread is in speak the session's language: found once, since a
    page asks for hundreds of translations."""
    _spoken.set(_of_session())


def _of_browser() -> str:
    """The language that the reader's browser asks for, if there is one of ours."""
    wanted = (st.context.locale or DEFAULT).split("-")[0]
    return wanted if wanted in LANGUAGES else DEFAULT


def language() -> str:
    """The language of the session that asks, ``"en"`` outside of one."""
    return _spoken.get(None) or _of_session()


def _of_session() -> str:
    if get_script_run_ctx(suppress_warning=True) is None:
        return DEFAULT
    chosen = st.session_state.get(PARAMETER, DEFAULT)
    return chosen if chosen in LANGUAGES else DEFAULT


def _(message: str) -> str:
    """Translate a message; fill its placeholders afterwards with ``str.format``."""
    return translated(message, language())


def translated(message: str, code: str) -> str:
    """A message in a language of `LANGUAGES`, whatever the session speaks."""
    return _catalogue(code).gettext(message)


def everywhere(message: str) -> str:
    """A message in every language, a line each: for who has no session yet that would speak one."""
    return "\n".join(_catalogue(code).gettext(message) for code in LANGUAGES)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a message that counts ``n`` things."""
    return _catalogue(language()).ngettext(singular, plural, n)


def N_(message: str) -> str:
    """Mark a message where it is written; ``_()`` translates it where it is shown."""
    return message


def prose(page_file: str | Path, section: str | None = None) -> str:
    """Markdown from ``<page>.<language>.md`` beside a page.

    A level-1 heading of one word, the same in every language, starts a section and is its key: it
    is not part of the text. Without ``section``, the text before the first such heading.

    Raises:
        KeyError: the file has no such section.
    """
    page = Path(page_file)
    text = page.with_name(f"{page.stem}.{language()}.md")
    return prose_sections(text)[section]


def prose_sections(file: Path) -> dict[str | None, str]:
    """The sections of a prose file in their order; the opening text is under ``None``."""
    return _split(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _split(file: Path, _modified: int) -> dict[str | None, str]:
    opening, *rest = _SECTION.split(file.read_text(encoding="utf-8"))
    sections: dict[str | None, str] = {None: opening.strip()}
    sections.update((key, body.strip()) for key, body in zip(rest[::2], rest[1::2], strict=True))
    return sections


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == DEFAULT:
        return gettext.NullTranslations()
    source = LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
