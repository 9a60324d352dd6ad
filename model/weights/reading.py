"""Real weights under our names: from a folder in Hugging Face format or a GGUF file."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from torch import Tensor

from model.errors import ModelError
from model.fresh import blank
from model.shape import Shape
from model.weights.blocks import TensorEntry, read_tensor, same
from model.weights.checkpoint import CONFIG, read_checkpoint
from model.weights.config import shape_from_config
from model.weights.families import FAMILIES, GGUF_LLAMA, Family, pattern_of, unwrapped
from model.weights.foreign import adapter
from model.weights.gguf import read_gguf
from model.weights.gguf_config import shape_from_gguf
from model.weights.memory import available
from model.weights.own import MODEL_TYPE, own_family, shape_from_own
from tokenizers.errors import short
from tokenizers.notices import Notice, notice

Sizes = tuple[int, ...]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Weights:
    """What a checkpoint holds, ready for `blank(shape).load_state_dict(state, assign=True)`."""

    shape: Shape
    state: dict[str, Tensor] = field(repr=False)  # float32, each in memory of its own
    family: str
    title: str
    metadata: Mapping[str, object] = field(repr=False)  # config.json, or the GGUF file's
    notices: tuple[Notice, ...] = ()  # what a reader should know of how all this was read


def read_weights(path: Path, progress: Progress | None = None) -> Weights:
    """Read a model folder or a .gguf file; `progress` is told the share done, 0 to 1.

    Raises:
        ModelError: names the file and the setting or tensor that is missing, broken, unexpected
            or not supported; `no-memory` when the weights are larger than what is free;
            `file-unreadable` when the system refuses to read.
    """
    notices: list[Notice] = []
    try:
        if path.is_dir():
            checkpoint = read_checkpoint(path)
            notices += checkpoint.notices
            if checkpoint.config.get("model_type") == MODEL_TYPE:
                name, shape = MODEL_TYPE, shape_from_own(checkpoint.config)
                _check_layers(Family("", {}), checkpoint.tensors, shape)
                family, tensors = own_family(blank(shape).state_dict()), checkpoint.tensors
            else:
                tensors = _plain_names(checkpoint.tensors, path.name)
                shape = shape_from_config(checkpoint.config, tensors, notices)
                name = str(checkpoint.config["model_type"])
                family = FAMILIES[name]
                shape, tensors = _settle_tie(family, tensors, shape, notices)
            state = _read_state(family, tensors, shape, CONFIG, notices, progress)
            title, metadata = path.resolve().name, checkpoint.config
            return Weights(shape, state, name, title, metadata, tuple(notices))
        gguf = read_gguf(path)
        shape = shape_from_gguf(gguf.metadata, gguf.tensors, path.name, notices)
        state = _read_state(GGUF_LLAMA, gguf.tensors, shape, path.name, notices, progress)
        title = short(gguf.metadata.get("general.name", path.stem))
        return Weights(shape, state, "llama", title, gguf.metadata, tuple(notices))
    except OSError as error:
        raise ModelError(
            "file-unreadable",
            "{file} cannot be read: {why}",
            file=path.name,
            why=error.strerror or type(error).__name__,  # which would say its whole path
        ) from error


def _plain_names(tensors: Mapping[str, TensorEntry], where: str) -> dict[str, TensorEntry]:
    """The tensors by their names without what a training framework wrapped around the model."""
    plain: dict[str, TensorEntry] = {}
    for name, entry in tensors.items():
        if ".lora_" in name:
            raise adapter(where)
        if unwrapped(name) in plain:
            raise _unexpected(name)
        plain[unwrapped(name)] = entry
    return plain


def _settle_tie(
    family: Family, tensors: Mapping[str, TensorEntry], shape: Shape, notices: list[Notice]
) -> tuple[Shape, Mapping[str, TensorEntry]]:
    """Whether embedding and output matrix are one, by what the file holds and not by the config
    alone: two that differ are kept both, one under either name serves as both."""
    tokens = _spelt(family, "embedding.tokens.weight", tensors)
    head = _spelt(family, "head.output.weight", tensors)
    if not shape.tied_head or head not in tensors:
        return shape, tensors
    if tokens in tensors and not same(tensors[tokens], tensors[head]):
        notices.append(
            notice(
                "head-untied",
                "{file} says that {head} and {tokens} are one matrix, but the weights hold two "
                "that differ: both are kept, as transformers does",
                file=CONFIG,
                head=head,
                tokens=tokens,
            )
        )
        return replace(shape, tied_head=False), tensors
    rest = {name: entry for name, entry in tensors.items() if name != head}
    return shape, {**rest, tokens: tensors.get(tokens, tensors[head])}


def _read_state(
    family: Family,
    tensors: Mapping[str, TensorEntry],
    shape: Shape,
    source: str,
    notices: list[Notice],
    progress: Progress | None,
) -> dict[str, Tensor]:
    """Our parameters from their tensors. All names and sizes are checked before any is read."""
    if shape.kind == "encoder":
        family = family.as_encoder()
    _check_layers(family, tensors, shape)
    wanted = {name: tuple(empty.shape) for name, empty in blank(shape).state_dict().items()}
    plan = _assign(family, tensors, shape, wanted, notices)
    for theirs, ours in plan.items():
        expected = _stored_size(family, theirs, [wanted[name] for name in ours])
        if tensors[theirs].shape != expected:
            raise ModelError(
                "tensor-mismatch",
                "tensor {what} has the shape {shape}; after {file} it should be {expected}",
                what=theirs,
                shape=tensors[theirs].shape,
                expected=expected,
                file=source,
            )
    state: dict[str, Tensor] = {}
    total = sum(tensors[theirs].count for theirs in plan)
    free = available()
    if free is not None and 4 * total > free:
        raise ModelError(
            "no-memory",
            "the weights take {needed} MB as float32, but only {free} MB of memory are free",
            needed=4 * total >> 20,
            free=free >> 20,
        )
    done = 0
    for theirs, ours in plan.items():
        tensor = read_tensor(tensors[theirs])
        pattern, _ = _pattern(family, theirs)
        if pattern in family.transposed:
            tensor = tensor.T.contiguous()
        if pattern in family.interleaved:
            tensor = _halved(tensor, shape.d_head)
        state.update(zip(ours, tensor.split([wanted[name][0] for name in ours]), strict=True))
        done += tensors[theirs].count
        if progress is not None:
            progress(done / total)
    return state


def _check_layers(family: Family, tensors: Collection[str], shape: Shape) -> None:
    """More layers than tensors: to say so costs nothing, to lay them all out takes seconds."""
    if shape.n_layers > len(tensors):
        stack, index = shape.stack_of(shape.n_layers - 1)
        missing = _spelt(family, f"{stack}.{index}.self_attention.queries.weight", tensors)
        raise ModelError("tensor-missing", "tensor {what} is missing", what=missing)


def _assign(
    family: Family,
    tensors: Collection[str],
    shape: Shape,
    wanted: Collection[str],
    notices: list[Notice],
) -> dict[str, tuple[str, ...]]:
    """Which of our parameters each of their tensors holds: all of them, each once."""
    plan: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    heads: list[str] = []
    for theirs in tensors:
        pattern, number = _pattern(family, theirs)
        if any(fnmatchcase(pattern, ignored) for ignored in family.ignored):
            continue
        if family.is_foreign(theirs):
            heads.append(theirs)
            continue
        if family.replaced.get(pattern) in tensors:
            continue
        names = family.names.get(pattern, ())
        ours = tuple(
            name.replace("*", number) for name in ([names] if isinstance(names, str) else names)
        )
        if not ours or not taken.isdisjoint(ours) or not all(name in wanted for name in ours):
            raise _unexpected(theirs)
        taken.update(ours)
        plan[theirs] = ours
    for name in wanted:
        if name not in taken:
            raise ModelError(
                "tensor-missing", "tensor {what} is missing", what=_spelt(family, name, tensors)
            )
    if heads:
        notices.append(
            notice(
                "head-unread",
                "the checkpoint has a head for another task than to predict tokens, which is not "
                "read ({what}): what is computed is the model below it",
                what=", ".join(heads[:4]) + (", …" if len(heads) > 4 else ""),
            )
        )
    return plan


def _unexpected(name: str) -> ModelError:
    return ModelError(
        "tensor-unexpected", "tensor {what} has no place in a model of this shape", what=name
    )


def _pattern(family: Family, theirs: str) -> tuple[str, str]:
    """`pattern_of` their name without the family's prefix."""
    return pattern_of(theirs.removeprefix(family.prefix))


def _spelt(family: Family, ours: str, tensors: Collection[str]) -> str:
    """How this family would call our parameter, for the reader who looks for it in the file."""
    pattern, number = pattern_of(ours)
    prefix = family.prefix if any(name.startswith(family.prefix) for name in tensors) else ""
    for theirs, names in family.names.items():
        if pattern == names or (isinstance(names, tuple) and pattern in names):
            spelt = theirs.replace("*", number)
            return spelt if ours.startswith("head.") else prefix + spelt
    return ours


def _stored_size(family: Family, theirs: str, sizes: list[Sizes]) -> Sizes:
    """The size of the stored tensor: our parameters one after the other, perhaps transposed."""
    size = (sum(rows for rows, *_ in sizes), *sizes[0][1:])
    return size[::-1] if _pattern(family, theirs)[0] in family.transposed else size


def _halved(rows: Tensor, d_head: int) -> Tensor:
    """From rotary pairs of neighbours, (2i, 2i + 1), to (i, i + d_head/2), within each head."""
    pairs = rows.unflatten(0, (-1, d_head // 2, 2))  # (heads, d_head / 2, 2, …)
    return pairs.transpose(1, 2).flatten(0, 2)  # a copy
