"""The tape: what it keeps, shows and replaces, and that every site is in the path of the output."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from model.choices import Choices, native_choices
from model.errors import ModelError
from model.shape import Shape
from model.tape import Tape, silent
from tests.model.zoo import grown, real, tiny, words

BOTH = tiny(
    encoder_layers=1,
    decoder_layers=1,
    token_types=2,
    embedding_norm=True,
    final_norm=True,
    activation="swiglu",
    head="mlm",
    head_bias=True,
)
SHAPES = {
    "both": BOTH,
    "relative": tiny(encoder_layers=1, positions="relative", norm_place="pre"),
    "alibi": tiny(encoder_layers=0, decoder_layers=1, positions="alibi", norm="batch"),
    "xl": tiny(encoder_layers=1, positions="xl", norm="rms"),
    "rope": tiny(encoder_layers=0, decoder_layers=1, positions="rope", norm="none", head="lm"),
}
ATTENTION = (
    "queries",
    "keys",
    "values",
    "raw_scores",
    "scores",
    "mask",
    "weights",
    "head_outputs",
    "output",
)
LAYER_NORM = ("input", "mean", "variance", "output")


def run(shape: Shape, tape: Tape, choices: Choices | None = None, batch: int = 2) -> Tensor:
    """Two texts of 5 and 3 tokens, and for an encoder–decoder two targets; or the first alone."""
    model = grown(shape)
    ids, seen = words(shape, 2, 5)[:batch], real(5, 3)[:batch]
    if shape.kind != "encoder-decoder":
        return model(ids, seen, tape=tape, choices=choices)
    types = torch.tensor([[0, 0, 1, 1, 1]] * batch)
    target = {"target": words(shape, 2, 4, seed=1)[:batch], "target_real": real(3, 4)[:batch]}
    return model(ids, seen, types, **target, tape=tape, choices=choices)


def sites_of(shape: Shape) -> dict[str, Tensor]:
    tape = Tape()
    run(shape, tape)
    return tape.kept


def below(at: str, *names: str) -> set[str]:
    return {f"{at}.{name}" for name in names}


def test_the_sites_of_an_encoder_decoder() -> None:
    want = below("head.norm", *LAYER_NORM) | {"logits"}
    for stack in ("encoder", "decoder"):
        want |= below(f"{stack}.embedding", "tokens", "positions", "types", "sum")
        want |= below(f"{stack}.embedding.norm", *LAYER_NORM)
        want |= below(f"{stack}.norm", *LAYER_NORM) | {f"{stack}.output"}
        steps = ["attention", "feed_forward"] + ["cross"] * (stack == "decoder")
        for step in steps:
            want |= {f"{stack}.0.after_{step}"} | below(f"{stack}.0.{step}_norm", *LAYER_NORM)
        want |= below(f"{stack}.0.self_attention", *ATTENTION) | {f"{stack}.0.input"}
        want |= below(
            f"{stack}.0.feed_forward", "pre_activation", "up", "post_activation", "output"
        )
    want |= below("decoder.0.cross_attention", *ATTENTION)
    assert set(sites_of(BOTH)) == want


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("relative", {"position_bias"}),
        ("alibi", {"position_bias"}),
        ("xl", {"position_scores"}),
        ("rope", {"content_queries", "content_keys"}),
    ],
)
def test_position_schemes_inside_attention_have_sites_of_their_own(
    name: str, extra: set[str]
) -> None:
    shape = SHAPES[name]
    stack, _ = shape.stack_of(0)
    at = f"{stack}.0.self_attention."
    found = {site.removeprefix(at) for site in sites_of(shape) if site.startswith(at)}
    assert found == set(ATTENTION) | extra
    assert f"{stack}.embedding.positions" not in sites_of(shape)


def disturbed(tensor: Tensor) -> Tensor:
    if tensor.dtype == torch.bool:
        return torch.ones_like(tensor).tril(-1) | torch.eye(*tensor.shape[-2:], dtype=torch.bool)
    dice = torch.Generator().manual_seed(9)
    return tensor * (1 + torch.rand(tensor.shape, generator=dice, dtype=tensor.dtype)) + 0.1


@pytest.mark.parametrize("name", SHAPES)
def test_an_edit_of_any_site_reaches_the_output(name: str) -> None:
    shape = SHAPES[name]
    native = run(shape, silent())
    for site, tensor in sites_of(shape).items():
        tape = Tape(edits={site: disturbed})
        output = run(shape, tape)
        if tape.kept[site].equal(tensor):
            assert site.endswith(".mask")
            assert "decoder" in site  # it is causal as it is
            continue
        assert tape.kept[site].equal(disturbed(tensor))
        assert (output - native).abs().max() > 1e-4, site


@pytest.mark.parametrize("name", SHAPES)
def test_looking_changes_nothing(name: str) -> None:
    shape = SHAPES[name]
    native = run(shape, silent())
    same = {"*": lambda tensor: tensor.clone()}
    assert run(shape, Tape()).equal(native)
    # an edited norm is computed step by step
    torch.testing.assert_close(run(shape, Tape(edits=same)), native, rtol=1e-13, atol=1e-13)


def test_zero_weights_leave_the_output_bias_alone() -> None:
    shape = tiny(encoder_layers=1)
    tape = Tape(edits={"*.weights": torch.zeros_like})
    run(shape, tape)
    assert not tape.kept["encoder.0.self_attention.head_outputs"].any()
    output = tape.kept["encoder.0.self_attention.output"]
    bias = grown(shape).state_dict()["encoder.0.self_attention.output.bias"]
    assert output.equal(bias.expand_as(output))


def test_an_edited_norm_by_hand() -> None:
    shape = tiny(encoder_layers=1)
    at = "encoder.0.attention_norm"
    tape = Tape(
        edits={
            f"{at}.mean": lambda mean: torch.full_like(mean, 2.0),
            f"{at}.variance": lambda variance: torch.full_like(variance, 4.0),
        }
    )
    run(shape, tape)
    weights = grown(shape).state_dict()
    want = (tape.kept[f"{at}.input"] - 2) / (4 + shape.norm_epsilon) ** 0.5
    want = want * weights[f"{at}.gain"] + weights[f"{at}.bias"]
    torch.testing.assert_close(tape.kept[f"{at}.output"], want)


def test_an_edited_score_moves_its_row_and_no_other() -> None:
    shape = tiny(encoder_layers=1)
    before = sites_of(shape)["encoder.0.self_attention.weights"]

    def look_away(scores: Tensor) -> Tensor:
        scores = scores.clone()
        scores[0, 1, 2, 3] -= torch.log(torch.tensor(2.0))  # half the odds
        return scores

    tape = Tape(edits={"encoder.0.self_attention.scores": look_away})
    run(shape, tape)
    after = tape.kept["encoder.0.self_attention.weights"]
    row = before[0, 1, 2].clone()
    row[3] /= 2
    torch.testing.assert_close(after[0, 1, 2], row / row.sum(), rtol=1e-6, atol=1e-7)
    after = after.clone()
    after[0, 1, 2] = before[0, 1, 2]
    assert after.equal(before)


def test_edits_of_one_site_follow_each_other_in_order() -> None:
    tape = Tape(edits={"logits": lambda t: t + 1, "log*": lambda t: t * 2})
    shape = tiny(head="lm")
    torch.testing.assert_close(run(shape, tape), (run(shape, silent()) + 1) * 2)


def test_keep_names_what_stays() -> None:
    def kept(*keep: str) -> set[str]:
        tape = Tape(keep=keep)
        run(BOTH, tape)
        return set(tape.kept)

    everything = set(sites_of(BOTH))
    assert kept() == set()
    assert kept("*") == everything
    assert kept("logits") == {"logits"}
    assert kept("*.weights", "logits") == {s for s in everything if s.endswith(".weights")} | {
        "logits"
    }
    assert kept("encoder.0.*") == {s for s in everything if s.startswith("encoder.0.")}
    assert kept("nothing.at.all") == set()


def test_a_watch_sees_what_is_not_kept_after_the_edits() -> None:
    seen: dict[str, float] = {}

    def norm(site: str, tensor: Tensor) -> None:
        seen[site] = float(tensor.double().norm())

    tape = Tape(keep=(), edits={"*.values": torch.zeros_like}, watch={"*": norm})
    run(BOTH, tape)
    assert tape.kept == {}
    everything = Tape(edits={"*.values": torch.zeros_like})
    run(BOTH, everything)
    assert seen == {site: float(t.double().norm()) for site, t in everything.kept.items()}
    assert seen["encoder.0.self_attention.values"] == 0


def test_watches_see_their_own_sites_only() -> None:
    sites: list[str] = []
    run(BOTH, Tape(watch={"*.mean": lambda site, _: sites.append(site)}))
    assert sorted(sites) == sorted(site for site in sites_of(BOTH) if site.endswith(".mean"))


@pytest.mark.parametrize(
    ("shape", "changes"),
    [
        (BOTH, {}),
        (replace(BOTH, n_kv_heads=2, positions="sinusoidal"), {"residual": "none"}),
        (SHAPES["relative"], {"residual": "attention"}),
        (replace(SHAPES["alibi"], norm="layer"), {"place": "pre", "mask": "window", "window": 2}),
        (replace(SHAPES["xl"], additive_score=True), {"score": "additive"}),
        (replace(SHAPES["rope"], n_kv_heads=1), {"tied": True}),
    ],
)
def test_an_edit_of_any_site_may_make_many_rows_of_one(shape: Shape, changes: dict) -> None:
    choices = replace(native_choices(shape), **changes)
    everything = Tape()
    native = run(shape, everything, choices, batch=1)
    for site, tensor in everything.kept.items():
        if tensor.ndim == 2:  # positions, the same for all rows
            continue
        alone = run(shape, Tape(keep=(), edits={site: disturbed}), choices, batch=1)
        tape = Tape(keep=(), edits={site: lambda t: torch.cat([t, disturbed(t), t])})
        found = run(shape, tape, choices, batch=1)
        wanted = torch.cat([native, alone, native])
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12, msg=site)


def test_rows_of_a_batch_and_positions_do_not_become_more() -> None:
    for site, batch in {"*.weights": 2, "*.embedding.positions": 1}.items():
        tape = Tape(edits={site: lambda t: torch.cat([t, t])})
        with pytest.raises(ModelError) as caught:
            grown(tiny())(words(tiny(), batch, 1), tape=tape)
        assert caught.value.code == "edit-shape"


def test_an_edit_of_another_shape_is_an_error() -> None:
    tape = Tape(edits={"*.self_attention.weights": lambda weights: weights[..., :1]})
    with pytest.raises(ModelError) as caught:
        run(tiny(), tape)
    assert caught.value.code == "edit-shape"
    assert caught.value.fields["site"] == "encoder.0.self_attention.weights"
    assert caught.value.fields["got"] == (2, 4, 5, 1)
    assert caught.value.fields["expected"] == (2, 4, 5, 5)


@pytest.mark.parametrize("pattern", ["encoder.9.self_attention.scores", "*.score", "decoder.*"])
def test_an_edit_without_a_site_is_an_error(pattern: str) -> None:
    tape = Tape(edits={"*.scores": torch.zeros_like, pattern: torch.zeros_like})
    with pytest.raises(ModelError) as caught:
        run(tiny(), tape)
    assert caught.value.code == "edit-unused"
    assert caught.value.fields["pattern"] == pattern


def test_a_tape_serves_one_run() -> None:
    tape = Tape()
    run(tiny(), tape)
    with pytest.raises(ModelError) as caught:
        run(tiny(), tape)
    assert caught.value.code == "tape-used"
