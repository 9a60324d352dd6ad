"""The lens ends at the model's own prediction, and reads every depth with its own head."""

import pytest
import torch
import torch.nn.functional as F

from experiments.logit_lens import lens
from experiments.residual_stream import stream
from model import Bench, ModelError
from tests.model import zoo

GAPS = {"smollm2": "The capital of France is", "bert_tiny": "The capital of France is [MASK] ."}


@pytest.mark.parametrize("name", list(GAPS))
def test_the_last_depth_is_the_models_own_prediction(
    name: str, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(name)
    run = bench.run(GAPS[name])
    depths = stream(bench, run.source, bench.native).depths
    assert run.logits is not None
    torch.testing.assert_close(
        bench.transformer.read_out(depths[None, -1]), run.logits, rtol=1e-4, atol=1e-3
    )
    position = len(run.tokens[0]) - 1
    last = lens(bench, depths, position).to_dict("records")[-1]
    probabilities = run.logits[0, position].softmax(-1)
    assert last["id"] == int(probabilities.argmax())
    assert last["probability"] == pytest.approx(float(probabilities.max()), rel=1e-3)
    assert (last["rank"], last["kl"]) == (1, pytest.approx(0, abs=1e-6))


def test_an_early_depth_by_torchs_own_functions(smollm2: Bench) -> None:
    run = smollm2.run(GAPS["smollm2"])
    depths = stream(smollm2, run.source, smollm2.native).depths
    x, weights = depths[20, -1], smollm2.transformer
    assert weights.decoder_norm is not None
    normal = F.rms_norm(x, x.shape, weights.decoder_norm.gain, smollm2.shape.norm_epsilon)
    probabilities = (weights.embedding.tokens.weight @ normal).softmax(-1)
    table = lens(smollm2, depths, len(run.tokens[0]) - 1).to_dict("records")
    answer = table[-1]["id"]
    assert table[-1]["token"] == " Paris"
    assert table[20]["final"] == pytest.approx(float(probabilities[answer]), rel=1e-3)
    assert table[20]["rank"] == int((probabilities > probabilities[answer]).sum()) + 1
    assert table[20]["probability"] == pytest.approx(float(probabilities.max()), rel=1e-3)


def test_a_model_without_a_head_says_so(minilm: Bench) -> None:
    depths = stream(minilm, minilm.encode("A text."), minilm.native).depths
    with pytest.raises(ModelError) as caught:
        lens(minilm, depths, 0)
    assert caught.value.code == "no-head"


def test_random_weights_of_any_kind_end_at_their_logits(bert_tiny: Bench) -> None:
    for fields in ({"final_norm": True}, {"encoder_layers": 0, "decoder_layers": 2}):
        shape = zoo.tiny(head="lm", **fields)
        bench = Bench("random", shape, zoo.grown(shape), bert_tiny.tokenizer)
        source = bench.batch([[3, 1, 4, 1, 5]])
        depths = stream(bench, source, bench.native).depths
        logits = bench.run_encoded(source).logits
        assert logits is not None
        torch.testing.assert_close(bench.transformer.read_out(depths[None, -1]), logits)
