"""How the variants of the trained families are called."""

from experiments.families import Entry
from ui.i18n import N_, _, ngettext
from ui.switches import NAMES

_VARIANTS = {
    ("scaling", "scaled"): N_("q·k / √dₖ"),
    ("scaling", "unscaled"): N_("q·k, unscaled"),
    ("scaling", "temperature 8"): N_("q·k / 8√dₖ"),
    ("tied", "untied"): N_("W_Q and W_K"),
    ("tied", "tied"): N_("one matrix for both"),
    ("score", "dot"): NAMES["dot"],
    ("score", "additive"): NAMES["additive"],
    ("positions", "none"): N_("no positions"),
    ("norms", "pre"): N_("pre-LN"),
    ("norms", "post"): N_("post-LN"),
    ("norms", "rms"): NAMES["rms"],
    ("norms", "batch"): NAMES["batch"],
    ("norms", "none"): N_("no norm"),
    ("mask", "causal"): N_("causal mask"),
    ("mask", "missing"): N_("no mask"),
    ("warmup", "pre with"): N_("pre-LN with warm-up"),
    ("warmup", "pre without"): N_("pre-LN without warm-up"),
    ("warmup", "post with"): N_("post-LN with warm-up"),
    ("warmup", "post without"): N_("post-LN without warm-up"),
    ("multiplier", "small ×1"): "× 1 (σ 0.02)",
    ("multiplier", "small ×8"): "× √d (σ 0.02)",
    ("multiplier", "large ×1"): "× 1 (σ 1/√d)",
    ("multiplier", "large ×8"): "× √d (σ 1/√d)",
}


def variant_name(family: str, variant: str) -> str:
    """A variant, in the reader's language."""
    if (family, variant) in _VARIANTS:
        return _(_VARIANTS[family, variant])
    if family == "heads":
        return ngettext("{n} head", "{n} heads", int(variant)).format(n=variant)
    if family == "residual":
        depth, residual = variant.split()
        layers = ngettext("{n} layer", "{n} layers", int(depth)).format(n=depth)
        return layers if residual == "with" else _("{layers} without paths").format(layers=layers)
    if family == "dropout":
        return _("dropout {rate}").format(rate=variant)
    return _(NAMES[variant])


def entry_name(entry: Entry) -> str:
    """A variant and, where it is not the usual loss, how it was measured."""
    name = variant_name(entry.family, entry.variant)
    if entry.measure == "one by one":
        return _("{variant} (one window at a time)").format(variant=name)
    if entry.measure == "causal":
        return _("{variant} (then masked)").format(variant=name)
    return name
