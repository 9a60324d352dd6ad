"""Reading a mapping that came from a file and is not trusted: every failure names its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tokenizers.errors import TokenizerError, short
from tokenizers.normalizers import SURROGATES

T = TypeVar("T")

MAX_FILE_BYTES = 1 << 26
MAX_VALUES = 1 << 22  # of a JSON file; Llama 3's tokenizer.json has 1.1 million
MAX_TOKENS = 1 << 21
MAX_TOKEN_CHARS = 1 << 16

_NAMES = {
    bool: "true or false",
    int: "a whole number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        TokenizerError: ``unreadable`` or ``too-large``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            size = path.stat().st_size
            raise TokenizerError(
                "too-large", file=path.name, field="size", size=size, limit=MAX_FILE_BYTES
            )
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TokenizerError("unreadable", file=path.name, reason=error) from error


def _reject_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


@dataclass(frozen=True)
class Section:
    """A mapping out of `file`, found there at `path` (empty for the whole file)."""

    file: str
    values: Mapping[str, object]
    path: str = ""

    @classmethod
    def of_json(cls, path: Path) -> Section:
        """The object in a JSON file.

        Raises:
            TokenizerError: ``unreadable``, ``too-large``, ``bad-json``, ``bad-field``.
        """
        try:
            text = read_text(path)
            count = sum(map(text.count, ",[{"))  # at least as many as there are values
            if count > MAX_VALUES:
                raise TokenizerError(
                    "too-large", file=path.name, field="content", size=count, limit=MAX_VALUES
                )
            values = json.loads(text, parse_constant=_reject_constant)
        except TokenizerError:
            raise
        except (ValueError, RecursionError) as error:
            raise TokenizerError("bad-json", file=path.name, reason=error) from error
        if not isinstance(values, dict):
            raise _bad(path.name, "the whole file", "an object", values)
        return cls(path.name, values)

    def at(self, name: object) -> str:
        """The full name of a field of this section, for messages."""
        return f"{self.path}.{name}" if self.path else str(name)

    def bad(self, name: object, expected: str, found: object) -> TokenizerError:
        return _bad(self.file, self.at(name), expected, found)

    def unsupported(self, name: object, value: object) -> TokenizerError:
        return TokenizerError(
            "unsupported", file=self.file, field=self.at(name), value=short(value)
        )

    def optional(self, name: str, kind: type[T]) -> T | None:
        """The field's value, or None where it is missing or null.

        Raises:
            TokenizerError: ``bad-field`` where it is of another kind.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.bad(name, _NAMES[kind], value)
        return value

    def required(self, name: str, kind: type[T]) -> T:
        """The field's value.

        Raises:
            TokenizerError: ``missing-field``, ``bad-field``.
        """
        value = self.optional(name, kind)
        if value is None:
            raise TokenizerError("missing-field", file=self.file, field=self.at(name))
        return value

    def flag(self, name: str, default: bool) -> bool:
        """A switch that may be left out."""
        value = self.optional(name, bool)
        return default if value is None else value

    def text(self, name: str, default: str) -> str:
        """A text that may be left out."""
        value = self.optional(name, str)
        return default if value is None else value

    def section(self, name: str) -> Section | None:
        """The object in a field, or None where it is missing or null."""
        values = self.optional(name, dict)
        return None if values is None else Section(self.file, values, self.at(name))

    def sections(self, name: str) -> Iterator[Section]:
        """The objects in a field's list; none where it is missing or null."""
        for at, values in enumerate(self.optional(name, list) or ()):
            place = f"{name}[{at}]"
            if not isinstance(values, dict):
                raise self.bad(place, "an object", values)
            yield Section(self.file, values, self.at(place))

    def expect(self, name: str, *allowed: object) -> None:
        """Refuse a value that would change the ids in a way this package does not know.

        Raises:
            TokenizerError: ``unsupported``.
        """
        value = self.values.get(name)
        if not any(value is choice or value == choice for choice in allowed):
            raise self.unsupported(name, value)


def _bad(file: str, field: str, expected: str, found: object) -> TokenizerError:
    return TokenizerError(
        "bad-field", file=file, field=field, expected=expected, found=short(found)
    )


def checked_token(section: Section, name: object, token: object) -> str:
    """`token`, if it is text that UTF-8 can write and of a sane length."""
    if not isinstance(token, str):
        raise section.bad(name, "text", token)
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenizerError(
            "too-large",
            file=section.file,
            field=section.at(name),
            size=len(token),
            limit=MAX_TOKEN_CHARS,
        )
    if SURROGATES.search(token):
        raise section.bad(name, "text without lone surrogates", ascii(token))
    return token
