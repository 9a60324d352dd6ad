"""Which families are shown where, what is compared, and what the usual answer expects of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from experiments.families import Entry, Verdict
from model.training.families import FAMILIES
from ui.i18n import N_


@dataclass(frozen=True)
class Pair:
    """An entry, what it is held against, and how its loss should compare if the usual answer is
    right; None where that says nothing."""

    entry: Entry
    reference: Entry
    expected: Verdict | None = None


@dataclass(frozen=True)
class Panel:
    """title, note: to be translated. ordered: the variants are amounts of one thing. training:
    the training loss is drawn as well. lengths: the loss against the window's length is drawn.
    names: of entries that are not called as in their family, to be translated."""

    title: str
    pairs: tuple[Pair, ...]
    note: str
    ordered: bool = False
    training: bool = False
    lengths: bool = False
    names: Mapping[Entry, str] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is drawn: family after family, each in the order of its variants."""
        found = dict.fromkeys(one for pair in self.pairs for one in (pair.reference, pair.entry))
        families = list(dict.fromkeys(entry.family for entry in found))

        def place(entry: Entry) -> tuple[int, int]:
            variants = list(FAMILIES[entry.family].variants)
            return families.index(entry.family), variants.index(entry.variant)

        return tuple(sorted(found, key=place))


def _against(
    family: str, reference: str, expected: Mapping[str, Verdict | None]
) -> tuple[Pair, ...]:
    """Variants of one family against one of them."""
    return tuple(
        Pair(Entry(family, variant), Entry(family, reference), verdict)
        for variant, verdict in expected.items()
    )


_USUAL = Entry("norms", "pre")  # the model that most families have in common
_NO_NORM, _NO_PATH = Entry("norms", "none"), Entry("residual", "2 without")
_NO_ORDER = Entry("positions", "none")
_BATCHED, _ALONE = Entry("norms", "batch"), Entry("norms", "batch", "one by one")

