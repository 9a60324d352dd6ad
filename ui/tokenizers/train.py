"""Learn: the merges walked forwards and backwards, and why each pair wins."""

from dataclasses import replace
from html import escape

import pandas as pd
import streamlit as st

from charts import tokenizers as charts
from charts.labels import visible
from experiments.vocabularies import learned_by_both, parting, steps_table, summary
from tokenizers import Tokenizer
from tokenizers.added_tokens import AddedToken
from tokenizers.alphabet import readable, to_bytes
from tokenizers.learned import by_merges, marked, tokenizer_json
from tokenizers.training import PREFIX, Candidate, Training, candidates
from ui.anatomy import evidence, figures
from ui.i18n import _
from ui.indices import bring_back
from ui.plot import plot
from ui.scene import colours
from ui.spreadsheet import safe
from ui.tokenizers import lesson
from ui.tokenizers.pieces import Piece, described, legible, row, styled
from ui.url import Parameter, number

SHOWN = 450  # bytes of the corpus that are drawn
CANDIDATES = 8

PARAMETERS = (Parameter("step", 20, number(0, 5000)),)


def show() -> None:
    """Corpus and candidates under both scores at one step; then all steps in numbers."""
    lesson.controls()
    trainings = {method: lesson.learned(method) for method in lesson.METHODS}
    bpe, wordpiece = trainings.values()
    longest = max(len(training.steps) for training in trainings.values())
    if all(_exhausted(method, training) for method, training in trainings.items()):
        _nothing_left(bpe, wordpiece)
    part = parting(bpe, wordpiece)
    _in_short(bpe, wordpiece, part)
    step = _walk(longest, part)
    for column, (method, training) in zip(st.columns(2), trainings.items(), strict=True):
        with column:
            _one(method, training, min(step, len(training.steps)))
    plot(
        charts.shrinking(
            {method: training.tokens for method, training in trainings.items()},
            step,
            {"merges": _("Merges"), "tokens": _("tokens of the corpus"), "here": _("here")},
            colours(),
        ),
        key="shrinking",
    )
    _take_away(trainings)
    _evidence(trainings)


def _exhausted(method: str, training: Training) -> bool:
    """Whether it learnt less than was asked for because no pair was left, not because the reader
    stopped it."""
    count = len(training.steps)
    if count >= st.session_state["merges"]:
        return False
    end = lesson.replay_of(method, training).at(count)
    return not candidates(training, end, training.recipe.score, 1)


def _nothing_left(bpe: Training, wordpiece: Training) -> None:
    if bpe.steps:
        st.caption(
            _("No pair was left after {bpe} merges of BPE and {wordpiece} of WordPiece.").format(
                bpe=len(bpe.steps), wordpiece=len(wordpiece.steps)
            )
        )
    else:
        st.info(
            _("No two neighbours occur often enough: nothing can be joined. Give it more text."),
            icon=":material/info:",
        )


def _in_short(bpe: Training, wordpiece: Training, part: int | None) -> None:
    most = min(len(bpe.steps), len(wordpiece.steps))
    both = learned_by_both(bpe.after(most), wordpiece.after(most))
    figures(
        (
            _("They part at merge"),
            "–" if part is None else str(part + 1),
            _("of {count}").format(count=most),
        ),
        (
            _("Pieces that both learn"),
            str(both),
            _("of {count} each").format(count=most),
        ),
        (
            _("Tokens left: BPE"),
            f"{bpe.after(most).tokens[-1]:,}",
            _("of {count}").format(count=f"{bpe.start.tokens:,}"),
        ),
        (
            _("Tokens left: WordPiece"),
            f"{wordpiece.after(most).tokens[-1]:,}",
            _("after {count} merges").format(count=most),
        ),
    )


def _walk(longest: int, part: int | None) -> int:
    """Draw the slider over the steps and the buttons around it; returns the step."""
    state = st.session_state
    bring_back("step", longest)
    if longest == 0:
        return 0
    st.slider(_("After merge"), 0, longest, key="step", persist_state="session")
    with st.container(horizontal=True):
        for key, label, icon, target in (
            ("first", _("Start"), ":material/first_page:", 0),
            ("back", _("One back"), ":material/chevron_left:", max(0, state["step"] - 1)),
            ("on", _("One on"), ":material/chevron_right:", min(longest, state["step"] + 1)),
            ("last", _("End"), ":material/last_page:", longest),
        ):
            st.button(label, icon=icon, key=f"walk_{key}", on_click=_go, args=(target,))
        if part is not None:
            st.button(
                _("Where they part"),
                icon=":material/alt_route:",
                key="walk_part",
                on_click=_go,
                args=(part,),
            )
    return int(state["step"])


def _go(step: int) -> None:
    st.session_state["step"] = step


