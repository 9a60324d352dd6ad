"""Ways to break things: trees of JSON values by their structure, and bytes without regard to it.

Every function draws from the `Random` it is given and from nothing else, so that a case can be
made again from its number.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Tree = Any  # what JSON can say, and `Raw` and `Twice`, which Python's own writer cannot


@dataclass(frozen=True)
class Raw:
    """Stands in the file as it is: numbers without bound, nesting that Python could not build."""

    text: bytes


@dataclass(frozen=True)
class Twice:
    """An object in which keys may occur more than once."""

    pairs: tuple[tuple[str, Tree], ...]


NUMBERS = (0, 1, -1, 2, 7, 255, 256, 65_535, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 63) - 1,
           1 << 63, (1 << 64) - 1, 1 << 64, 10**30, -(1 << 63))  # fmt: skip
WORDS = (
    "", " ", "a", "\0", "\n", "\n\n# heading", "\ud800", "\udfff\ud800", "é", "😀", "\u202etxt",
    "\x1b[31m", "../../../etc/passwd", "/dev/zero", "con", "*", "[a](javascript:b)", "`", "$x$",
    "<img src=x onerror=alert(1)>", ":material/home:", "www.evil.example", "{0}", "{file}", "%s",
    "9" * 5_000, "x" * 300, "x" * 70_000, "▁", "Ġ", "##", "[UNK]", "<s>", "None", "true", "NaN",
)  # fmt: skip
RAWS = tuple(
    Raw(text)
    for text in (
        b"NaN", b"-Infinity", b"1e999", b"-0.0", b"1.5", b"9" * 4_000, b"9" * 6_000, b"1e-999",
        b"[" * 990 + b"]" * 990, b"[" * 800 + b"]" * 800, b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900, b"[" + b"[]," * 20_000 + b"[]]",
        b"[" + b"0," * 50_000 + b"0]", b'"\\ud800\\udc00\\ud800"', b'"\\u0000"', b"tru", b"//",
    )
)  # fmt: skip


def hostile_value(rng: Random) -> Tree:
    """A value that a reader may not expect at this place."""
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(NUMBERS)
    if kind < 0.7:
        return rng.choice(WORDS)
    if kind < 0.8:
        return rng.choice(RAWS)
    simple: tuple[Tree, ...] = (None, True, False, [], {}, [[]], [None], {"": 0}, 0.5, [1, 2, 3])
    return rng.choice(simple)


def dump(tree: Tree) -> bytes:
    """The tree as JSON, lone surrogates escaped."""
    try:
        return json.dumps(tree, separators=(",", ":")).encode()
    except TypeError:  # a `Raw` or `Twice` is in it
        pass
    match tree:
        case Raw(text):
            return text
        case dict():
            return dump(Twice(tuple(tree.items())))
        case Twice(pairs):
            inner = (dump(str(key)) + b":" + dump(value) for key, value in pairs)
            return b"{" + b",".join(inner) + b"}"
        case _:
            return b"[" + b",".join(map(dump, tree)) + b"]"


def broken_tree(rng: Random, tree: Tree) -> Tree:
    """A copy of the tree with one to three changes, each somewhere within."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        tree = _changed(rng, tree)
    return tree


def _changed(rng: Random, tree: Tree) -> Tree:
    """One change, at this place or deeper."""
    items: list[tuple[Any, Tree]] = []
    if isinstance(tree, dict):
        items = list(tree.items())
    elif isinstance(tree, list):
        items = list(enumerate(tree))
    if not items or rng.random() < 0.04:
        return _replaced(rng, tree)
    at = rng.randrange(len(items))
    key, value = items[at]
    kind = rng.random()
    if kind < 0.72:
        items[at] = key, _changed(rng, value)
    elif kind < 0.80:
        del items[at]
    elif kind < 0.85:
        items.insert(rng.randrange(len(items) + 1), (key, _changed(rng, value)))
    elif kind < 0.90:
        items[at] = key, rng.choice(items)[1]
    elif kind < 0.94:
        items.append((rng.choice(WORDS), hostile_value(rng)))
    elif kind < 0.98:
        items[at] = rng.choice((rng.choice(WORDS), items[rng.randrange(len(items))][0])), value
    else:
        items = [item for item in items for _ in range(rng.choice((2, 40)))]
    if isinstance(tree, list):
        return [value for _key, value in items]
    return dict(items) if len({key for key, _ in items}) == len(items) else Twice(tuple(items))


def _replaced(rng: Random, value: Tree) -> Tree:
    """A value near this one, or any."""
    if isinstance(value, bool) or value is None or rng.random() < 0.4:
        return hostile_value(rng)
    if isinstance(value, int):
        near = (value - 1, value + 1, -value, value * 2, value // 2, value + (1 << 32), value << 40)
        return rng.choice(near)
    if isinstance(value, float):
        return rng.choice((-value, value * 1e300, value / 1e300, int(value)))
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice(("", rng.choice(WORDS), value)) + value[at + 1 :]
    return hostile_value(rng)


def broken_bytes(rng: Random, data: bytes) -> bytes:
    """The bytes with one to four changes."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_BYTE_CHANGES)(rng, data)
    return data


def _span(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 2, 4, 8, 32, 256)))


def _flipped(rng: Random, data: bytes) -> bytes:
    if not data:
        return b"\x80"
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _cut(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _without_span(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def _repeated(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 3, 1000)) + data[end:]


def _inserted(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 30))) + data[at:]


def _integer(rng: Random, data: bytes) -> bytes:
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) + 1)
    value = rng.choice(NUMBERS) % (1 << 8 * width)
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


def _moved(rng: Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[start:end] + data[at + end - start :]


_BYTE_CHANGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flipped, _flipped, _flipped, _cut, _without_span, _repeated, _inserted, _integer, _integer,
    _moved,
)  # fmt: skip


def some_bytes(rng: Random, files: Mapping[str, bytes], share: float) -> Mapping[str, bytes]:
    """With this probability one of the files is broken byte by byte too."""
    if rng.random() > share:
        return files
    name = rng.choice(sorted(files))
    return {**files, name: broken_bytes(rng, files[name])}
