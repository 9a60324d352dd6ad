"""A loaded model on the bench: weights, tokenizer, native choices, and `run`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from model.catalogue import locate
from model.choices import Choices, first_difference
from model.errors import ModelError, expect, wrong_argument
from model.fresh import blank
from model.run import Encoded, Run, stack_at
from model.shape import Shape
from model.tape import Tape
from model.transformer import WHOLE, Span, Transformer
from model.weights import read_weights
from tokenizers import Notice, Tokenizer, TokenizerError, from_gguf, load_tokenizer

PAIR = "[SEP]"
Text = str | tuple[str, str]  # a pair of sentences becomes one sequence with two segments


@dataclass(frozen=True)
class Bench:
    """One model, shared read-only by every session and thread."""

    name: str
    shape: Shape
    transformer: Transformer
    tokenizer: Tokenizer
    notices: tuple[Notice, ...] = ()  # what a reader should know of how the files were read

    @property
    def native(self) -> Choices:
        """The choices that these weights were trained with."""
        return self.transformer.native

    @property
    def filler(self) -> int:
        """The id that fills the shorter rows of a batch: the padding token's, where the model has
        a row for it."""
        pad = self.tokenizer.special.pad
        return pad if pad is not None and pad < self.shape.vocab_size else 0

    def run(
        self,
        text: Text | list[Text],
        choices: Choices | None = None,
        tape: Tape | None = None,
        *,
        target: Text | list[Text] | None = None,
    ) -> Run:
        """One forward pass, without gradients, over a text or a batch of texts.

        choices: by default the native ones. tape: by default one that keeps everything, which
        for long texts is much: name the sites that you need. target: what an encoder–decoder's
        decoder reads, see `encode_target`. Raises ModelError for an empty or too long text, for
        illegal choices, and "bad-argument" for what is no text, no Choices or no Tape at all.
        """
        if target is not None and self.shape.kind != "encoder-decoder":
            raise ModelError(
                "no-target", "only an encoder–decoder reads a target: this model is none"
            )
        goal = None if target is None else self.encode_target(target)
        return self.run_encoded(self.encode(text), choices, tape, goal=goal)

    def __repr__(self) -> str:
        shape = self.shape
        return (
            f"Bench({self.name!r}: {shape.kind}, {shape.n_layers} layers of {shape.n_heads} heads, "
            f"width {shape.d_model}, {shape.vocab_size} tokens)"
        )

    def _chosen(self, choices: Choices | None) -> Choices:
        if choices is None:
            return self.native
        return expect(choices, Choices, "choices", "replace(bench.native, …)")

    def run_encoded(
        self,
        source: Encoded,
        choices: Choices | None = None,
        tape: Tape | None = None,
        *,
        goal: Encoded | None = None,
        span: Span = WHOLE,
        logits_at: Sequence[int] | None = None,
    ) -> Run:
        """`run` on token ids, on a span of layers (see `resume`), with the logits of some
        positions only (by default of all)."""
        chosen = self._chosen(choices)
        tape = Tape() if tape is None else expect(tape, Tape, "tape", "Tape(…)")
        with torch.no_grad():
            self.transformer(
                source.ids,
                source.real,
                source.types,
                target=None if goal is None else goal.ids,
                target_real=None if goal is None else goal.real,
                choices=chosen,
                tape=tape,
                span=span,
                logits_at=logits_at,
            )
        return Run(self.shape, chosen, source, goal, tape.kept)

    def resume(
        self,
        run: Run,
        layer: int,
        choices: Choices | None = None,
        tape: Tape | None = None,
        *,
        last: int | None = None,
        logits_at: Sequence[int] | None = None,
    ) -> Run:
        """The same call again from `layer` on, without what comes before it: up to and without
        layer `last`, or to the logits. The numbers equal those of the whole pass.

        The run's tape must have kept the residual stream entering `layer`. choices: by default
        the run's; others must agree with them before `layer`, else ModelError "resume-differs".
        """
        stack, _ = stack_at(self.shape, layer)
        chosen = run.choices if choices is None else self._chosen(choices)
        if first_difference(chosen, run.choices, self.shape) < layer:
            raise ModelError(
                "resume-differs",
                "these choices change something before layer {layer}: run from the start",
                layer=layer,
            )
        memory = None
        if self.shape.kind == "encoder-decoder" and stack == "decoder":
            memory = run.last_hidden("encoder")
        span = Span(layer, last, run.residual(layer), memory)
        return self.run_encoded(
            run.source, chosen, tape, goal=run.goal, span=span, logits_at=logits_at
        )

    def paired(self, text: Text) -> Text:
        """A text as the model reads it: what stands before and after the first [SEP] are the two
        texts of a pair, where the model has segments to tell them apart."""
        if not isinstance(text, str) or PAIR not in text or self.shape.token_types < 2:
            return text
        first, second = text.split(PAIR, 1)
        return first.strip(), second.strip()

    def encode(self, text: Text | list[Text]) -> Encoded:
        """Token ids of a text or a batch of texts, padded to the longest; see `paired`.

        ModelError: "empty-text" where no token comes out, "too-long" past the model's context,
        "token-without-row" where the tokenizer has more tokens than the model.
        """
        whole = list(map(self.paired, text)) if isinstance(text, list) else self.paired(text)
        encoded = [self.tokenizer.encode_with_types(*pair) for pair in _pairs(whole)]
        return self.batch([one.ids for one in encoded], [one.types for one in encoded])

    def encode_target(self, text: Text | list[Text]) -> Encoded:
        """As `encode`, for a decoder that is to predict the text: it starts with the token that
        begins a sequence, where the vocabulary has one, and has no other special token."""
        begin = self.tokenizer.special.bos
        if begin is None:
            return self.encode(text)
        rows = [self.tokenizer.encode(*pair, special=False) for pair in _pairs(text)]
        return self.batch([[begin, *row] for row in rows])

    def batch(
        self, rows: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None
    ) -> Encoded:
        """Rows of token ids, and of segment ids (all 0 by default), padded to the longest;
        ModelError as `encode`."""
        if not rows:
            raise ModelError("empty-text", "there is no text to run")
        for row in rows:
            if not row:
                raise ModelError("empty-text", "there is no text to run")
            if max(row) >= self.shape.vocab_size:
                raise ModelError(
                    "token-without-row",
                    "the tokenizer gives the token {id}, but the model has only {rows} tokens",
                    id=max(row),
                    rows=self.shape.vocab_size,
                )
            if self.shape.context and len(row) > self.shape.context:
                raise ModelError(
                    "too-long",
                    "the text has {tokens} tokens, this model reads at most {context}",
                    tokens=len(row),
                    context=self.shape.context,
                )
        ids = _padded(rows, self.filler)
        lengths = torch.tensor([len(row) for row in rows])
        return Encoded(
            ids=ids,
            real=torch.arange(ids.shape[1]) < lengths[:, None],
            types=torch.zeros_like(ids) if types is None else _padded(types, 0),
            tokens=[self.tokenizer.tokens(row) for row in rows],
        )


def _pairs(text: Text | list[Text]) -> list[tuple[str, str | None]]:
    """The texts of a batch, each with its second sentence or None."""
    pairs: list[tuple[str, str | None]] = []
    for one in text if isinstance(text, list) else [text]:
        if isinstance(one, str):
            pairs.append((one, None))
        elif isinstance(one, tuple) and len(one) == 2 and all(isinstance(t, str) for t in one):
            pairs.append(one)
        else:
            raise wrong_argument("text", "a string, a pair of strings, or a list of these", one)
    return pairs


def load(name_or_path: str | Path, progress: Callable[[float], None] | None = None) -> Bench:
    """A bench with real weights: "minilm", "smollm2", "bert-tiny", a folder in Hugging Face
    format, or a .gguf file.

    `progress` is told the share done, 0 to 1. ModelError says what is missing, broken or not
    supported. Only safetensors and GGUF are read, never pickle.
    """
    path = locate(name_or_path)
    weights = read_weights(path, progress)
    transformer = blank(weights.shape)
    transformer.load_state_dict(weights.state, assign=True)
    transformer.requires_grad_(False).eval()
    try:
        tokenizer = from_gguf(weights.metadata) if path.is_file() else load_tokenizer(path)
    except TokenizerError as error:
        raise ModelError(error.code, error.template, **error.fields) from error
    notices = (*weights.notices, *tokenizer.notices)
    return Bench(str(name_or_path), weights.shape, transformer, tokenizer, notices)


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """(batch, longest row), int64."""
    tensors = [torch.tensor(row, dtype=torch.long) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=filler)
