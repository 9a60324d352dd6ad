"""The format of models trained here: there and back, and broken files named."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from hypothesis import given
from safetensors.torch import save_file

from model import ModelError, load
from model.fresh import blank, initialised
from model.shape import Positions, Shape
from model.training.checkpoint import read_card, save_checkpoint
from model.training.recipe import Recipe
from model.training.schedules import Schedule
from model.training.tasks import Sequences
from model.weights import own
from model.weights.own import own_config, shape_from_own
from model.weights.settings import MAX_CONTEXT, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH
from tests.model.zoo import shapes

TASK = Sequences("copy", length=3, letters=4)


def recipe(**fields: Any) -> Recipe:
    usual: dict[str, Any] = {"d_model": 8, "n_heads": 2, "d_ff": 12, "positions": "rope"}
    shape = Shape(vocab_size=TASK.tokenizer.size, head="lm", **usual | fields)
    return Recipe(TASK, shape, Schedule(steps=4), batch=2)


@given(shapes())
def test_every_shape_survives_its_file(shape: Shape) -> None:
    assert shape_from_own(json.loads(json.dumps(own_config(shape)))) == shape


@pytest.mark.parametrize(
    "layers", [{"decoder_layers": 2}, {"encoder_layers": 1, "decoder_layers": 1}]
)
def test_a_saved_model_is_loaded_with_the_same_numbers(tmp_path: Path, layers: Any) -> None:
    made = recipe(**layers)
    saved = initialised(made.shape, seed=3)
    save_checkpoint(tmp_path / "m", saved, made, {"name": "m", "metrics": {"loss": 1.5}})
    bench = load(tmp_path / "m")
    assert bench.shape == made.shape
    for name, weight in saved.state_dict().items():
        assert torch.equal(bench.transformer.state_dict()[name], weight)
    assert bench.tokenizer.encode("ab|a") == TASK.tokenizer.encode("ab|a")
    card = read_card(tmp_path / "m")
    assert card["metrics"] == {"loss": 1.5}
    assert card["recipe"]["task"]["name"] == "copy" and card["recipe"]["schedule"]["steps"] == 4


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        ({"norm": "softmax"}, "config-value", "norm"),
        ({"d_model": 0}, "config-value", "the shape"),
        ({"d_model": 10**12}, "config-value", "d_model"),
        ({"decoder_layers": 10**6}, "config-value", "decoder_layers"),
        ({"n_heads": "4"}, "config-value", "n_heads"),
        ({"n_heads": 1 << 21}, "config-value", "n_heads"),
        ({"d_head": 3}, "config-value", "the shape"),
        ({"final_norm": 1}, "config-value", "final_norm"),
        ({"rope_scaling": {"kind": "linear"}}, "config-unsupported", "rope_scaling"),
        ({"sparse": False}, "config-unsupported", "sparse"),
        ({"Norm": "layer"}, "config-unsupported", "Norm"),
    ],
)
def test_a_config_that_cannot_be_is_named(change: Any, code: str, key: str) -> None:
    config = own_config(recipe(decoder_layers=1).shape) | change
    with pytest.raises(ModelError) as caught:
        shape_from_own(config)
    assert (caught.value.code, caught.value.fields["key"]) == (code, key)


def test_a_field_of_a_kind_that_is_not_written_is_not_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Shape that grows by a field of another kind cannot be saved and read without it."""

    @dataclass(frozen=True)
    class Wider(Shape):
        scales: tuple[float, ...] = ()

    config = own_config(recipe(decoder_layers=1).shape)
    monkeypatch.setattr(own, "Shape", Wider)
    with pytest.raises(TypeError, match=r"Shape\.scales"):
        shape_from_own(config)


def test_a_missing_and_a_superfluous_tensor_are_named(tmp_path: Path) -> None:
    made = recipe(decoder_layers=1)
    model = initialised(made.shape, seed=0)
    save_checkpoint(tmp_path, model, made, {})
    weights = model.state_dict()
    gone = weights.pop("decoder.0.feed_forward.up.bias")
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"decoder\.0\.feed_forward\.up\.bias is missing"):
        load(tmp_path)
    save_file(model.state_dict() | {"decoder.7.more": gone.clone()}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"decoder\.7\.more has no place"):
        load(tmp_path)


def test_the_widest_shape_that_is_let_through_can_be_laid_out() -> None:
    """No size overflows before the tensors are compared with it."""
    widths = ("d_model", "n_heads", "n_kv_heads", "d_head", "d_ff", "relative_buckets")
    widest = dict.fromkeys(widths, MAX_WIDTH)
    widest |= {"vocab_size": MAX_VOCABULARY, "context": MAX_CONTEXT}
    for positions in get_args(Positions):
        config = own_config(recipe(decoder_layers=1).shape)
        shape = shape_from_own({**config, **widest, "positions": positions})
        assert sum(1 for _ in blank(shape).parameters()) > 10


def test_a_broken_tokenizer_is_the_models_error(tmp_path: Path) -> None:
    made = recipe(decoder_layers=1)
    save_checkpoint(tmp_path, initialised(made.shape, seed=0), made, {})
    (tmp_path / "symbols.json").write_text('{"kind": "{runes}"}')
    with pytest.raises(ModelError, match=r"symbols\.json: kind = \{runes\} is not") as caught:
        load(tmp_path)
    assert caught.value.code == "unsupported"
    assert caught.value.fields["file"] == "symbols.json"


def test_a_token_that_the_model_has_no_row_for(tmp_path: Path) -> None:
    made = recipe(decoder_layers=1)
    save_checkpoint(tmp_path, initialised(made.shape, seed=0), made, {})
    symbols = json.loads((tmp_path / "symbols.json").read_text())
    symbols["symbols"].append("é")
    (tmp_path / "symbols.json").write_text(json.dumps(symbols))
    bench = load(tmp_path)
    assert bench.run("ab|").logits is not None
    with pytest.raises(ModelError) as caught:
        bench.run("é")
    assert caught.value.code == "token-without-row"
    assert caught.value.fields == {"id": made.shape.vocab_size, "rows": made.shape.vocab_size}


def test_layers_that_nobody_saved_are_not_laid_out(tmp_path: Path) -> None:
    made = recipe(decoder_layers=1)
    save_checkpoint(tmp_path, initialised(made.shape, seed=0), made, {})
    config = own_config(made.shape) | {"encoder_layers": MAX_LAYERS, "decoder_layers": MAX_LAYERS}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError) as caught:
        load(tmp_path)
    last = f"decoder.{MAX_LAYERS - 1}.self_attention.queries.weight"
    assert (caught.value.code, caught.value.fields["what"]) == ("tensor-missing", last)
