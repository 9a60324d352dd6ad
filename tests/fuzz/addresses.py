"""What an address can say: the parameters of every page, and the names of models."""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode

import ui
from model import ModelError
from model.catalogue import locate
from tests.fuzz.mutations import NUMBERS, WORDS
from ui import url
from ui.offers import model_parameter, offered, source_of
from ui.url import Parameter, publish, restore


@dataclass
class Session:
    """What `ui.url` sees of Streamlit: one browser tab."""

    query: dict[str, str] = field(default_factory=dict)
    session_state: dict[str, Any] = field(default_factory=dict)

    @property
    def query_params(self) -> "Session":
        return self

    def to_dict(self) -> dict[str, str]:
        return dict(self.query)

    def from_dict(self, query: Mapping[str, str]) -> None:
        self.query = dict(query)


@cache
def pages() -> Mapping[str, tuple[Parameter, ...]]:
    """Every parameter that the app declares, by the module that declares it."""
    found: dict[str, tuple[Parameter, ...]] = {}
    for module in pkgutil.walk_packages(ui.__path__, "ui."):
        for value in vars(import_module(module.name)).values():
            several = value if isinstance(value, tuple | list) else (value,)
            own = {p.name: p for p in several if isinstance(p, Parameter)}
            if own:
                own = {p.name: p for p in found.get(module.name, ())} | own
                found[module.name] = tuple(own.values())
    return found


def write(page: str, query: Mapping[str, str]) -> dict[str, bytes]:
    return {"query": urlencode(query, errors="replace").encode(), "page": page.encode()}


def whole_query() -> list[dict[str, bytes]]:
    return [write("ui.switches", {"layers": "1 2", "temperature": "0.5", "ablated": "0.1"})]


def make_query(rng: Random) -> dict[str, bytes]:
    page = rng.choice(sorted(pages()))
    query = {}
    for parameter in pages()[page]:
        kind = rng.random()
        if kind < 0.3:
            query[parameter.name] = "".join(rng.choices(_pieces(parameter), k=rng.choice((1, 2))))
        elif kind < 0.6:
            query[parameter.name] = " ".join(rng.choices(_pieces(parameter), k=rng.randrange(5)))
    return write(page, query)


def _pieces(parameter: Parameter) -> list[str]:
    """Nonsense, and what stands close to sense."""
    default = url.written(parameter.default)
    near = [default, *default.split(), default.upper(), f" {default}", "native", "0.1", "1.0", "2"]
    return [*near, *map(str, NUMBERS), *WORDS, "nan", "inf", "1e400", "1_0", "٣", "0x10", "+1", "-"]


def read_query(folder: Path) -> None:
    """Each text gives a value or ValueError; what was restored and published restores again."""
    page = (folder / "page").read_bytes().decode(errors="replace")
    parameters = pages().get(page, pages()["ui.switches"])
    text = (folder / "query").read_bytes().decode("ascii", errors="replace")
    asked = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1_000))
    tab = Session(asked)
    ignored = _restored(tab, parameters)
    again = Session(tab.query)
    left = _restored(again, parameters)
    assert not left, f"published, but not read: {left}"
    assert again.query == tab.query
    with patch.object(url, "st", tab):
        unsaid = url.unsaid(parameters)  # too long for an address: it stays in the session alone
    for parameter in parameters:
        held = tab.session_state[parameter.name]
        assert parameter.name in unsaid or held == again.session_state[parameter.name]
        if any(entry.startswith(f"{parameter.name}=") for entry in ignored):
            assert held == parameter.default


def _restored(tab: Session, parameters: tuple[Parameter, ...]) -> list[str]:
    with patch.object(url, "st", tab):
        ignored = restore(parameters)
        publish(parameters)
    return ignored


NAMES = (
    "minilm", "../secret", "..", ".", "/etc", "/dev/zero", "/dev/stdin", "/proc/self/mem", "a/../b",
    "%2e%2e%2fsecret", "..%2fsecret", "%00", "own\0", "own/", "./own", "//own", "~", "~root",
    "Own", "оwn", "ｏｗｎ", "own ", "own\u200b", "o\u0301wn", "..／secret", "．．/secret",
    "x" * 255,
    "x" * 256, "x" * 5_000, "own/config.json", "queue.gguf", "C:\\own", "\\\\server\\own", "file:///",
    "model.gguf/..", "\ud800", "own\n", "snapshots", "blobs", "-", "--help", "$HOME", "`id`", "*",
)  # fmt: skip


def make_name(rng: Random) -> dict[str, bytes]:
    parts = rng.choices((*NAMES, *WORDS), k=rng.choice((1, 1, 2, 3)))
    return {"name": rng.choice(("", "/", "%2f")).join(parts).encode(errors="surrogatepass")}


def read_name(folder: Path) -> None:
    """A page takes the names on offer and no others; the library's look-up finds or refuses."""
    name = (folder / "name").read_bytes().decode(errors="surrogateescape")
    try:
        source_of(model_parameter().read(name))
    except ValueError:
        taken = False
    except ModelError as error:
        taken = error.code != "model-gone"
    else:
        taken = True
    assert taken == (name in offered())
    assert locate(name).exists()
