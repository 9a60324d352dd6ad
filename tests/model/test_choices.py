"""Choices as values, as text, and what weights permit of them."""

import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.choices import (
    MASK_PARTS,
    REASONS,
    Choices,
    check,
    first_difference,
    from_text,
    legal,
    native_choices,
    to_text,
)
from model.errors import ModelError
from model.shape import Shape
from model.tape import Tape
from tests.model.zoo import choices_for, grown, real, shapes, tiny, words

GATED = ("reglu", "geglu", "geglu_tanh", "swiglu")


def test_choices_are_values() -> None:
    one = Choices(mask="causal+padding", ablated=((1, 0), (0, 2), (1, 0)), layers=(2, 0, 2))
    two = Choices(mask="padding+causal", ablated=((0, 2), (1, 0)), layers=(0, 2))
    assert one == two
    assert hash(one) == hash(two)
    assert one.mask == "padding+causal"
    assert {one: "seen"}[two] == "seen"
    assert one != replace(one, tied=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mask", ""),
        ("mask", "future"),
        ("mask", "native+causal"),
        ("mask", "causal+"),
        ("window", 0),
        ("prefix", -1),
        ("offset", -1),
        ("score", "euclidean"),
        ("temperature", 0.0),
        ("temperature", -1.0),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("multiplier", math.nan),
        ("multiplier", -math.inf),
        ("positions", "absolute"),
        ("norm", "group"),
        ("place", "middle"),
        ("residual", "all"),
        ("activation", "tanh"),
    ],
)
def test_a_value_that_means_nothing_is_refused(field: str, value: Any) -> None:
    fields = {field: value}
    with pytest.raises(ModelError) as caught:
        Choices(**fields)
    assert caught.value.code == "bad-choice"
    assert caught.value.fields["field"] == field


def test_where_choices_apply() -> None:
    native = Choices(positions="rope", norm="rms")
    thrown = replace(native, scaled=False, offset=3, ablated=((0, 1),), layers=(1,))
    assert thrown.at(1, native) == thrown
    elsewhere = thrown.at(0, native)
    assert elsewhere == replace(native, offset=3, ablated=((0, 1),))
    assert replace(thrown, layers=None).at(0, native).scaled is False
    assert replace(thrown, layers=()).at(1, native).scaled is True


def test_native_choices_are_the_shape_s() -> None:
    shape = tiny(
        positions="rope",
        embedding_multiplier=3.0,
        norm="rms",
        norm_place="pre",
        activation="swiglu",
        additive_score=True,
    )
    assert native_choices(shape) == Choices(
        score="additive",
        positions="rope",
        multiplier=3.0,
        norm="rms",
        place="pre",
        activation="swiglu",
    )


def test_text_holds_what_differs_from_native() -> None:
    native = Choices()
    thrown = Choices(
        mask="padding+prefix",
        prefix=2,
        scaled=False,
        temperature=0.25,
        ablated=((0, 3), (11, 0)),
        layers=(0, 2),
    )
    assert to_text(native, native) == {}
    assert to_text(thrown, native) == {
        "mask": "padding+prefix",
        "prefix": "2",
        "scaled": "false",
        "temperature": "0.25",
        "ablated": "0.3 11.0",
        "layers": "0 2",
    }
    assert from_text(to_text(thrown, native), native) == thrown
    assert to_text(native, thrown)["layers"] == "all"
    assert from_text({}, thrown) == thrown


@settings(max_examples=40)
@given(data=st.data())
def test_text_and_back(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    native = native_choices(shape)
    choices = data.draw(choices_for(shape))
    texts = to_text(choices, native)
    assert all(isinstance(text, str) for text in texts.values())
    assert from_text(texts, native) == choices
    other = data.draw(choices_for(shape))
    assert from_text(to_text(other, choices), choices) == other


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nonsense", "1"),
        ("scaled", "yes"),
        ("window", "two"),
        ("window", "1.5"),
        ("offset", "-3"),
        ("temperature", "nan"),
        ("temperature", "hot"),
        ("multiplier", "1e999"),
        ("ablated", "3"),
        ("ablated", "1.2.3"),
        ("ablated", "a.b"),
        ("layers", "first"),
        ("layers", "0,1"),
        ("norm", "LAYER"),
        ("mask", "causal padding"),
    ],
)
def test_text_that_means_nothing_is_refused(name: str, text: str) -> None:
    with pytest.raises(ModelError) as caught:
        from_text({name: text}, Choices())
    assert caught.value.code == "bad-choice"
    assert caught.value.fields["field"] == name


@given(st.dictionaries(st.sampled_from(list(Choices.__dataclass_fields__)), st.text(max_size=12)))
def test_any_text_is_choices_or_a_model_error(texts: dict[str, str]) -> None:
    with suppress(ModelError):  # any other error fails
        assert isinstance(from_text(texts, Choices()), Choices)


