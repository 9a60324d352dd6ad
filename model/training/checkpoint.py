"""Shipping what was trained: a folder that `load` reads, with a card that tells its origin."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from model.training.recipe import Recipe
from model.transformer import Transformer
from model.weights.own import own_config
from tokenizers.symbols import write_symbols

CARD = "card.json"


def save_checkpoint(
    folder: Path, transformer: Transformer, recipe: Recipe, card: Mapping[str, Any]
) -> None:
    """Write weights, shape, tokenizer and card into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.contiguous() for name, tensor in transformer.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    _write(folder / "config.json", own_config(transformer.shape))
    write_symbols(folder, recipe.task.tokenizer, recipe.task.symbols)
    _write(folder / CARD, {**card, "recipe": recipe.facts()})


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a shipped model."""
    return json.loads((folder / CARD).read_text(encoding="utf-8"))


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    text = json.dumps(facts, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
