"""What vocabularies are to learn, and from what: the controls, and the cached trainings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

import streamlit as st

from experiments.vocabularies import sample
from model import ModelError
from model.catalogue import installed, locate
from model.weights.gguf import read_gguf
from tokenizers import Tokenizer, from_gguf, load_tokenizer
from tokenizers.learned import count_words, learned_tokenizer
from tokenizers.training import Alphabet, Recipe, Replay, Score, Step, Training, begin, learn
from ui.cores import at_the_desk
from ui.gradual import gradually
from ui.i18n import N_, _
from ui.texts import BOX
from ui.url import Parameter, among, one_of

CORPORA = {
    "english": N_("English tale"),
    "chinese": N_("The tale in Chinese"),
    "both": N_("Both"),
    "code": N_("Python"),
    "own": N_("Your own text"),
}
ALPHABETS: dict[str, str] = {"characters": N_("characters"), "bytes": N_("bytes")}
MERGES = (10, 50, 100, 200, 300, 500, 1000, 2000, 5000)
LEAST = (1, 2, 3, 5, 10, 20)
METHODS = ("BPE", "WordPiece")
RATIO, GAIN = "count(ab) / (count(a)·count(b))", "count(ab) · ln(N·count(ab) / (count(a)·count(b)))"
SCORES: dict[Score, str] = {"ratio": RATIO, "gain": GAIN}  # of WordPiece
REAL = {"minilm": N_("MiniLM: WordPiece"), "smollm2": N_("SmolLM2: byte-level BPE")}

MAX_CORPUS = 1_000_000  # characters: past it learning would hold up the other readers
IN_ADDRESS = 1_000  # characters of an own text that the address carries
AT_ONCE = 8_000_000  # characters × merges that take about a second: learnt without a bar
CHUNKS = 50

PARAMETERS = (
    Parameter("corpus", "english", one_of(*CORPORA)),
    Parameter("own", ""),
    Parameter("alphabet", "characters", one_of(*ALPHABETS)),
    Parameter("merges", 300, among(*MERGES)),
    Parameter("least", 2, among(*LEAST)),
    Parameter("score", "ratio", one_of(*SCORES)),
)


@dataclass(frozen=True)
class Lesson:
    """What the trainings are keyed on: a corpus, and what is to be learnt from it."""

    corpus: str
    digest: str  # of the corpus
    recipe: Recipe
    merges: int


def controls() -> None:
    """Draw the choice of corpus, alphabet, number of merges and least count."""
    _pick("corpus", _("Learn from"), CORPORA)
    if st.session_state["corpus"] == "own":
        state = st.session_state
        if state["own"] and state["own"] != _short(state.get("corpus_text", "")):
            state["corpus_text"] = state["own"]  # the address brought it
        st.text_area(
            _("Your own text"),
            key="corpus_text",
            height=160,
            persist_state="session",
            on_change=_remember,
            placeholder=_("Paste anything: up to {limit} characters.").format(
                limit=f"{MAX_CORPUS:,}"
            ),
            max_chars=BOX,
        )
        box = _("The box holds {limit} characters: a longer paste leaves it as it is.")
        st.caption(box.format(limit=f"{BOX:,}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _pick("alphabet", _("Start from"), ALPHABETS)
        st.select_slider(_("Merges"), MERGES, key="merges", persist_state="session", width=260)
        st.select_slider(
            _("A pair must occur"),
            LEAST,
            key="least",
            format_func="{}×".format,
            persist_state="session",
            width=200,
        )
    st.segmented_control(
        _("WordPiece joins the pair with the highest"),
        list(SCORES),
        format_func=SCORES.__getitem__,
        key="score",
        required=True,
        persist_state="session",
        help=_(
            "The papers raise the corpus's likelihood. The first is how this is widely taught (a "
            "reconstruction, Hugging Face's course); the second is close to what a merge adds to "
            "the log-likelihood, N being the tokens of the corpus."
        ),
    )


def lesson(method: str) -> Lesson:
    """The lesson of a method under the reader's settings.

    ModelError: "empty-corpus"; "corpus-too-long" (fields characters, limit).
    """
    state = st.session_state
    corpus = corpus_of(state["corpus"])
    alphabet: Alphabet = "bytes" if state["alphabet"] == "bytes" else "characters"
    score: Score = "frequency" if method == "BPE" else state["score"]
    recipe = Recipe(score, alphabet, int(state["least"]))
    digest = sha256(corpus.encode(errors="surrogatepass")).hexdigest()
    return Lesson(corpus, digest, recipe, int(state["merges"]))


def corpus_of(name: str) -> str:
    """The text of a corpus; see `lesson` for the errors of an own one."""
    if name == "both":
        return sample("english") + "\n" + sample("chinese")
    if name != "own":
        return sample(name)
    text = st.session_state.get("corpus_text", "")
    if not text.strip():
        raise ModelError("empty-corpus", "there is no text to learn from")
    if len(text) > MAX_CORPUS:
        raise ModelError(
            "corpus-too-long",
            "the corpus has {characters} characters; at most {limit} are learnt from",
            characters=f"{len(text):,}",
            limit=f"{MAX_CORPUS:,}",
        )
    return text


def learned(method: str) -> Training:
    """What the method learnt under the reader's settings; while it takes long, with a bar and a
    way to stop it, and what is learnt by then."""
    wanted = lesson(method)
    if len(wanted.corpus) * wanted.merges <= AT_ONCE:
        return _after(wanted.digest, wanted.recipe, wanted.merges, wanted)
    chunks = gradually(
        f"learn_{method}",
        (wanted.digest, wanted.recipe, wanted.merges),
        lambda: _chunks(wanted),
        CHUNKS,
        _("{method} learns {merges} merges …").format(method=method, merges=wanted.merges),
    )
    steps = tuple(step for chunk in chunks for step in chunk)
    return _so_far(wanted.digest, wanted.recipe, len(steps), wanted, steps)


def replay_of(method: str, training: Training) -> Replay:
    """Any step of a training, shared by all readers."""
    wanted = lesson(method)
    return _replay(wanted.digest, wanted.recipe, len(training.steps), training)


def own_tokenizer(method: str, training: Training) -> Tokenizer:
    """What was learnt, as a tokenizer."""
    wanted = lesson(method)
    return _tokenizer(wanted.digest, wanted.recipe, len(training.steps), training)


def real_tokenizers() -> dict[str, Tokenizer]:
    """Those of the real models that are on this machine."""
    return {name: _real(name) for name in REAL if installed(name)}


def _pick(key: str, label: str, options: dict[str, str]) -> None:
    st.segmented_control(
        label,
        list(options),
        format_func=lambda name: _(options[name]),
        key=key,
        required=True,
        persist_state="session",
    )


def _short(text: str) -> str:
    return text if len(text) <= IN_ADDRESS else ""


def _remember() -> None:
    st.session_state["own"] = _short(st.session_state["corpus_text"])


def _chunks(wanted: Lesson) -> Iterator[tuple[Step, ...]]:
    start = _start(wanted.digest, wanted.recipe, wanted)
    steps = islice(learn(start), wanted.merges)
    while chunk := tuple(islice(steps, max(1, wanted.merges // CHUNKS))):
        yield chunk


@st.cache_resource(max_entries=8, show_spinner=False)
def _start(digest: str, recipe: Recipe, _wanted: Lesson) -> Training:
    return begin(count_words(_wanted.corpus, recipe.alphabet), recipe)


@st.cache_resource(max_entries=24, show_spinner=False)
def _after(digest: str, recipe: Recipe, merges: int, _wanted: Lesson) -> Training:
    def work() -> Training:
        start = _start(digest, recipe, _wanted)
        return replace(start, steps=tuple(islice(learn(start), merges)))

    return at_the_desk(len(_wanted.corpus) * merges / AT_ONCE, work)


@st.cache_resource(max_entries=8, show_spinner=False)
def _so_far(
    digest: str, recipe: Recipe, count: int, _wanted: Lesson, _steps: tuple[Step, ...]
) -> Training:
    return replace(_start(digest, recipe, _wanted), steps=_steps)


@st.cache_resource(max_entries=16, show_spinner=False)
def _replay(digest: str, recipe: Recipe, count: int, _training: Training) -> Replay:
    return Replay(_training)


@st.cache_resource(max_entries=24, show_spinner=False)
def _tokenizer(digest: str, recipe: Recipe, count: int, _training: Training) -> Tokenizer:
    return learned_tokenizer(_training)


@st.cache_resource(max_entries=4, show_spinner=False)
def _real(name: str) -> Tokenizer:
    path: Path = locate(name)
    return from_gguf(read_gguf(path).metadata) if path.is_file() else load_tokenizer(path)
