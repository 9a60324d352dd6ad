"""Encode: one text on its way to ids, every step of it."""

import unicodedata
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from charts.labels import visible
from experiments.vocabularies import bytewise
from model import ModelError
from tokenizers import Tokenizer
from tokenizers.added_tokens import AddedToken
from tokenizers.alphabet import to_bytes, to_symbols
from tokenizers.bpe import ByteLevelBPE, Merge
from tokenizers.learned import BytesWordPiece, CharacterBPE
from tokenizers.training import joined_piece
from tokenizers.wordpiece import Try, WordPiece
from ui import unknown
from ui.anatomy import evidence
from ui.i18n import _
from ui.indices import bring_back
from ui.inert import inert
from ui.texts import BOX
from ui.tokenizers import lesson
from ui.tokenizers.pieces import Piece, described, legible, row, styled
from ui.url import Parameter, number, one_of

DEFAULT = "Unhappily, the unknown lighthouses 猫 😀"
MAX_CHARACTERS = 400
MAX_WORDS = 40
MAX_STEPS = 40  # that are drawn, of one word
OWN = {"bpe": "BPE", "wordpiece": "WordPiece"}

PARAMETERS = (
    Parameter("tokenizer", "bpe", one_of(*OWN, *lesson.REAL)),
    Parameter("word", DEFAULT),
    Parameter("at", 0, number(0, MAX_WORDS - 1)),
)


def show() -> None:
    """Normaliser, pre-tokenizer, then the model on one word; characters and bytes as evidence."""
    state = st.session_state
    name, tokenizer = _tokenizer()
    st.text_input(_("Text to encode"), key="word", persist_state="session", max_chars=BOX)
    text = state["word"]
    if not text:
        raise ModelError("empty-text", "there is no text to encode")
    if len(text) > MAX_CHARACTERS:
        raise ModelError(
            "encode-limit",
            "the text has {characters} characters; at most {limit} are shown step by step",
            characters=len(text),
            limit=MAX_CHARACTERS,
        )
    _normalized(tokenizer, text)
    words = list(tokenizer.words(text))[:MAX_WORDS]
    if not words:
        st.info(_("Nothing of this text is left for the model."), icon=":material/info:")
    else:
        _words(words)
        chosen = words[min(state["at"], len(words) - 1)]
        if isinstance(chosen, AddedToken):
            st.info(
                _("This is a token of its own, found before the model is asked."),
                icon=":material/info:",
            )
        else:
            _work(tokenizer, chosen)
    ids = tokenizer.encode(text, special=False)
    whole = _("**4 · The whole text**: {count} tokens").format(count=len(ids))
    st.markdown(" · ".join([whole, *unknown.facts(tokenizer, [text])]))
    styled(row(described(tokenizer, ids), ids=True))
    _evidence(tokenizer, text, name)


def _tokenizer() -> tuple[str, Tokenizer]:
    real = lesson.real_tokenizers()
    names = {key: _("Learnt here: {method}").format(method=m) for key, m in OWN.items()}
    names |= {key: _(lesson.REAL[key]) for key in real}
    state = st.session_state
    if state["tokenizer"] not in names:
        state["tokenizer"] = "bpe"
    st.segmented_control(
        _("Vocabulary"),
        list(names),
        format_func=names.__getitem__,
        key="tokenizer",
        required=True,
        persist_state="session",
    )
    chosen = state["tokenizer"]
    if chosen in real:
        return names[chosen], real[chosen]
    with st.expander(_("What it is learnt from"), icon=":material/tune:"):
        lesson.controls()
    method = OWN[chosen]
    return names[chosen], lesson.own_tokenizer(method, lesson.learned(method))


def _normalized(tokenizer: Tokenizer, text: str) -> None:
    after = tokenizer.normalize(text)
    st.markdown(_("**1 · Normaliser**"))
    if after == text:
        st.caption(_("It leaves this text as it is."))
    else:
        styled(row([Piece(text)]) + " → " + row([Piece(after)]))


def _words(words: Sequence[str | AddedToken]) -> None:
    bring_back("at", len(words) - 1)
    st.markdown(_("**2 · Pre-tokenizer**: pieces never reach over the end of a word. Pick one:"))
    labels = [word if isinstance(word, str) else word.content for word in words]
    st.pills(
        _("Word"),
        range(len(words)),
        format_func=lambda at: inert(labels[at]),
        key="at",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )


