"""One forward pass, attention of every layer kept, against Hugging Face's two implementations."""

import torch

from benchmarks.peers import Peer, peer
from benchmarks.rounds import medians, timed
from model import Bench, Tape, load
from model.catalogue import locate

MODELS = ("minilm", "smollm2")
LENGTHS = (16, 128, 512)
ROUNDS = {16: 21, 128: 11, 512: 7}


def compare(bench: Bench, theirs: Peer, tokens: int) -> dict[str, float]:
    """Median seconds of each way to run the same ids."""
    dice = torch.Generator().manual_seed(tokens)
    ids = torch.randint(1000, 20_000, (1, tokens), generator=dice)

    def kept() -> None:
        with torch.no_grad():
            bench.transformer(ids, tape=Tape(keep=("*.weights",)))

    def nothing() -> None:
        with torch.no_grad():
            bench.transformer(ids)

    def asked(attention: str) -> float:
        question = {"forward": ids[0].tolist(), "attention": attention, "times": 1}
        return theirs.ask(**question)["seconds"][0]

    takes = {
        "kept": timed(kept),
        "eager": lambda: asked("eager"),
        "nothing": timed(nothing),
        "sdpa": lambda: asked("sdpa"),
    }
    return medians(takes, ROUNDS[tokens])


def main() -> None:
    print(
        "| model | tokens | every attention kept: ours | transformers, eager | ratio "
        "| nothing kept: transformers, SDPA | ours, all kept, to it | ours, nothing kept, to it |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with peer("transformers_models.py") as theirs:
        for name in MODELS:
            bench = load(name)
            theirs.ask(load=str(locate(name)))
            for tokens in LENGTHS:
                took = compare(bench, theirs, tokens)
                ms = {what: f"{1e3 * seconds:.0f} ms" for what, seconds in took.items()}
                print(
                    f"| {name} | {tokens} | {ms['kept']} | {ms['eager']} "
                    f"| **{took['kept'] / took['eager']:.2f}** | {ms['sdpa']} "
                    f"| **{took['kept'] / took['sdpa']:.2f}** "
                    f"| {took['nothing'] / took['sdpa']:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
