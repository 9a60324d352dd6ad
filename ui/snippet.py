"""The few lines of Python that reproduce a scene with the public API."""

from dataclasses import fields

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
    return f"""{imports}from model import load

bench = load({scene.bench.name!r})
text = {scene.text!r}
native = bench.run(text)
variant = bench.run(text, {choices})

native_weights = native.attention(layer={scene.layer}).weights[0, {scene.head}]  # (queries, keys)
variant_weights = variant.attention(layer={scene.layer}).weights[0, {scene.head}]
difference = variant_weights - native_weights
"""
