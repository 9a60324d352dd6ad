"""What a reader, a vocabulary or a folder's name says, as Markdown in the type around it: shown,
never obeyed."""

from pathlib import Path
from string import punctuation

from charts.labels import isolated, visible
from model import Bench
from model.catalogue import CATALOGUE
from tokenizers.files import called
from ui.quoted import JOINER

LONGEST = 40  # letters shown

# Streamlit looks for addresses, icons and arrows once more after Markdown has read its backslashes;
# an invisible joiner before these keeps what follows from being one.
_READ_AGAIN = ":@.-<>~"


def inert(token: str) -> str:
    """A token: every blank of it visible, nothing of it markup."""
    return _as_markdown(visible(token[:LONGEST]))


def inert_text(text: str) -> str:
    """A name or a sentence: as a token, but the blanks between its words stay blanks."""
    return _as_markdown(visible(text.strip()[:LONGEST]).replace("␣", " "))


def model_name(bench: Bench) -> str:
    """What a model is called: in the catalogue, or by its folder or file. Where those lie is the
    server's own affair."""
    return bench.name if bench.name in CATALOGUE else inert_text(called(Path(bench.name)))


def _as_markdown(shown: str) -> str:
    escaped = (_escaped(letter) if letter in punctuation else letter for letter in shown)
    return isolated("".join(escaped))


def _escaped(letter: str) -> str:
    return (JOINER if letter in _READ_AGAIN else "") + f"\\{letter}"
