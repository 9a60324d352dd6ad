"""A tokenizer: normalise, find added tokens, split into words, look up pieces, surround."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Literal, Protocol

from tokenizers.added_tokens import AddedToken, AddedTokens
from tokenizers.decoders import Decoder
from tokenizers.errors import TokenizerError
from tokenizers.normalizers import Normalizer, without_surrogates
from tokenizers.notices import Notice
from tokenizers.pretokenizers import Step, split
from tokenizers.processors import Encoded, Template

Kind = Literal["wordpiece", "byte-level BPE", "SentencePiece BPE", "character BPE", "symbols"]


class Model(Protocol):
    """Turns one word into ids, and one vocabulary entry into what a reader can read."""

    @property
    def kind(self) -> Kind: ...

    @property
    def vocabulary(self) -> Mapping[str, int]: ...

    def __call__(self, word: str, /) -> Sequence[int]: ...

    def label(self, piece: str, /) -> str: ...


@dataclass(frozen=True)
class SpecialTokens:
    """The ids of the tokens with a role; None where the vocabulary has none for it."""

    cls: int | None = None
    sep: int | None = None
    mask: int | None = None
    pad: int | None = None
    bos: int | None = None
    eos: int | None = None
    unk: int | None = None


class Tokenizer:
    """Text to token ids and back, with a vocabulary that was trained elsewhere.

    It never pads and never truncates. Any string can be encoded; lone surrogates, which no UTF-8
    has, count as U+FFFD. One object may be used from many threads.

    Attributes:
        model: turns a word into ids.
        normalize: what is done to the text between added tokens.
        kind: ``"wordpiece"``, ``"byte-level BPE"``, ``"SentencePiece BPE"``,
            ``"character BPE"`` or ``"symbols"``.
        vocabulary: every entry → its id, added tokens included.
        special: the ids of the tokens with a role.
        special_ids: the ids that ``decode(…, skip_special=True)`` leaves out.
        notices: what a reader should know of how its files were read.
    """

    def __init__(
        self,
        model: Model,
        *,
        normalize: Normalizer,
        words: Iterable[Step],
        decoder: Decoder,
        template: Template,
        added: Iterable[AddedToken],
        special: SpecialTokens,
        notices: Iterable[Notice] = (),
    ) -> None:
        self.model = model
        self.notices = tuple(notices)
        self.normalize = normalize
        self._words = tuple(words)
        self._decoder = decoder
        self._template = template
        self._added = AddedTokens(added, normalize)
        vocabulary = dict(model.vocabulary)
        vocabulary.update((token.content, token.id) for token in self._added.tokens)
        self._pieces = {id: piece for piece, id in vocabulary.items()}
        self._pieces.update((token.id, token.content) for token in self._added.tokens)
        self.kind: Kind = model.kind
        self.vocabulary: Mapping[str, int] = MappingProxyType(vocabulary)
        self.special = special
        self.special_ids = frozenset(token.id for token in self._added.tokens if token.special)

    @property
    def size(self) -> int:
        """The number of entries of the vocabulary."""
        return len(self.vocabulary)

    def encode(self, text: str, pair: str | None = None, *, special: bool = True) -> list[int]:
        """The ids of `text`, or of `text` and `pair`.

        Args:
            special: put the special tokens around that the model was trained with.
        """
        return self.encode_with_types(text, pair, special=special).ids

    def token_types(self, text: str, pair: str | None = None, *, special: bool = True) -> list[int]:
        """The segment of each id that `encode` returns: 0, or 1 for a pair's second text."""
        return self.encode_with_types(text, pair, special=special).types

    def encode_with_types(
        self, text: str, pair: str | None = None, *, special: bool = True
    ) -> Encoded:
        """Ids and segments together, from one pass."""
        second = None if pair is None else self._ids(pair)
        return self._template(self._ids(text), second, special)

    def words(self, text: str) -> Iterator[str | AddedToken]:
        """What the model is given one by one: normalised words; and added tokens as they stand."""
        for part in self._added.split(without_surrogates(text)):
            if isinstance(part, AddedToken):
                yield part
            else:
                yield from split(part, self._words)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = []
        for word in self.words(text):
            if isinstance(word, AddedToken):
                ids.append(word.id)
            else:
                ids.extend(self.model(word))
        return ids

    def decode(self, ids: Iterable[int], *, skip_special: bool = False) -> str:
        """The text of `ids`; one that no token has stands there by its name (see `tokens`).

        Args:
            skip_special: leave special tokens out.

        Raises:
            TokenizerError: ``unknown-id`` for an id below 0.
        """
        if skip_special:
            ids = (id for id in ids if id not in self.special_ids)
        parts = []
        for known, run in groupby(ids, key=self._pieces.__contains__):
            some = list(run)
            parts += [self._decoder(self.pieces(some))] if known else map(_row, some)
        return "".join(parts)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """The vocabulary's own entries, e.g. ``Ġthe``, ``##ing``.

        Raises:
            TokenizerError: ``unknown-id``.
        """
        try:
            return [self._pieces[id] for id in ids]
        except KeyError as error:
            raise TokenizerError("unknown-id", id=error.args[0]) from None

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The entries as a reader can read them, for labels.

        WordPieces stay as they are. Pieces of the other kinds become text, a leading space being a
        space; bytes that are part of a character only are shown as hex, like ``⟨e4 b8⟩``. A model
        may have more rows than its vocabulary has tokens, to round its matrices up; one of those
        is named by its number.

        Raises:
            TokenizerError: ``unknown-id`` for an id below 0.
        """
        pieces = self._pieces
        return [self.model.label(pieces[id]) if id in pieces else _row(id) for id in ids]


def _row(id: int) -> str:
    """The name of a model's row that no token has."""
    if id < 0:
        raise TokenizerError("unknown-id", id=id)
    return f"⟨row-{id}:no-token⟩"