def test_what_weights_permit() -> None:
    verdicts = legal(tiny(positions="learned", activation="gelu", d_head=3))
    assert verdicts["positions"] == {
        "none": None,
        "learned": None,
        "sinusoidal": None,
        "relative": "no-relative-table",
        "xl": "no-relative-projection",
        "rope": "odd-head-width",
        "alibi": None,
    }
    assert {name for name, reason in verdicts["activation"].items() if reason} == set(GATED)
    for name in ("score", "norm", "place", "residual"):
        assert not any(verdicts[name].values())
    rotary = legal(tiny(positions="rope", activation="swiglu"))
    assert rotary["positions"]["learned"] == "no-position-table"
    assert rotary["positions"]["rope"] is None
    assert not any(rotary["activation"].values())


@settings(max_examples=10)
@given(data=st.data())
def test_check_refuses_exactly_what_is_not_legal(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    native = native_choices(shape)
    check(native, shape)
    model, ids = grown(shape), words(shape, 2, 3)
    for field, options in legal(shape).items():
        assert getattr(native, field) in options
        for value, reason in options.items():
            choices = replace(native, **{field: value})
            if reason is None:
                check(choices, shape)
                assert model(ids, real(3, 2), choices=choices, tape=Tape()).isfinite().all()
            else:
                assert reason in REASONS
                with pytest.raises(ModelError) as caught:
                    model(ids, choices=choices)
                assert caught.value.code == "illegal-choice"
                assert caught.value.fields["reason"] == reason
                assert caught.value.fields["field"] == field


@settings(max_examples=40)
@given(data=st.data())
def test_every_mask_runs_with_every_legal_choice(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    parts = data.draw(st.sets(st.sampled_from(MASK_PARTS), min_size=1))
    choices = replace(data.draw(choices_for(shape)), mask="+".join(parts))
    check(choices, shape)
    output = grown(shape)(words(shape, 3, 4), real(4, 1, 2), choices=choices)
    assert output.isfinite().all()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"layers": (2,)}, "no-such-layer"),
        ({"layers": (-1,)}, "no-such-layer"),
        ({"ablated": ((2, 0),)}, "no-such-layer"),
        ({"ablated": ((0, 4),)}, "no-such-head"),
        ({"ablated": ((0, -1),)}, "no-such-head"),
        ({"ablated_cross": ((0, 0),)}, "no-cross-attention"),
        ({"positions": "none", "layers": (0,)}, "positions-need-all-layers"),
        ({"positions": "sinusoidal", "layers": (0,)}, "positions-need-all-layers"),
    ],
)
def test_choices_that_a_shape_has_no_place_for(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        check(replace(native_choices(tiny()), **fields), tiny())
    assert caught.value.code == code


def test_cross_attention_is_ablated_in_the_decoder_alone() -> None:
    shape = tiny(decoder_layers=1)
    native = native_choices(shape)
    check(replace(native, ablated_cross=((2, 3),)), shape)
    with pytest.raises(ModelError, match="no cross-attention"):
        check(replace(native, ablated_cross=((1, 3),)), shape)


def test_first_difference_by_hand() -> None:
    shape = tiny(encoder_layers=3)
    native = native_choices(shape)

    def of(**fields: Any) -> int:
        return first_difference(native, replace(native, **fields), shape)

    assert of() == 3
    assert of(scaled=False) == 0
    assert of(scaled=False, layers=(1, 2)) == 1
    assert of(ablated=((2, 0),)) == 2
    assert of(offset=1) == -1
    assert of(multiplier=2.0) == -1
    assert of(positions="none") == -1
    assert of(norm="rms", layers=(2,)) == 2
    assert of(layers=()) == 3


@settings(max_examples=40)
@given(data=st.data())
def test_nothing_differs_before_the_first_difference(data: st.DataObject) -> None:
    shape: Shape = data.draw(shapes())
    one, two = data.draw(choices_for(shape)), data.draw(choices_for(shape))
    if data.draw(st.booleans()):
        two = replace(one, ablated=two.ablated)
    first = first_difference(one, two, shape)
    assert first == first_difference(two, one, shape)
    model, ids = grown(shape), words(shape, 2, 3)
    tapes = Tape(), Tape()
    outputs = [
        model(ids, choices=choices, tape=tape)
        for choices, tape in zip((one, two), tapes, strict=True)
    ]
    for layer in range(min(first + 1, shape.n_layers)):
        site = "{}.{}.input".format(*shape.stack_of(layer))
        assert tapes[0].kept[site].equal(tapes[1].kept[site])
    if first == shape.n_layers:
        assert outputs[0].equal(outputs[1])
