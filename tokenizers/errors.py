"""The one exception of this package: a stable code, and fields to translate it with."""

from __future__ import annotations

_MESSAGES = {
    "no-tokenizer": (
        "{folder} holds no tokenizer: neither tokenizer.json, nor vocab.txt, "
        "nor vocab.json with merges.txt"
    ),
    "unreadable": "{file} cannot be read: {reason}",
    "too-large": "{file}: {field} is too large: {size}, at most {limit} is accepted",
    "bad-json": "{file} is not valid JSON: {reason}",
    "missing-field": "{file}: {field} is missing",
    "bad-field": "{file}: {field} should be {expected}, but is {found}",
    "unsupported": "{file}: {field} = {value} is not supported",
    "unknown-token": "{file}: {field} names {token}, which is not in the vocabulary",
    "unknown-id": "no token of this vocabulary has the id {id}",
}


class TokenizerError(ValueError):
    """A tokenizer that cannot be read, or a token id that does not exist.

    Attributes:
        code: one of a fixed set of strings, e.g. ``"unsupported"``; never translated.
        fields: the values that belong to the code, e.g. ``file``, ``field`` and ``value``.

    ``str(error)`` is the English sentence.
    """

    def __init__(self, code: str, **fields: object) -> None:
        self.code = code
        self.fields = fields
        super().__init__(_MESSAGES[code].format(**fields))
