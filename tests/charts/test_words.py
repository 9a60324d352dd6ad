"""Every word that the script asks for exists, and no word is left that nobody asks for."""

import re

from charts.viewer import WORDS
from charts.viewer.component import bundle

# Asked for by a value: words[side], words[view], words[mode], words[`${mode}_title`].
BY_VALUE = {
    *("native", "variant", "difference", "matrix", "lines"),
    *("select", "ablate", "isolate", "select_title", "ablate_title", "isolate_title"),
    *("largest_weight", "largest_difference"),
}


def test_the_script_and_the_words_agree():
    asked = set(re.findall(r"\bwords\.(\w+)", bundle()))
    assert asked | BY_VALUE == set(WORDS)


def test_gaps_are_the_ones_that_the_script_fills():
    gaps = {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in WORDS.items()}
    assert {name: found for name, found in gaps.items() if found} == {
        "head_number": {"head"},
        "thinned": {"step"},
        "largest_of": {"rows", "columns"},
        "summary": {"head", "queries", "keys"},
        "atlas_name": {"layers", "heads"},
        "atlas_summary": {"layers", "heads"},
        "layer_head": {"layer", "head"},
    }
