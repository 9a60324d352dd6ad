"""Rotary positions as config.json spells them: `rope_scaling`, or since transformers 5
`rope_parameters`."""

from collections.abc import Mapping

from model.shape import RopeScaling
from model.weights.known import unread
from model.weights.settings import MAX_CONTEXT, Settings
from tokenizers.notices import Notice, notice


def rope(s: Settings, notices: list[Notice]) -> tuple[float, RopeScaling | None]:
    """θ and the scaling, as transformers 5.23 takes them (`convert_rope_params_to_dict`): a
    `rope_scaling` that holds anything displaces `rope_parameters` altogether, its θ too.

    Raises the errors of `Settings`; parameters of their own for each type of layer are
    `config-unsupported`.
    """
    params, displaced = s.section("rope_scaling"), s.section("rope_parameters")
    if not params.values:
        params = displaced
    elif displaced.values and _plain(params) != _plain(displaced):
        notices.append(
            notice(
                "rope-twice",
                "{file} has rope_scaling and rope_parameters, which differ: rope_scaling is "
                "followed, as transformers does",
                file=s.file,
            )
        )
    for name, value in params.values.items():
        if isinstance(value, Mapping):  # parameters of one type of layers
            params.unsupported(name.removeprefix(params.prefix))
    theta = params.number("rope_theta", s.number("rope_theta", 10_000.0))
    for settings in (s, params):
        settings.only("partial_rotary_factor", 1.0)
    key = "rope_type" if params.get("rope_type") is not None else "type"
    kind = params.word(key, "default")
    params.get("type")  # the older name: read, even where the other goes first
    scaling = None
    if kind == "linear":
        scaling = RopeScaling("linear", params.number("factor"))
    elif kind == "llama3":
        scaling = _llama3(s, params)
    elif kind != "default":
        params.unsupported(key)
    # for these kinds without a meaning
    notices += unread(params, ("*.finetuned", "*.original_max_position_embeddings"), {})
    return theta, scaling


def _llama3(s: Settings, params: Settings) -> RopeScaling:
    low = params.number("low_freq_factor")
    context = s.integer("max_position_embeddings", most=MAX_CONTEXT)
    within = params.integer("original_max_position_embeddings", context, most=MAX_CONTEXT)
    return RopeScaling(
        "llama3",
        params.number("factor"),
        low_frequency_factor=low,
        high_frequency_factor=params.number("high_freq_factor", above=low),
        # one that stands beside the dictionary goes first
        original_context=s.integer("original_max_position_embeddings", within, most=MAX_CONTEXT),
    )


def _plain(params: Settings) -> dict[str, object]:
    """The parameters by their names alone, `type` by its newer name."""
    names = {name.removeprefix(params.prefix): value for name, value in params.values.items()}
    kind = names.pop("type", None)
    return {"rope_type": kind, **names} if kind is not None else names
