"""The format of the models trained here: a `Shape` written out in config.json, and our own names
in model.safetensors."""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, get_args, get_origin, get_type_hints

from model.errors import ModelError
from model.shape import Shape
from model.weights.families import Family, pattern_of
from model.weights.settings import (
    MAX_CONTEXT,
    MAX_LAYERS,
    MAX_VOCABULARY,
    MAX_WIDTH,
    Settings,
)

MODEL_TYPE = "attention-lab"
MOST = {"vocab_size": MAX_VOCABULARY, "context": MAX_CONTEXT}  # the others are widths


def own_config(shape: Shape) -> dict[str, Any]:
    """What config.json says of a model of this shape."""
    return {"model_type": MODEL_TYPE, **asdict(shape)}


def shape_from_own(config: Mapping[str, object]) -> Shape:
    """The Shape that `own_config` wrote out; what is left out has the default of `Shape`.

    Raises:
        ModelError: `config-key-missing`, `config-value`, `config-unsupported`; names the key.
    """
    s = Settings(config, "config.json")
    s.word("model_type")
    s.only("rope_scaling")
    kinds = get_type_hints(Shape)
    values: dict[str, Any] = {}
    for field in fields(Shape):
        kind, default = kinds[field.name], None if field.default is MISSING else field.default
        if get_origin(kind) is not None and isinstance(default, str):  # a Literal
            values[field.name] = s.word(field.name, default)
            if values[field.name] not in get_args(kind):
                s.wrong(field.name)
        elif kind is bool:
            values[field.name] = s.flag(field.name, bool(default))
        elif kind is float:
            values[field.name] = s.number(field.name, default)
        elif kind is int:
            most = MOST.get(field.name, MAX_WIDTH)
            if field.name.endswith("_layers"):
                most = MAX_LAYERS
            values[field.name] = s.integer(field.name, default, most=most, least=0)
        elif field.name != "rope_scaling":
            raise TypeError(f"Shape.{field.name}: {kind} is no kind that config.json can hold")
    for key in s.unasked():  # of a later version of this project, or somebody's own
        s.unsupported(key)
    try:
        return Shape(**values)
    except ValueError as error:  # each value may be, but not all together
        raise ModelError(
            "config-value",
            "{file}: {key} cannot be {value}",
            file=s.file,
            key="the shape",
            value=str(error),
        ) from error


def own_family(parameters: Collection[str]) -> Family:
    """Every parameter under its own name."""
    patterns = {pattern_of(name)[0] for name in parameters}
    return Family(prefix="", names={pattern: pattern for pattern in patterns})
