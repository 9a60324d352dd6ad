"""What of a text the model never sees: said wherever a text meets a vocabulary, with a way out."""

from collections.abc import Collection, Sequence

import streamlit as st

from experiments.vocabularies import lost, unread
from model import Bench
from model.bench import Text
from model.catalogue import CATALOGUE, installed
from tokenizers import Tokenizer
from ui.i18n import _
from ui.inert import inert

READER = "smollm2"  # byte-level BPE: it has tokens for any text that people write
MOST = 12  # unknown words shown


def tell_unknown(
    bench: Bench, texts: Sequence[Text], model: str = "model", only: Collection[str] | None = None
) -> None:
    """Say how many tokens of the texts stand for what the vocabulary does not know, and what stood
    there; one click takes a model that can read it, and keeps the text.

    model: the parameter that holds the model. only: the models of the page, by default all.
    """
    pairs = [(text, None) if isinstance(text, str) else text for text in texts]
    found = facts(bench.tokenizer, [part for pair in pairs for part in pair if part is not None])
    if not found:
        return
    count = sum(len(bench.tokenizer.encode(*pair)) for pair in pairs)
    said = _("The model does not see all of this text. Of {count} tokens:").format(count=count)
    st.warning(f"{said} {', '.join(found)}", icon=":material/visibility_off:")
    if bench.name != READER and installed(READER) and (only is None or READER in only):
        st.button(
            _("Read it with {model}").format(model=CATALOGUE[READER].title),
            key=f"read_{model}",
            icon=":material/swap_horiz:",
            on_click=_take,
            args=(model,),
        )


def facts(tokenizer: Tokenizer, texts: Sequence[str]) -> list[str]:
    """How much of the texts is unknown or lost to a vocabulary, and what that is, as Markdown;
    empty where it is nothing."""
    unknown = [word for text in texts for word in unread(tokenizer, text)]
    vanished = [letter for text in texts for letter in lost(tokenizer, text)]
    found = []
    if unknown:
        said = _("**unknown: {count}** ({words})")
        found.append(said.format(count=len(unknown), words=_some(unknown)))
    if vanished:
        said = _("**characters lost: {count}** ({words})")
        found.append(said.format(count=len(vanished), words=_some(vanished)))
    return found


def _some(words: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(words))
    more = " …" if len(distinct) > MOST else ""
    return " ".join(map(inert, distinct[:MOST])) + more


def _take(model: str) -> None:
    st.session_state[model] = READER