def _work(tokenizer: Tokenizer, word: str) -> None:
    model = tokenizer.model
    if isinstance(model, ByteLevelBPE | CharacterBPE):
        st.markdown(_("**3 · The model**: of all pairs that were ever joined, the earliest first"))
        _merges(tokenizer, *model.work(word))
    elif isinstance(model, WordPiece | BytesWordPiece):
        st.markdown(_("**3 · The model**: the longest entry that fits, from the left"))
        _tries(tokenizer, *model.work(word))


def _label(tokenizer: Tokenizer, piece: str) -> str:
    return legible(tokenizer.model.label(piece))


def _merges(
    tokenizer: Tokenizer, symbols: Sequence[str], merges: Sequence[Merge], pieces: Sequence[str]
) -> None:
    """One line for each merge: its rank, and the word after it."""
    alphabet = "bytes" if bytewise(tokenizer) else "characters"
    label = partial(_label, tokenizer)
    row_now: list[str | None] = list(symbols)  # a symbol joined to the one before it is None
    lines = [_line(_("symbols"), [Piece(label(symbol)) for symbol in symbols])]
    for merge in merges:
        right = next(i for i in range(merge.at + 1, len(row_now)) if row_now[i] is not None)
        joined = joined_piece(merge.left, merge.right, alphabet)
        row_now[merge.at], row_now[right] = joined, None
        shown = [
            Piece(label(symbol), look="new" if at == merge.at else "")
            for at, symbol in enumerate(row_now)
            if symbol is not None
        ]
        lines.append(_line(_("merge {rank}").format(rank=f"{merge.rank + 1:,}"), shown))
    shown_lines = lines if len(lines) <= MAX_STEPS else [*lines[:MAX_STEPS], "<div>…</div>"]
    styled("".join(shown_lines) + _with_ids(tokenizer, pieces))


def _line(note: str, pieces: Sequence[Piece]) -> str:
    return f'<div><span class="note">{note}</span>{row(pieces)}</div>'


def _with_ids(tokenizer: Tokenizer, pieces: Sequence[str]) -> str:
    ids = [tokenizer.vocabulary[piece] for piece in pieces]
    return (
        f'<div><span class="note">{_("ids")}</span>{row(described(tokenizer, ids), ids=True)}</div>'
    )


def _tries(tokenizer: Tokenizer, tries: Sequence[Try], pieces: Sequence[str] | None) -> None:
    """One line for each place in the word: what was tried there, and what fitted."""
    label = partial(_label, tokenizer)
    places: dict[int, list[Try]] = {}
    for attempt in tries:
        places.setdefault(attempt.at, []).append(attempt)
    lines = []
    for at, attempts in list(places.items())[:MAX_STEPS]:
        failed = [one for one in attempts if not one.found]
        shown = [Piece(label(one.piece), look="failed") for one in failed[:12]]
        more = f'<span class="note">… +{len(failed) - 12}</span>' if len(failed) > 12 else ""
        found = [Piece(label(one.piece), look="new") for one in attempts if one.found]
        lines.append(
            f'<div><span class="note">{_("from symbol {at}").format(at=at + 1)}</span>'
            f"{row(shown)}{more}{row(found)}</div>"
        )
    if pieces is None:
        lines.append(
            f'<div><span class="note">{_("nothing fits: the whole word is")}</span>'
            f"{row([Piece(getattr(tokenizer.model, 'unknown', '[UNK]'), look='unknown')])}</div>"
        )
    else:
        lines.append(_with_ids(tokenizer, pieces))
    styled("".join(lines))


def _evidence(tokenizer: Tokenizer, text: str, name: str) -> None:
    missing = getattr(tokenizer.model, "missing", frozenset())
    rows = []
    for letter in dict.fromkeys(text):
        data = letter.encode(errors="replace")
        symbols = to_symbols(data.decode())
        rows.append(
            {
                "letter": visible(letter),
                "code": f"U+{ord(letter):04X}",
                "name": unicodedata.name(letter, ""),
                "bytes": data.hex(" "),
                "symbols": symbols,
                "tokens": len(tokenizer.encode(letter, special=False)),
                "missing": " ".join(to_bytes(s).hex() for s in symbols if s in missing),
            }
        )
    columns = {
        "letter": _("character"),
        "code": _("code point"),
        "name": _("name"),
        "bytes": _("UTF-8 bytes"),
        "symbols": _("in the byte alphabet"),
        "tokens": _("tokens by itself"),
        "missing": _("bytes without a token"),
    }
    frame = pd.DataFrame(rows)
    if not missing:
        frame = frame.drop(columns="missing")
    evidence(
        frame,
        _("The characters of the text, each once. Vocabulary: {name}, {size} entries.").format(
            name=name, size=f"{tokenizer.size:,}"
        ),
        columns,
    )