PANELS: Mapping[str, Panel] = MappingProxyType(
    {
        "tied": Panel(
            N_("One matrix for queries and keys, from the first step on"),
            _against("tied", "untied", {"tied": "higher"}),
            N_(
                "A model that learns with tied matrices arranges itself to them: values, the other "
                "layer and the feed-forward network can take over part of what a symmetric score "
                "cannot say. Its W_K stands idle; the parameters still count it."
            ),
        ),
        "score": Panel(
            N_("Trained with additive scores"),
            _against("score", "dot", {"additive": None}),
            N_(
                "At a small dₖ, here 16, Vaswani et al. report that the two do alike; what differs "
                "is the cost. The additive score has weights of its own: see the parameters."
            ),
        ),
        "scaling": Panel(
            N_("Trained without the √dₖ"),
            _against("scaling", "scaled", {"unscaled": "higher", "temperature 8": None}),
            N_(
                "One head of dₖ = 64. All start from the same weights, and each is free to learn "
                "larger or smaller ones: what differs is where it starts. The table has the "
                "entropy of the trained attention."
            ),
        ),
        "heads": Panel(
            N_("Trained with 1 to 16 heads"),
            _against("heads", "1", {"2": "lower", "4": "lower", "8": "lower", "16": None}),
            N_(
                "d_head = 64 / h, so all have as many parameters. More heads are more patterns, "
                "each of a lower rank: which of the two counts is a matter of the task."
            ),
            ordered=True,
        ),
        "width": Panel(
            N_("Trained with ever narrower heads"),
            _against("heads", "4", {"1": None, "2": None, "8": None, "16": "higher"}),
            N_(
                "d_head = 64 / h: 64, 32, 16, 8 and 4 features, and as many parameters. At 4 "
                "features a score matrix of 64 characters has at most rank 4."
            ),
            ordered=True,
        ),
        "mask": Panel(
            N_("Trained without the mask"),
            (
                Pair(Entry("mask", "missing"), Entry("mask", "causal"), "lower"),
                Pair(Entry("mask", "missing", "causal"), Entry("mask", "causal"), "higher"),
            ),
            N_(
                "The low loss is no success but the leak: the next character stands in the input, "
                "and the model learnt to copy it. “Then masked” is the same model with the causal "
                "mask switched on, as it would be when it generates and the future is not there."
            ),
        ),
        "positions": Panel(
            N_("Trained without positions"),
            _against("positions", "sinusoidal", {"none": "higher"}),
            N_(
                "A decoder with a causal mask: it can tell order without being given positions, "
                "since a query sees only what came before. An encoder could not."
            ),
        ),
        "schemes": Panel(
            N_("Six schemes, each trained, then read past the trained length"),
            _against(
                "positions",
                "sinusoidal",
                {"none": None, "learned": None, "relative": None, "rope": None, "alibi": None},
            ),
            N_(
                "A learned table starts at random and has no more steps than the others to become "
                "useful. Longer windows count other characters of the text: a few hundredths "
                "between two lengths mean nothing; at one length all schemes read the same."
            ),
            lengths=True,
        ),
        "multiplier": Panel(
            N_("Trained with the factor and without, at two scales of the first weights"),
            (
                *_against("multiplier", "small ×8", {"small ×1": "higher"}),
                *_against("multiplier", "large ×8", {"large ×1": "higher"}),
            ),
            N_(
                "σ: the standard deviation of all first weights, not of the embeddings alone; "
                "d = d_model = 64. Embeddings are output weights too."
            ),
        ),
        "residual": Panel(
            N_("Trained without residual connections, at three depths"),
            (
                *_against("residual", "1 with", {"1 without": None}),
                *_against("residual", "2 with", {"2 without": "higher"}),
                *_against("residual", "4 with", {"4 without": "higher"}),
            ),
            N_(
                "Norms before each sublayer stay in place in all of them. Deeper models have more "
                "parameters: compare within a depth."
            ),
        ),
        "norms": Panel(
            N_("Trained with each norm"),
            (
                *_against(
                    "norms", "pre", {"post": None, "rms": None, "none": "higher", "batch": "higher"}
                ),
                Pair(_ALONE, _USUAL, "higher"),
            ),
            N_(
                "BatchNorm leaks in a causal model: it averages over all positions of all windows, "
                "later ones included, so even its own loss is not quite honest. “One window at a "
                "time” takes the rest of the batch away. Without norms: two layers, a warm-up and "
                "clipped gradients; deep stacks are another matter."
            ),
        ),
        "batch": Panel(
            N_("Trained with BatchNorm, read with other batches"),
            (Pair(_ALONE, _BATCHED, "higher"), Pair(_BATCHED, _USUAL, "higher")),
            N_(
                "This BatchNorm keeps no running average: each pass uses its own statistics, over "
                "64 windows of 64 characters, or over one. In a causal model these statistics "
                "contain the future, so its loss is not quite honest."
            ),
            names={_USUAL: N_("LayerNorm")},
        ),
        "activations": Panel(
            N_("Trained with each activation"),
            _against("activations", "gelu", {"relu": "higher", "swiglu": "lower"}),
            N_(
                "SwiGLU has three matrices: two thirds of the width make it as many parameters, up "
                "to rounding."
            ),
        ),
        "parts": Panel(
            N_("Layers trained without one of their parts"),
            tuple(Pair(entry, _USUAL, "higher") for entry in (_NO_PATH, _NO_NORM, _NO_ORDER)),
            N_(
                "A decoder of two layers, so attention is causal; otherwise its layers are those "
                "of an encoder, with norms before the sublayers."
            ),
            names={
                _USUAL: N_("all parts"),
                _NO_PATH: N_("without residual connections"),
                _NO_NORM: N_("without norms"),
                _NO_ORDER: N_("without positions"),
            },
        ),
        "warmup": Panel(
            N_("Trained with a warm-up and without, for each place of the norms"),
            (
                *_against("warmup", "pre with", {"pre without": None}),
                *_against("warmup", "post with", {"post without": "higher"}),
            ),
            N_("Four layers, and the same highest rate for all four."),
        ),
        "dropout": Panel(
            N_("Trained with dropout, on a text short enough to learn by heart"),
            _against("dropout", "0", {"0.1": "lower", "0.3": "lower", "0.5": None}),
            N_(
                "Only the first 20,000 characters of the text are trained on, so that there is "
                "something to overfit. Hollow: the training loss, with dropout on, which raises it."
            ),
            ordered=True,
            training=True,
        ),
    }
)
