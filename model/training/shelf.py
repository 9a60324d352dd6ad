"""What the families learnt under their first seed: weights, so that one can look inside.

One safetensors file a recipe, in half precision, with its card in the file's own metadata: the
recipe and what was measured.
"""

import json
from functools import lru_cache
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from model.errors import ModelError
from model.fresh import blank
from model.training.families import SEEDS
from model.training.results import Run
from model.training.work import Job, jobs
from model.transformer import Transformer
from model.weights.blocks import read_tensor
from model.weights.checkpoint import read_safetensors

FOLDER = Path(__file__).parent.parent / "checkpoints" / "families"


def put(job: Job, run: Run, weights: Path, folder: Path = FOLDER) -> None:
    """Shelve the weights of a finished run, which lie in the safetensors file `weights`."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "recipe": job.recipe.facts(),
        "outcomes": [[measure, at, value] for (measure, at), value in run.outcomes.items()],
        "command": f"python -m model.training families {job.family}",
    }
    halves = {name: tensor.half() for name, tensor in load_file(weights).items()}
    save_file(halves, _path(job, folder), {"card": json.dumps(card)})


def job_of(family: str, variant: str) -> Job:
    """The first seed's run of a variant."""
    return next(job for job in jobs((family,), SEEDS[:1]) if job.variant == variant)


def card_of(job: Job, folder: Path = FOLDER) -> dict[str, object]:
    """The card of shelved weights."""
    with safe_open(_path(job, folder), "pt") as file:
        return json.loads(file.metadata()["card"])


@lru_cache(maxsize=12)
def trained(job: Job, folder: Path = FOLDER) -> Transformer:
    """The model that a run gave, shared and only to be read; ModelError "weights-missing"."""
    path = _path(job, folder)
    if not path.is_file():
        raise ModelError("weights-missing", "{folder} has no model.safetensors", folder=path.name)
    transformer = blank(job.recipe.shape)
    state = {name: read_tensor(entry) for name, entry in read_safetensors(path).items()}
    transformer.load_state_dict(state, assign=True)
    return transformer.requires_grad_(False).eval()


def _path(job: Job, folder: Path) -> Path:
    return folder / f"{job.key}.safetensors"
