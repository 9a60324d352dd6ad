"""Three states of the lab that are worth a first look."""

from collections.abc import Mapping

State = Mapping[str, str | float | bool]

# Section of the home page's prose → the state in which the lab opens.
EXAMPLES: Mapping[str, State] = {
    "unscaled": {
        "model": "minilm",
        "text": "The animal didn't cross the street because it was too tired.",
        "layer": 0,
        "head": 6,
        "scaled": False,
    },
    "induction": {
        "model": "smollm2",
        "text": "red lamp, blue fox, old river; red lamp, blue fox, old",
        "layer": 21,  # behind the heads that are off: here their absence shows
        "head": 8,
        "scaled": True,
        "ablated": "17.3 17.4 17.5 18.6 18.7",
    },
    "unordered": {
        "model": "minilm",
        "text": "The dog bites the man, and the man bites the dog.",
        "layer": 0,
        "head": 2,
        "scaled": True,
        "positions": "none",
    },
}
