"""The models that a reader can choose: asked for anew at every run, since folders of models come
and go under a running server."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import monotonic

import streamlit as st

from model import ModelError
from model.catalogue import CATALOGUE
from model.collection import collection
from tokenizers.files import called
from ui.environment import models_folder
from ui.i18n import _
from ui.url import Parameter

LONGEST = 255  # letters of a name
_DRAWN = "titles of models"  # as this session last drew them


@dataclass(frozen=True)
class Offer:
    """A model that a reader can choose: how it is called, what `model.load` is given, and whether
    its settings say nothing against opening it."""

    title: str
    source: str
    opens: bool = True


def offered() -> dict[str, Offer]:
    """The models on offer by their name in the URL: the catalogue's that read one text, then what
    the folder holds that the environment variable ATTENTION_LAB_MODELS names, as it is now or was
    a second ago. A URL can name nothing else: no reader opens other files of the server."""
    models = {
        entry.name: Offer(entry.title, entry.name)
        for entry in CATALOGUE.values()
        if entry.kind != "seq2seq"
    }
    folder = models_folder()
    if folder is not None:
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:  # gone this moment
            return models
        taken = {offer.title for offer in models.values()}
        for name, own in _own(folder, changed, int(monotonic())).items():
            # two of one title could not be told apart, neither by a reader nor by the browser
            models[name] = own if own.title not in taken else replace(own, title=f"./{name}")
            taken.add(models[name].title)
    return models


@lru_cache(1)
def _own(folder: Path, _changed: int, _second: int) -> Mapping[str, Offer]:
    """The operator's models: looked for at most once a second, or when one comes or goes."""
    return {
        f"./{one.name}" if one.name in CATALOGUE else one.name: Offer(
            one.title, str(one.path), one.opens
        )
        for one in collection(folder)
    }


def source_of(name: str) -> str:
    """What `model.load` is given for a model on offer, or of the catalogue.

    ModelError: "model-gone", or "link-outside" for one that lies elsewhere than in the folder of
    models.
    """
    offer = offered().get(name)
    if offer is None:
        if name in CATALOGUE:
            return name
        raise ModelError(
            "model-gone", "the model {name} is not among those on offer", name=_spoken(name)
        )
    folder, path = models_folder(), Path(offer.source)
    root = folder.resolve() if folder is not None and path.is_relative_to(folder) else None
    if root is not None and not path.resolve().is_relative_to(root):
        raise ModelError(
            "link-outside",
            "{name} is a link that leads out of the folder of models",
            name=_spoken(name),
        )
    return offer.source


def model_parameter(
    default: str = "minilm",
    name: str = "model",
    among: Callable[[], Mapping[str, Offer]] = offered,
) -> Parameter:
    """The page's part of the URL for a choice of model. A model that is not on offer stays the
    reader's choice, so that the page can say that it is not there rather than take another.

    among: the models that the page takes, by default all; others on offer mean nothing to it.
    """

    def read(text: str) -> str:
        known = text in among() or not (text in offered() or text in CATALOGUE)
        if not known or not text.isprintable() or not 0 < len(text) <= LONGEST:
            raise ValueError(text)
        return text

    return Parameter(name, default, read)


def pick_model(
    key: str = "model", only: Collection[str] | None = None, width: int | None = None
) -> str:
    """Draw the list of models for the parameter `key`; returns the name of the one that is picked,
    which may have gone.

    only: the names to choose from, by default all on offer.
    """
    state = st.session_state
    titles = {
        name: _shown(offer) for name, offer in offered().items() if only is None or name in only
    }
    picked = str(state[key])
    if picked not in titles:
        titles[picked] = _("{name} · not here").format(name=_spoken(picked))
    # The browser says a choice by its title: under another one it would mean nothing any more.
    if state.get(_DRAWN, titles).get(picked, titles[picked]) != titles[picked]:
        state[key] = picked
    state[_DRAWN] = titles
    st.selectbox(
        _("Model"),
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        persist_state="session",
        width=width or "stretch",
    )
    return str(state[key])


def _shown(offer: Offer) -> str:
    return offer.title if offer.opens else _("✕ {name} · cannot be opened").format(name=offer.title)


def _spoken(name: str) -> str:
    """A name in the URL as a reader would say it."""
    return called(Path(name)) if "models--" in name else name
