"""What the reader types: examples, limits, and sentence pairs."""

from dataclasses import dataclass

from model import Bench, ModelError
from model.bench import Text
from ui.i18n import N_

MAX_TOKENS = 512  # past it a page would be slow for all of its readers
LONGEST = 2048  # tokens that the lab reads, whose pictures of long texts come by tiles
MAX_CHARACTERS = 20_000
# Characters that a text box holds. What is longer would be more than the server takes in a message:
# the browser would lose the connection, and the text with it.
BOX = 1_500_000


@dataclass(frozen=True)
class Example:
    """A text worth running, and the model that shows it best."""

    title: str
    text: str
    model: str


DEFAULT = "The keys to the old cabinet are lost, so the museum cannot open it."

EXAMPLES = (
    Example(N_("Who is “it”?"), DEFAULT, "minilm"),
    Example(
        N_("A sequence repeats"),
        " ".join(["bix tor lamu vek sando rill"] * 2 + ["bix tor lamu vek sando"]),
        "smollm2",
    ),
    Example(
        N_("Agreement at a distance"),
        "The letters that the lawyer from the small office by the river",
        "smollm2",
    ),
    Example(
        N_("Two sentences"), "A man is playing the guitar. [SEP] Someone makes music.", "minilm"
    ),
    Example(N_("Fill the gap"), "The capital of France is [MASK] .", "bert-tiny"),
    Example(N_("Chinese"), "猫坐在窗台上，因为那里有阳光。", "smollm2"),
)


def as_text(typed: str, bench: Bench, limit: int = MAX_TOKENS) -> Text:
    """What the model is to read: a pair where the reader wrote [SEP] for a model of sentence
    pairs, else the text as it is.

    ModelError: "empty-text", "text-too-long" (characters, before any work), or "lab-limit"
    (more than `limit` tokens, although the model itself might read more).
    """
    if not typed.strip():
        raise ModelError("empty-text", "there is no text to run")
    if len(typed) > MAX_CHARACTERS:
        raise ModelError(
            "text-too-long",
            "the text has {characters} characters, the lab reads at most {limit}",
            characters=len(typed),
            limit=MAX_CHARACTERS,
        )
    text = bench.paired(typed)
    pair = (text, None) if isinstance(text, str) else text
    tokens = len(bench.tokenizer.encode(*pair))
    if tokens > limit:
        raise ModelError(
            "lab-limit",
            "the text has {tokens} tokens, the lab shows at most {limit}",
            tokens=tokens,
            limit=limit,
        )
    return text
