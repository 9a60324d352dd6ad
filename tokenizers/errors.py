"""The one exception of this package: a stable code, and fields to translate it with."""

from __future__ import annotations

from reprlib import Repr

LONGEST = 200  # characters of a value in a message

_MESSAGES = {
    "no-tokenizer": (
        "{folder} holds no tokenizer: neither tokenizer.json, nor vocab.txt, "
        "nor vocab.json with merges.txt"
    ),
    "other-tokenizer": (
        "{folder} has its tokenizer in {file} only, which is not read: save it as tokenizer.json "
        "(transformers: AutoTokenizer.from_pretrained(folder).save_pretrained(folder))"
    ),
    "no-merges": "{folder} has vocab.json, but not the merges.txt that belongs to it",
    "file-outside": "{file} is not a file inside {folder}",
    "unreadable": "{file} cannot be read: {reason}",
    "too-large": "{file}: {field} is too large: {size}, at most {limit} is accepted",
    "bad-json": "{file} is not valid JSON: {reason}",
    "missing-field": "{file}: {field} is missing",
    "bad-field": "{file}: {field} should be {expected}, but is {found}",
    "unsupported": "{file}: {field} = {value} is not supported",
    "unknown-token": "{file}: {field} names {token}, which is not in the vocabulary",
    "unknown-id": "no token of this vocabulary has the id {id}",
}


def short(value: object) -> str:
    """A value out of a file for a message: text as it is, all else as Python writes it, and not
    more of it than tells what it is, however large it is and however deep it nests."""
    writer = Repr()
    writer.maxstring = writer.maxother = LONGEST
    shown = value if isinstance(value, str) else writer.repr(value)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


class TokenizerError(ValueError):
    """A tokenizer that cannot be read, or a token id that does not exist.

    Attributes:
        code: one of a fixed set of strings, e.g. ``"unsupported"``; never translated.
        template: the English sentence, with the fields' names in braces.
        fields: the values that belong to the code, e.g. ``file``, ``field`` and ``value``.

    ``str(error)`` is the English sentence.
    """

    def __init__(self, code: str, **fields: object) -> None:
        self.code = code
        self.template = _MESSAGES[code]
        self.fields = fields
        super().__init__(self.template.format(**fields))