def _one(method: str, training: Training, step: int) -> None:
    """One method at one step: the last merge, the corpus, and the candidates for the next."""
    st.subheader(method, anchor=False)
    st.markdown(
        _("The highest **count(ab)** wins.")
        if training.recipe.score == "frequency"
        else _("The highest **{score}** wins.").format(score=lesson.SCORES[training.recipe.score])
    )
    tokenizer = by_merges(training.after(step))
    newest = training.steps[step - 1].piece if step else None
    styled(f"<div>{_last_merge(training, step)}</div>{_corpus(tokenizer, newest)}")
    corpus = lesson.replay_of(method, training).at(step)
    found = candidates(training, corpus, training.recipe.score, CANDIDATES)
    st.markdown(_("**Candidates for merge {number}**").format(number=step + 1))
    if not found:
        st.caption(_("No pair is left that occurs often enough."))
        return
    st.dataframe(
        safe(_candidate_table(training, found)),
        hide_index=True,
        width="stretch",
        key=f"candidates_{method}",
        column_config={
            "ratio": st.column_config.NumberColumn(_("ratio"), format="%.3g"),
            "gain": st.column_config.NumberColumn(_("gain, nats"), format="%.4g"),
            "wins": _("next"),
            "pair": _("pair"),
            "count": "count(ab)",
            "left": "count(a)",
            "right": "count(b)",
        },
    )


def _candidate_table(training: Training, found: list[Candidate]) -> pd.DataFrame:
    score = training.recipe.score
    first, second = ("count", "ratio") if score == "frequency" else (score, "count")
    rows = [
        {
            "wins": "✔" if place == 0 else "",
            "pair": " + ".join(
                visible(_label(training, piece)) for piece in (pair.left, pair.right)
            ),
            "count": pair.count,
            "ratio": pair.ratio,
            "gain": pair.gain,
            "left": pair.left_count,
            "right": pair.right_count,
        }
        for place, pair in enumerate(found)
    ]
    order = ["wins", "pair", first, second, "left", "right"]
    return pd.DataFrame(rows, columns=pd.Index(order))


def _label(training: Training, piece: str) -> str:
    if training.recipe.alphabet == "bytes":
        return legible(readable(to_bytes(piece)))
    return marked(piece) if training.recipe.score == "frequency" else piece


def _last_merge(training: Training, step: int) -> str:
    """The last merge as pieces: two become one."""
    if step == 0:
        return escape(_("Nothing is joined yet."))
    last = training.steps[step - 1]
    left, right, piece = (_label(training, one) for one in (last.left, last.right, last.piece))
    return (
        row([Piece(left)]) + " + " + row([Piece(right)]) + " → " + row([Piece(piece, look="new")])
    )


def _corpus(tokenizer: Tokenizer, newest: str | None) -> str:
    """The first lines of the corpus as they are divided now, the newest piece framed."""
    text = lesson.corpus_of(st.session_state["corpus"])[:SHOWN]
    text = text.encode(errors="replace")[:SHOWN].decode(errors="ignore")
    lines = (
        "".join(_word(tokenizer, word, newest) for word in tokenizer.words(line))
        for line in text.split("\n")
    )
    return "<br>".join(line for line in lines if line)


def _word(tokenizer: Tokenizer, word: str | AddedToken, newest: str | None) -> str:
    if not isinstance(word, str):
        raise TypeError("a vocabulary that is just learnt has no added tokens")
    ids = tokenizer.model(word)
    shown = []
    for piece, entry in zip(described(tokenizer, ids), tokenizer.pieces(ids), strict=True):
        look = "new" if entry == newest else piece.look
        shown.append(replace(piece, text=piece.text.removeprefix(PREFIX).lstrip(" "), look=look))
    return f'<span class="word">{row(shown)}</span>'


def _take_away(trainings: dict[str, Training]) -> None:
    st.subheader(_("Take it away"), anchor=False)
    with st.container(horizontal=True):
        for method, training in trainings.items():
            st.download_button(
                f"{method}: tokenizer.json",
                lambda training=training: tokenizer_json(training),
                file_name=f"{method.lower()}-tokenizer.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key=f"json_{method}",
            )
            st.download_button(
                _("{method}: steps as CSV").format(method=method),
                lambda training=training: _csv(training),
                file_name=f"{method.lower()}-steps.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"csv_{method}",
            )
    st.caption(_("Hugging Face's library loads tokenizer.json and gives the same ids."))


def _csv(training: Training) -> str:
    return safe(steps_table(training)).to_csv(index=False)


def _evidence(trainings: dict[str, Training]) -> None:
    text = lesson.corpus_of(st.session_state["corpus"])
    bpe = next(iter(trainings.values()))
    words = bpe.start.words
    evidence(
        summary(trainings, words, len(text)),
        _(
            "Learnt here from {characters} characters ({words} words), starting from {alphabet}; "
            "a pair must occur at least {least} times; of equals the one with the smaller ids "
            "wins. “unused”: learnt pieces that the divided corpus no longer contains."
        ).format(
            characters=f"{len(text):,}",
            words=f"{words:,}",
            alphabet=_(lesson.ALPHABETS[bpe.recipe.alphabet]),
            least=bpe.recipe.least,
        ),
        {
            "method": _("method"),
            "merges": _("merges"),
            "vocabulary": _("vocabulary"),
            "tokens": _("tokens"),
            "tokens_per_word": _("tokens per word"),
            "tokens_per_character": _("tokens per character"),
            "median_count": _("median count of the winners"),
            "length": _("mean length of a learnt piece, symbols"),
            "unused": _("unused"),
        },
    )
