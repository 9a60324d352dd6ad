"""How the model does on all held-out words, beside the literature."""

import streamlit as st

from model.catalogue import locate
from model.training.checkpoint import read_card
from ui.i18n import _
from ui.numbers import numeral

# Yolchuyeva et al. 2019, Table 2: the best of three Transformers, 4 + 4 layers, on CMUdict
PUBLISHED = {"phonemes": 0.052, "words": 0.221}


def literature() -> None:
    """One line: the stored figures of the model's card, and the published ones."""
    metrics = read_card(locate("g2p")).get("metrics", {})
    if {"phoneme_error_rate", "word_error_rate", "words"} <= set(metrics):
        st.caption(
            _(
                "On all {n} test words, measured after training: phoneme error rate {phonemes}, "
                "word error rate {words}. Yolchuyeva et al. 2019, the best of three Transformers "
                "(4 + 4 layers; this one has 3 + 3) on the same dictionary with another split: "
                "{published_phonemes} and {published_words}."
            ).format(
                n=f"{metrics['words']:,}",
                phonemes=numeral(metrics["phoneme_error_rate"], ".1%"),
                words=numeral(metrics["word_error_rate"], ".1%"),
                published_phonemes=numeral(PUBLISHED["phonemes"], ".1%"),
                published_words=numeral(PUBLISHED["words"], ".1%"),
            )
        )
