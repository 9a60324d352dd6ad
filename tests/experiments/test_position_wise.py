"""The feed-forward network treats every token by itself; attention does not."""

import pytest

from experiments.position_wise import elsewhere, position_wise
from model import Bench, ModelError

TEXT = "The keys to the old cabinet are lost."
WORD = 1000  # an id in every vocabulary


@pytest.mark.parametrize("name", ["bert_tiny", "minilm", "smollm2"])
@pytest.mark.parametrize("layer", [0, 1])
def test_other_tokens_move_in_attention_alone(
    name: str, layer: int, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(name)
    frame = position_wise(bench, bench.encode(TEXT), 3, WORD, layer)
    assert elsewhere(frame, 3, "feed_forward") == 0
    assert elsewhere(frame, 3, "attention") > 1e-3
    own = frame.to_dict("records")[3]
    assert own["feed_forward"] > 0.1
    assert own["attention"] > 0.01


def test_a_causal_models_earlier_tokens_stay(smollm2: Bench) -> None:
    frame = position_wise(smollm2, smollm2.encode(TEXT), 3, WORD, 2)
    assert frame["attention_largest"].tolist()[:3] == [0, 0, 0]


def test_the_exchanged_row_equals_the_exchanged_texts_own(minilm: Bench) -> None:
    source = minilm.encode(TEXT)
    frame = position_wise(minilm, source, 3, WORD, 0)
    rows = source.ids.tolist()
    rows[0][3] = WORD
    native, other = minilm.run(TEXT), minilm.run_encoded(minilm.batch(rows))
    # in the first layer attention's input differs in that one row only
    change = (other.attention(0).output - native.attention(0).output)[0]
    relative = change.norm(dim=-1) / native.attention(0).output[0].norm(dim=-1)
    assert frame["attention"].tolist() == pytest.approx(relative.tolist(), rel=1e-3, abs=1e-5)
    fed = (other.feed_forward(0).output - native.feed_forward(0).output)[0, 3]
    expected = fed.norm() / native.feed_forward(0).output[0, 3].norm()
    assert frame["feed_forward"].tolist()[3] == pytest.approx(float(expected), rel=1e-3)


def test_nothing_exchanged_is_said(minilm: Bench) -> None:
    source = minilm.encode(TEXT)
    with pytest.raises(ModelError) as caught:
        position_wise(minilm, source, 2, int(source.ids[0, 2]), 0)
    assert caught.value.code == "nothing-exchanged"
