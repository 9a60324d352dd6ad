"""Which tokens see which, as config.json says it: causal or not, and sliding windows."""

from model.weights.settings import MAX_CONTEXT, MAX_LAYERS, Settings
from tokenizers.notices import Notice, notice


def _causal(s: Settings) -> bool:
    """Whether tokens see only what precedes them; embedding models made of decoders say no, and
    null counts as no (transformers 5.23: `masking_utils.create_causal_mask`)."""
    return not s.is_null("is_causal") and s.flag("is_causal", True)


def stacks(s: Settings, key: str) -> tuple[int, int]:
    """Layers of an encoder and of a decoder, in a family of decoders: without a causal mask they
    are an encoder's."""
    layers = s.integer(key, most=MAX_LAYERS)
    return (0, layers) if _causal(s) else (layers, 0)


def window(s: Settings, family: str, notices: list[Notice]) -> int:
    """Sliding window of all layers, in tokens to each side, the token itself counted; 0 for none.

    As transformers 5.23 has it: llama knows no window; mistral's holds for all layers, whatever
    `layer_types` says; qwen2's holds for those layers that `layer_types` or `max_window_layers`
    names, if `use_sliding_window` says that there is one.
    """
    layers = s.integer("num_hidden_layers", most=MAX_LAYERS)
    kinds = _layer_types(s, layers)
    if family == "llama":
        windowed = [False] * layers
    elif family == "mistral":
        windowed = [not s.is_null("sliding_window")] * layers
    else:
        used = s.flag("use_sliding_window", False)
        s.get("sliding_window")
        if not used and kinds and "sliding_attention" in kinds:
            s.unsupported("layer_types")
        window = used and not s.is_null("sliding_window")
        first = s.integer("max_window_layers", 28, least=0, most=MAX_LAYERS)
        windowed = [window and layer >= first for layer in range(layers)]
        if kinds:
            windowed = [kind == "sliding_attention" for kind in kinds]
    if kinds and windowed != [kind == "sliding_attention" for kind in kinds]:
        notices.append(
            notice(
                "layers-alike",
                "{file}: layer_types is not followed: models of the type {family} have the same "
                "attention in all layers, as in transformers",
                file=s.file,
                family=family,
            )
        )
    if not any(windowed):
        return 0
    if not all(windowed):
        s.unsupported("layer_types" if kinds else "max_window_layers")
    # without a causal mask, transformers counts the tokens on each side without the token itself
    return s.integer("sliding_window", 4096, most=MAX_CONTEXT) + (not _causal(s))


def _layer_types(s: Settings, layers: int) -> list[str] | None:
    """What kind of attention each layer has; None where the config does not say."""
    kinds = s.get("layer_types")
    if kinds is None:
        return None
    words = [word for word in kinds if isinstance(word, str)] if isinstance(kinds, list) else []
    if not isinstance(kinds, list) or not len(words) == len(kinds) == layers:
        s.wrong("layer_types")
    if not set(words) <= {"full_attention", "sliding_attention"}:
        s.unsupported("layer_types")
    return words
