"""Collect the translatable strings: `python -m ui.catalogue` brings the .po files up to date."""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from charts.viewer import WORDS
from ui.i18n import DEFAULT, DOMAIN, LANGUAGES, LOCALE

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
FOLDERS = ("ui", "pages")
# Without the dates and names that Babel writes, a refresh that finds nothing new changes nothing.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def extract() -> Catalog:
    """Every message that the source marks, with the files that use it."""
    messages = Catalog(fuzzy=False)
    for line, message, _comments, _context in extract_from_file(
        "python", ROOT / "app.py", keywords=KEYWORDS
    ):
        messages.add(message, locations=[("app.py", line)])
    for folder in FOLDERS:
        for file, line, message, _comments, _context in extract_from_dir(
            ROOT / folder, keywords=KEYWORDS
        ):
            messages.add(message, locations=[(f"{folder}/{file}", line)])
    for word in WORDS.values():  # the viewer's, which lies below the layer that translates
        messages.add(word, locations=[("charts/viewer/words.py", 1)])
    return messages


def stored(language: str) -> Catalog:
    """The translations into one language as they are stored."""
    with _file(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)


def refresh(language: str) -> list[str]:
    """Bring one language's file up to date; returns the messages that lack a translation."""
    catalog = stored(language)
    catalog.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
    entries = io.BytesIO()
    write_po(
        entries,
        catalog,
        width=100,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    header = HEADER.format(language=language, plural=catalog.plural_forms)
    _file(language).write_bytes(header.encode() + entries.getvalue())
    return [str(message.id) for message in catalog if message.id and not message.string]


def _file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


if __name__ == "__main__":
    missing = [f"{code}: {text}" for code in LANGUAGES if code != DEFAULT for text in refresh(code)]
    sys.exit("\n".join(["Not translated yet:", *missing]) if missing else None)
