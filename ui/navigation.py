"""The curriculum's pages and the links to them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from ui.i18n import DEFAULT, N_, PARAMETER, _, language

ROOT = Path(__file__).parent.parent

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


def current_page() -> st.Page:
    """Draw the navigation in the reader's language and return the page to run."""
    sections: dict[str, list[st.Page]] = {}
    for page in PAGES.values():
        target = st.Page(
            page.script,
            title=_(page.title),
            icon=page.icon,
            url_path=page.key,
            default=page.key == "home",
        )
        sections.setdefault(_(CHAPTERS[page.chapter]), []).append(target)
    return st.navigation(sections, expanded=True)


def page_of(question: int) -> Page:
    """The page that answers a question."""
    return next(page for page in PAGES.values() if question in page.questions)


def query(**parameters: str | float | bool) -> dict[str, str]:
    """URL parameters of a page in the reader's language; switches read ``true`` and ``false``."""
    spoken = {} if language() == DEFAULT else {PARAMETER: language()}
    return spoken | {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
    }


def href(page: Page, **parameters: str | float | bool) -> str:
    """A link to a page, relative so that it holds behind any base path."""
    address = "./" if page.key == "home" else page.key
    asked = urlencode(query(**parameters))
    return f"{address}?{asked}" if asked else address
