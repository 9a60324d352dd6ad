"""Typed, checked access to a checkpoint's settings, which knows what nobody asked for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

from model.errors import ModelError
from model.shape import Activation
from tokenizers.errors import short

MAX_NUMBER = 1e30
MAX_LAYERS = 256  # Llama 3.1's largest has 126
MAX_WIDTH = 1 << 20
MAX_VOCABULARY = 1 << 24
MAX_CONTEXT = 1 << 30

ACTIVATIONS: Mapping[str, Activation] = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}


class Settings:
    """Settings of one file; except for `is_null`, null counts as absent.

    Every reader raises ModelError with the key: `config-key-missing` where there is neither a
    value nor a default, `config-value` for one that cannot be, `config-unsupported`. What was
    never asked for is `unasked`: no setting is passed over in silence.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        file: str,
        prefix: str = "",
        aliases: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.values = values
        self.file = file
        self.prefix = prefix  # before a key, in the file and in errors
        self.aliases = aliases  # other names of keys; where both are there, the other name wins
        self._asked: set[str] = set()

    def get(self, key: str) -> object:
        self._asked |= {self.prefix + key, self.prefix + self.aliases.get(key, key)}
        return self.values.get(self._name(key))

    def is_null(self, key: str) -> bool:
        """Whether the key is there and says: none."""
        return self._name(key) in self.values and self.get(key) is None

    def unasked(self) -> dict[str, object]:
        """The settings that nobody has asked for so far, without those of sections."""
        return {key: value for key, value in self.values.items() if key not in self._asked}

    def section(self, key: str) -> "Settings":
        """The object under a key; empty when absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.wrong(key)
        inner = {f"{key}.{name}": held for name, held in (value or {}).items()}
        return Settings(inner, self.file, f"{key}.")

    def integer(self, key: str, default: int | None = None, *, most: int, least: int = 1) -> int:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(key)
        return value

    def number(self, key: str, default: float | None = None, *, above: float = 0.0) -> float:
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key)
        if not above < value < MAX_NUMBER:  # false for NaN too
            self.wrong(key)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if not isinstance(value, bool):
            self.wrong(key)
        return value

    def word(self, key: str, default: str | None = None) -> str:
        value = self._value(key, default)
        if not isinstance(value, str):
            self.wrong(key)
        return value

    def only(self, key: str, *allowed: object) -> None:
        """Refuse any value but these (and absence)."""
        if self.get(key) is not None and self.get(key) not in allowed:
            self.unsupported(key)

    def activation(self, key: str, default: str) -> Activation:
        name = self.word(key, default)
        if name not in ACTIVATIONS:
            self.unsupported(key)
        return ACTIVATIONS[name]

    def wrong(self, key: str) -> NoReturn:
        self._fail("config-value", "{file}: {key} cannot be {value}", key)

    def unsupported(self, key: str) -> NoReturn:
        self._fail("config-unsupported", "{file}: {key} = {value} is not supported", key)

    def _value(self, key: str, default: object) -> object:
        value = self.get(key)
        if value is None and default is None:
            raise ModelError(
                "config-key-missing",
                "{file} has no {key}",
                file=self.file,
                key=self.prefix + key,
            )
        return default if value is None else value

    def _fail(self, code: str, message: str, key: str) -> NoReturn:
        shown = short(self.get(key))
        raise ModelError(code, message, file=self.file, key=self._name(key), value=shown)

    def _name(self, key: str) -> str:
        """What the file calls a key."""
        other = self.prefix + self.aliases.get(key, key)
        return other if other in self.values else self.prefix + key
