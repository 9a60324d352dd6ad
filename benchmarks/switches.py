"""What a switch costs: a change in the last layer against the whole pass, and the ablation map of
every head against the naive loop that runs the whole model once a head."""

from dataclasses import replace

import torch

from benchmarks.rounds import medians, timed
from experiments.ablation import effects, measure_of
from experiments.outcome import divergence
from experiments.reading import Reading, read, reread
from model import Bench, Choices, load

MODELS = ("minilm", "smollm2")
TEXT = "The keys to the old cabinet are lost, so the museum cannot open it."
LENGTHS = (1, 2, 3, 7)  # times the text
PARTS = 3  # of the naive loop: heads of as many layers, spread over the model, stand for all


def last_layer(bench: Bench, text: str) -> tuple[float, float]:
    """Seconds of the whole pass, and of a reading that changes the last layer alone."""
    native = read(bench, text, bench.native)
    last = replace(bench.native, scaled=False, layers=(bench.shape.n_layers - 1,))
    took = medians(
        {
            "whole": timed(lambda: bench.run(text, last)),
            "resumed": timed(lambda: reread(bench, native, last)),
        },
        rounds=11,
    )
    return took["whole"], took["resumed"]


def naive_effect(bench: Bench, native: Reading, choices: Choices) -> float:
    """What one head's absence does, the plain way."""
    run = bench.run(TEXT, choices)
    if measure_of(native) == "kl":
        assert native.run.logits is not None and run.logits is not None  # a head predicts
        return float(divergence(native.run.logits, run.logits[:, list(native.asked)]).mean())
    last = bench.shape.n_layers
    before, after = native.run.hidden(last), run.hidden(last)
    return float((1 - torch.cosine_similarity(before, after, dim=-1)).mean())


def ablation(bench: Bench) -> tuple[float, float, float]:
    """Seconds of the naive loop (scaled up from some layers) and of the map, and the largest
    difference between the two in those layers."""
    shape = bench.shape
    native = read(bench, TEXT, bench.native)
    chosen = sorted({round(i * (shape.n_layers - 1) / (PARTS - 1)) for i in range(PARTS)})
    tables: dict[str, list[torch.Tensor]] = {}

    def loop() -> None:
        tables["naive"] = [
            torch.tensor(
                [
                    naive_effect(bench, native, replace(bench.native, ablated=((layer, head),)))
                    for head in range(shape.n_heads)
                ]
            )
            for layer in chosen
        ]

    def whole() -> None:
        tables["map"] = [effects(bench, native, layer) for layer in range(shape.n_layers)]

    took = medians({"naive": timed(loop), "map": timed(whole)}, rounds=3)
    pairs = zip(chosen, tables["naive"], strict=True)
    apart = max(float((tables["map"][layer] - naive).abs().max()) for layer, naive in pairs)
    return took["naive"] * shape.n_layers / len(chosen), took["map"], apart


def main() -> None:
    benches = [load(name) for name in MODELS]
    print("| a change in the last layer | tokens | the whole pass | from the layer on | ratio |")
    print("|---|---|---|---|---|")
    for bench in benches:
        for repeats in LENGTHS:
            text = " ".join([TEXT] * repeats)
            whole, resumed = last_layer(bench, text)
            tokens = bench.encode(text).ids.shape[1]
            print(
                f"| {bench.name} | {tokens} | {1e3 * whole:.0f} ms | {1e3 * resumed:.1f} ms "
                f"| **1/{whole / resumed:.1f}** |",
                flush=True,
            )
    print("\n| every head off, one at a time | naive loop | the map | ratio | largest difference |")
    print("|---|---|---|---|---|")
    for bench in benches:
        naive, table, apart = ablation(bench)
        print(
            f"| {bench.name} | {naive:.1f} s | {table:.2f} s | **1/{naive / table:.1f}** "
            f"| {apart:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
