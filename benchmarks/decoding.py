"""Greedy decoding of SmolLM2 with a cache of keys and values, seconds a token, against Hugging
Face's `generate` and against the shortest loop around its model."""

import time
from dataclasses import replace

from benchmarks.peers import Peer, peer
from benchmarks.rounds import Take, medians
from model import Bench, load
from model.catalogue import locate
from model.decoding import greedy, prompt

TEXT = "The capital of France is"
NEW = 48
ROUNDS = 5


def takes(bench: Bench, theirs: Peer, written: dict[str, list[int]]) -> dict[str, Take]:
    """Each way to write NEW tokens after the text; what it wrote is left in `written`."""
    begin = replace(prompt(bench, TEXT), stop=frozenset())

    def ours() -> float:
        began = time.perf_counter()
        written["ours"] = [step.token for step in greedy(bench.transformer, begin, limit=NEW)]
        return time.perf_counter() - began

    def asked(by: str) -> float:
        answer = theirs.ask(decode=list(begin.given), new=NEW, by=by)
        written[by] = answer["written"]
        return answer["seconds"]

    return {"ours": ours, "generate": lambda: asked("generate"), "loop": lambda: asked("loop")}


def main() -> None:
    bench = load("smollm2")
    written: dict[str, list[int]] = {}
    with peer("transformers_models.py") as theirs:
        theirs.ask(load=str(locate("smollm2")))
        took = medians(takes(bench, theirs, written), ROUNDS)
    same = written["ours"] == written["loop"]
    print(f"| SmolLM2, {NEW} tokens, greedily, with a cache | a token | ours to it |")
    print("|---|---|---|")
    for name, label in (
        ("ours", "ours"),
        ("generate", "transformers, generate()"),
        ("loop", "transformers, the shortest loop"),
    ):
        print(f"| {label} | {1e3 * took[name] / NEW:.1f} ms | {took['ours'] / took[name]:.2f} × |")
    print(f"\nThe same tokens: {'yes' if same else 'no'}")


if __name__ == "__main__":
    main()
