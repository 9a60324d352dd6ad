"""The curriculum's pages and the links to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st

from ui.i18n import DEFAULT, N_, PARAMETER, _, language
from ui.url import head_for

ROOT = Path(__file__).parent.parent
APP = N_("Attention Lab")
HOME = "home"

CHAPTERS = {
    "home": N_("Start"),
    "attention": N_("Attention"),
    "inputs": N_("Inputs and positions"),
    "blocks": N_("Blocks"),
    "seq2seq": N_("Encoder–decoder"),
    "training": N_("Training"),
}

QUESTIONS = {
    1: N_("Why several heads?"),
    2: N_("Why different weights for Q and K?"),
    3: N_("Why the dot product rather than additive scores?"),
    4: N_("Why divide by √dₖ before the softmax?"),
    5: N_("How does a padding mask work?"),
    6: N_("Why does each head get a lower dimension?"),
    7: N_("What is in an encoder layer?"),
    8: N_("Why multiply the embeddings by √d_model?"),
    9: N_("Why positional encodings, and why sinusoids?"),
    10: N_("Which other position schemes are there?"),
    11: N_("What are the residual connections for?"),
    12: N_("Why LayerNorm and not BatchNorm?"),
    13: N_("What does BatchNorm do?"),
    14: N_("What does the feed-forward network do?"),
    15: N_("How do encoder and decoder interact?"),
    16: N_("Why does the decoder mask the future?"),
    17: N_("What runs in parallel, and what cannot?"),
    18: N_("How do WordPiece and BPE differ?"),
    19: N_("How are the learning rate and dropout set?"),
    20: N_("Is BERT's masking attention masking?"),
}

# The same in two or three words, where several stand in one row.
IN_SHORT = {
    1: N_("Several heads"),
    2: N_("Q and K"),
    3: N_("Dot product"),
    4: N_("√dₖ"),
    5: N_("Padding mask"),
    6: N_("Width of a head"),
    8: N_("√d_model"),
    9: N_("Sinusoids"),
    10: N_("Other schemes"),
    12: N_("LayerNorm"),
    13: N_("BatchNorm"),
    16: N_("Hiding the future"),
    20: N_("BERT's masking"),
}


@dataclass(frozen=True)
class Page:
    """One page: its script is ``pages/<chapter>/<key>.py`` and its address ``/<key>``."""

    chapter: str
    key: str
    title: str
    icon: str
    questions: tuple[int, ...] = ()

    @property
    def script(self) -> Path:
        return ROOT / "pages" / self.chapter / f"{self.key}.py"


PAGES = {
    page.key: page
    for page in (
        Page("home", "home", N_("Home"), ":material/home:"),
        Page("attention", "lab", N_("Attention lab"), ":material/experiment:"),
        Page("attention", "scores", N_("Scores"), ":material/calculate:", (2, 3, 4)),
        Page("attention", "heads", N_("Heads"), ":material/view_module:", (1, 6)),
        Page("attention", "masks", N_("Masks"), ":material/visibility_off:", (5, 16, 20)),
        Page("inputs", "positions", N_("Positions"), ":material/straighten:", (8, 9, 10)),
        Page("inputs", "tokenizers", N_("Tokenizers"), ":material/content_cut:", (18,)),
        Page("blocks", "encoder", N_("The encoder layer"), ":material/layers:", (7,)),
        Page("blocks", "residual", N_("Residual connections"), ":material/alt_route:", (11,)),
        Page("blocks", "normalization", N_("Normalization"), ":material/equalizer:", (12, 13)),
        Page("blocks", "feed_forward", N_("Feed-forward network"), ":material/hub:", (14,)),
        Page("seq2seq", "alignment", N_("Cross-attention"), ":material/compare_arrows:", (15,)),
        Page("seq2seq", "decoding", N_("Decoding"), ":material/play_arrow:", (17,)),
        Page("training", "schedules", N_("Schedules and dropout"), ":material/timeline:", (19,)),
    )
}


Value = str | float | bool


@dataclass(frozen=True)
class Target:
    """Where a link leads: a page, and what its address is to say."""

    page: Page
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it opens, in the reader's language."""
        asked = self.parameters.get("q")
        return _(self.page.title) if asked is None else question_title(int(asked))

    @property
    def query(self) -> dict[str, str]:
        """URL parameters in the reader's language; switches read ``true`` and ``false``."""
        spoken = {} if language() == DEFAULT else {PARAMETER: language()}
        return spoken | {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.parameters.items()
        }

    @property
    def href(self) -> str:
        """Relative, so that it holds behind any base path."""
        address = "./" if self.page.key == HOME else self.page.key
        asked = urlencode(self.query)
        return f"{address}?{asked}" if asked else address


def question(number: int) -> Target:
    """The page that answers a question, at this question: it is named even where it is the page's
    first, since the reader may have left the page at another."""
    page = next(page for page in PAGES.values() if number in page.questions)
    return Target(page, {"q": number})


def question_title(number: int) -> str:
    """The question with its number."""
    return f"Q{number} · {_(QUESTIONS[number])}"


def question_tab(number: int) -> str:
    """The question in short, for a row of those that share a page."""
    return f"Q{number} · {_(IN_SHORT[number])}"


def go(target: Target) -> NoReturn:
    """Open a page from within a run of the script.

    The address stays until the page is there: Streamlit would write what is asked for behind the
    name of the page that the reader is still on, as an entry of its own in the browser's history.
    """
    head_for(target.query)
    st.switch_page(target.page.script, query_params=st.query_params.to_dict())


def current_page() -> st.Page:
    """Draw the navigation in the reader's language, call the browser's tab after the page that is
    to be run, and return it."""
    sections: dict[str, list[st.Page]] = {}
    for page in PAGES.values():
        target = st.Page(
            page.script,
            title=_(page.title),
            icon=page.icon,
            url_path="" if page.key == HOME else page.key,
            default=page.key == HOME,
        )
        sections.setdefault(_(CHAPTERS[page.chapter]), []).append(target)
    # Streamlit serves its first page at the root alone; who types /home means it too
    home = PAGES[HOME]
    also = st.Page(
        home.script, title=_(home.title), icon=home.icon, url_path=HOME, visibility="hidden"
    )
    sections[_(CHAPTERS[home.chapter])].append(also)
    opened = st.navigation(sections, expanded=True)
    tab_title(*(() if opened.url_path in ("", HOME) else (opened.title,)))
    return opened


def tab_title(*parts: str) -> None:
    """Call the browser's tab, and with it history and bookmarks, after what is shown."""
    st.set_page_config(page_title=" · ".join((*parts, _(APP))))
