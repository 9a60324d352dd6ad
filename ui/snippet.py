"""The few lines of Python that reproduce a scene, or a training, with this project's API."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from model.catalogue import CATALOGUE
from model.training import Recipe
from ui.environment import models_folder
from ui.scene import Scene


def snippet(scene: Scene) -> str:
    """Runnable code that ends with `native_weights`, `variant_weights` and their difference."""
    changes = ", ".join(
        f"{field.name}={getattr(scene.variant, field.name)!r}"
        for field in fields(scene.variant)
        if getattr(scene.variant, field.name) != getattr(scene.native, field.name)
    )
    choices = f"replace(bench.native, {changes})" if changes else "bench.native"
    imports = "from dataclasses import replace\n\n" if changes else ""
    names, tape, first, second = "load", "", "text", f"text, {choices}"
    if scene.long:  # a tape that keeps everything would take more memory than most machines have
        stack, index = scene.bench.shape.stack_of(scene.layer)
        names, tape = "Tape, load", f'keep = ["{stack}.{index}.self_attention.weights"]\n'
        first, second = "text, tape=Tape(keep)", f"text, {choices}, tape=Tape(keep)"
    return f"""{imports}from model import {names}

bench = load({_loaded(scene.bench.name)!r})
text = {scene.text!r}
{tape}native = bench.run({first})
variant = bench.run({second})

native_weights = native.attention(layer={scene.layer}).weights[0, {scene.head}]  # (queries, keys)
variant_weights = variant.attention(layer={scene.layer}).weights[0, {scene.head}]
difference = variant_weights - native_weights
"""


def _loaded(name: str) -> str:
    """What finds the model again: its name in the catalogue, or its folder or file beside the
    script. Where those lie here is the server's own affair."""
    folder, path = models_folder(), Path(name)
    if name in CATALOGUE:
        return name
    if folder is None or path == folder or not path.is_relative_to(folder):
        return f"./{path.name}"
    return f"./{path.relative_to(folder)}"


def training(recipes: Sequence[Recipe]) -> str:
    """Runnable code that trains each of these recipes and prints every step."""
    tasks = sorted({type(recipe.task).__name__ for recipe in recipes})
    written = ",\n".join(f"    {_constructed(recipe)}" for recipe in recipes)
    return f"""from model import Choices, Shape
from model.training import Recipe, Schedule, Training
from model.training.tasks import {", ".join(tasks)}

recipes = [
{written},
]
for recipe in recipes:
    training = Training(recipe)
    while not training.done:
        print(training.advance())
"""


def _constructed(value: Any) -> str:
    """The call that makes a dataclass again, without the fields that are at their default."""
    if not is_dataclass(value):
        return repr(value)
    changed = ", ".join(
        f"{field.name}={_constructed(getattr(value, field.name))}"
        for field in fields(value)
        if getattr(value, field.name) != field.default
    )
    return f"{type(value).__name__}({changed})"
