"""Settings that are not read: which of them mean nothing here, and a notice for all others.

A checkpoint's settings hold more than what fixes its maths: where it was trained, how it generates.
Those are listed here by name. What is on no list might change what the model computes, so the
reader is told that it was left out.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from model.weights.settings import Settings
from tokenizers.errors import short
from tokenizers.notices import Notice, notice

SHOWN, LONGEST = 6, 40  # settings that a notice names, characters of a name and of a value

# of config.json: without effect on a pass over a text
HARMLESS = (
    # where it comes from
    "*name_or_path", "_commit_hash", "transformers_version", "transformers.js_config",
    "unsloth_*", "is_llama_config", "model_max_length", "tokenizer_class", "prefix",
    # how it is stored and run
    "torch_dtype", "dtype", "use_cache", "*attn_implementation*", "_flash_attn_2_enabled",
    "output_attentions", "output_hidden_states", "output_past", "output_scores", "return_dict*",
    "torchscript", "use_bfloat16", "tf_legacy_loss", "pretraining_tp", "chunk_size_feed_forward",
    "gradient_checkpointing", "n_ctx",
    # how it is trained
    "*dropout*", "*_pdrop", "initializer_*", "tie_encoder_decoder", "tie_weights_",
    # special tokens, which the tokenizer has
    "*_token_id", "*_token_ids", "*_tokens",
    # heads for other tasks
    "id2label", "label2id", "*num_labels", "problem_type", "finetuning_task", "summary_*",
    "task_specific_params", "classifier_*", "pooler_*", "directionality",
    # a table of positions that was made of sinusoids is saved as a table
    "sinusoidal_pos_embds",
    # how it generates
    "do_sample", "temperature", "top_k", "top_p", "typical_p", "*_penalty", "num_beam*",
    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
    "num_return_sequences", "remove_invalid_values", "early_stopping", "min_length", "max_length",
    "cross_attention_hidden_size",
)  # fmt: skip

# values that switch nothing on
NOTHING: tuple[object, ...] = (None, "", [], {})


def unread(s: Settings, harmless: Iterable[str], off: Mapping[str, object]) -> list[Notice]:
    """A notice about the settings that nobody asked for and that are neither `harmless` (patterns,
    fnmatch) nor have the value at which they are `off`."""
    left = {
        key: value
        for key, value in s.unasked().items()
        if value not in NOTHING
        and not any(fnmatchcase(key, pattern) for pattern in harmless)
        and not (key in off and value == off[key])
    }
    if not left:
        return []
    said = [f"{_brief(key)} = {_brief(value)}" for key, value in list(left.items())[:SHOWN]]
    return [
        notice(
            "settings-unread",
            "{file}: settings unknown here are left out of account: {settings}. Where one changes "
            "what the model computes, its authors' numbers are others than these",
            file=s.file,
            settings=", ".join(said) + (", …" if len(left) > SHOWN else ""),
        )
    ]


def _brief(value: object) -> str:
    shown = short(value)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"
