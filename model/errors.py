"""The one exception of this package: a stable code with its facts, so that a page can say it in
the reader's language."""

from typing import TypeVar

Wanted = TypeVar("Wanted")


class ModelError(Exception):
    """Something about a model, its files or a request that the caller can put right.

    `code` is stable (a key for translations); `fields` are the facts that belong into the
    sentence; `str(error)` is the English sentence.
    """

    def __init__(self, code: str, message: str, **fields: object) -> None:
        super().__init__(message.format(**fields))
        self.code = code
        self.fields = fields


def expect(value: object, kind: type[Wanted], name: str, wanted: str) -> Wanted:
    """The argument `name`, if it is of this kind; else ModelError "bad-argument", which says what
    was `wanted` in words or as one would write it."""
    if not isinstance(value, kind):
        raise wrong_argument(name, wanted, value)
    return value


def wrong_argument(name: str, wanted: str, value: object) -> ModelError:
    return ModelError(
        "bad-argument",
        "{name} should be {wanted}, but is of the type {type}",
        name=name,
        wanted=wanted,
        type=type(value).__name__,
    )
