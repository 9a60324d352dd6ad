"""The command line: `python -m model.training list` and `python -m model.training families`."""

import argparse
import sys
from pathlib import Path

import torch

from model.training import results, shelf
from model.training.families import FAMILIES, SEEDS
from model.training.recipe import Recipe
from model.training.recipes import RECIPES
from model.training.work import finished, jobs, train, weights_of


def main(words: list[str] | None = None) -> None:
    """Run the command that these words ask for; None: the command line's."""
    asked = _parser().parse_args(words)
    asked.run(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m model.training")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="show the recipes and the families")
    listing.set_defaults(run=_list)

    families = commands.add_parser(
        "families", help="train families of models that differ in one choice; write their tables"
    )
    families.add_argument("names", nargs="*", type=_family, metavar="NAME", help="default: all")
    families.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    families.add_argument(
        "--work",
        type=Path,
        default=Path("build/families"),
        help="folder of finished runs, which are not trained again (default: %(default)s)",
    )
    families.add_argument(
        "--tables",
        type=Path,
        default=results.FOLDER,
        help="folder of the tables (default: those that the app shows)",
    )
    families.add_argument(
        "--shelf",
        type=Path,
        default=shelf.FOLDER,
        help="folder of the first seed's weights (default: those that the app shows)",
    )
    families.add_argument(
        "--finished", action="store_true", help="train nothing, write the tables of what is there"
    )
    families.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    families.set_defaults(run=_families)
    return parser


def _family(name: str) -> str:
    if name not in FAMILIES:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(FAMILIES)}")
    return name


def _list(_asked: argparse.Namespace) -> None:
    _say("Recipes:")
    for name, recipe in RECIPES.items():
        _say(f"  {name}: {_in_short(recipe)}")
    _say("Families:")
    for name, family in FAMILIES.items():
        _say(f"  {name}: {', '.join(family.variants)}")


def _families(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    planned = list(jobs(asked.names or FAMILIES, asked.seeds))
    runs: list[results.Run] = []
    seconds: dict[str, float] = {}  # by key: what several families share took its time once
    for number, job in enumerate(planned, start=1):
        done = finished(job, asked.work)
        if done is None and asked.finished:
            continue
        run, seconds[job.key] = done or train(job, asked.work)
        runs.append(run)
        if job.recipe.seed == SEEDS[0]:
            shelf.put(job, run, weights_of(job, asked.work), asked.shelf)
        name = f"{job.family}, {job.variant}, seed {job.recipe.seed}"
        loss = run.outcomes["held out", 0]
        _say(f"{number}/{len(planned)} {name}: held out {loss:.4f} ({seconds[job.key]:.0f} s)")
    results.update(runs, asked.tables)
    _say(f"{len(seconds)} trainings, {sum(seconds.values()):.0f} s; tables in {asked.tables}")


def _in_short(recipe: Recipe) -> str:
    shape = recipe.shape
    return (
        f"{recipe.task.name}, {shape.kind}, {shape.n_layers} layers, {shape.n_heads} heads, "
        f"d_model {shape.d_model}, {recipe.steps} steps of {recipe.batch}"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
