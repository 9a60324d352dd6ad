"""The shelf: what lies there is what the tables speak of, all of it and nothing else."""

import pytest
import torch

from experiments.trained_attention import LONGEST, look
from model import ModelError
from model.shape import Shape
from model.training import shelf
from model.training.families import FAMILIES
from model.training.loop import mean_loss
from model.training.results import read
from model.training.work import jobs


def test_every_variant_is_there_and_nothing_else() -> None:
    expected = {f"{job.key}.safetensors" for job in jobs(FAMILIES, [0])}
    assert {path.name for path in shelf.FOLDER.iterdir()} == expected


@pytest.mark.parametrize(
    ("family", "variant"),
    [("scaling", "unscaled"), ("mask", "missing"), ("residual", "1 without"), ("tied", "tied")],
)
def test_what_is_shelved_does_what_the_tables_say(family: str, variant: str) -> None:
    job = shelf.job_of(family, variant)
    model = shelf.trained(job)
    assert isinstance(model.shape, Shape) and model.shape == job.recipe.shape
    (run,) = (r for r in read() if (r.family, r.variant, r.seed) == (family, variant, 0))
    again = mean_loss(model, job.recipe.task.held_out(64), job.recipe.trained)
    assert again == pytest.approx(run.outcomes["held out", 0], abs=2e-3)  # half precision


def test_a_card_tells_the_recipe() -> None:
    card = shelf.card_of(shelf.job_of("dropout", "0.3"))
    recipe = card["recipe"]
    assert isinstance(recipe, dict)
    assert recipe["dropout"] == 0.3 and recipe["seed"] == 0
    assert "python -m model.training families" in str(card["command"])


def test_what_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ModelError) as caught:
        shelf.trained(shelf.job_of("tied", "tied"), tmp_path)
    assert caught.value.code == "weights-missing"


def test_only_the_model_without_a_mask_sees_the_future() -> None:
    text = "And God said, Let there be light"
    causal, missing = (look("mask", variant, text) for variant in ("causal", "missing"))
    assert causal.tokens == tuple(text)
    for one in (causal, missing):
        assert one.weights.shape == (2, 4, len(text), len(text))
        torch.testing.assert_close(one.weights.sum(-1), torch.ones(2, 4, len(text)))
    assert causal.weights.triu(1).count_nonzero() == 0
    assert missing.weights.triu(1).sum() > 1
    assert torch.equal(causal.of(1, None), causal.weights[1].mean(0))
    assert torch.equal(causal.of(1, 2), causal.weights[1, 2])


@pytest.mark.parametrize(("text", "code"), [("", "empty-text"), ("a" * (LONGEST + 1), "too-long")])
def test_texts_that_cannot_be_read(text: str, code: str) -> None:
    with pytest.raises(ModelError) as caught:
        look("tied", "tied", text)
    assert caught.value.code == code
