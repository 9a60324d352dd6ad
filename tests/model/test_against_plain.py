"""Any small Transformer under any legal choices computes what a slow, plain one does."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.tape import Tape
from tests.model import plain
from tests.model.zoo import choices_for, grown, real, shapes, words


@settings(max_examples=200)
@given(data=st.data())
def test_any_shape_under_any_legal_choices(data: st.DataObject) -> None:
    shape = data.draw(shapes(), "shape")
    choices = data.draw(choices_for(shape), "choices")
    seed = data.draw(st.integers(0, 5), "seed")
    model = grown(shape, seed)
    ids, mask = words(shape, 2, 4, seed), real(4, 3)
    types = torch.tensor([[0, 0, 1, 1]] * 2) if shape.token_types else None
    target, target_mask = None, None
    if shape.kind == "encoder-decoder":
        target, target_mask = words(shape, 2, 3, seed + 1), real(2, 3)
    got = model(
        ids, mask, types, target=target, target_real=target_mask, choices=choices, tape=Tape()
    )
    want = plain.logits(shape, model.state_dict(), ids, mask, choices, types, target, target_mask)
    # position schemes are computed in float32, whatever the weights are in
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)
