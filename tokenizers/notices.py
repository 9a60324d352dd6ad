"""What a reader should know of how a model's files were read, though nothing is wrong enough to
stop: a stable code, and fields to translate it with."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Notice:
    """One sentence about a checkpoint or its tokenizer, kept on the bench that they became.

    Attributes:
        code: stable, e.g. ``"setting-unread"``; a key of the app's translations.
        template: the English sentence, with the fields' names in braces.
        fields: the facts of the sentence.

    ``str(notice)`` is the English sentence.
    """

    code: str
    template: str
    fields: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.fields)


def notice(code: str, template: str, **fields: object) -> Notice:
    """A notice, written as an error is: ``notice("code", "{file}: …", file=…)``."""
    return Notice(code, template, fields)
