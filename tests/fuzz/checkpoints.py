"""Broken weight files and settings, and models that were accepted, put to use."""

from pathlib import Path
from random import Random
from typing import Any

from model import Bench, load
from model.weights.blocks import read_tensor
from model.weights.checkpoint import read_safetensors
from model.weights.gguf import read_gguf
from tests.fuzz import seeds
from tests.fuzz.mutations import Twice, broken_bytes, broken_tree, dump, some_bytes
from tests.fuzz.seeds import Files
from tests.fuzz.vocabularies import encode
from tests.weights.gguf_files import gguf, tensor, text, u64
from tokenizers import from_gguf


def _broken_safetensors(rng: Random, file: bytes) -> bytes:
    """By structure: a header that contradicts the data, or itself."""
    header, data = seeds.header_and_data(file)
    written = dump(broken_tree(rng, header))
    length = len(written) if rng.random() < 0.9 else rng.choice((0, 1 << 30, (1 << 64) - 1, 7))
    return length.to_bytes(8, "little") + written + data[: rng.choice((None, None, None, 3))]


def make_safetensors(rng: Random) -> Files:
    file = rng.choice(seeds.SAFETENSORS)
    if rng.random() < 0.6:
        file = _broken_safetensors(rng, file)
        return some_bytes(rng, {"model.safetensors": file}, 0.2)
    return {"model.safetensors": broken_bytes(rng, file)}


def read_tensors(folder: Path) -> None:
    for entry in read_safetensors(folder / "model.safetensors").values():
        if entry.format.decode is not None:
            assert read_tensor(entry).shape == entry.shape


def make_config(rng: Random) -> Files:
    name = rng.choice(sorted(seeds.CONFIGS))
    config = broken_tree(rng, seeds.CONFIGS[name])
    return some_bytes(rng, seeds.checkpoint(name, config), 0.1)


def make_checkpoint(rng: Random) -> Files:
    name = rng.choice(sorted(seeds.CONFIGS))
    files = seeds.checkpoint(name)
    kind = rng.random()
    if kind < 0.5:
        files["model.safetensors"] = _broken_safetensors(rng, files["model.safetensors"])
    return some_bytes(rng, files, 1.0 if kind > 0.5 else 0.1)


def _sharded(index: object) -> dict[str, bytes]:
    header, data = seeds.header_and_data(seeds.weights("llama"))
    shards: dict[str, bytes] = {}
    for at in range(2):
        own = {name: facts for i, (name, facts) in enumerate(header.items()) if i % 2 == at}
        written = dump(own)
        shards[f"part{at}.safetensors"] = len(written).to_bytes(8, "little") + written + data
    files = seeds.checkpoint("llama")
    del files["model.safetensors"]
    return {**files, **shards, "model.safetensors.index.json": dump(index)}


def _index() -> dict[str, Any]:
    header, _data = seeds.header_and_data(seeds.weights("llama"))
    places = {name: f"part{i % 2}.safetensors" for i, name in enumerate(header)}
    return {"metadata": {"total_size": 1}, "weight_map": places}


def make_index(rng: Random) -> Files:
    index = broken_tree(rng, _index()) if rng.random() < 0.8 else _index()
    return some_bytes(rng, _sharded(index), 0.2)


def read_model(folder: Path) -> None:
    use(load(folder))


def use(bench: Bench) -> None:
    """Run a model that was accepted."""
    target = "ab" if bench.shape.kind == "encoder-decoder" else None
    run = bench.run("ab", target=target)
    if run.logits is not None:
        best = run.logits.argmax(-1).flatten().tolist()
        bench.tokenizer.tokens([id for id in best if id < bench.tokenizer.size])


def _gguf(settings: Any, sizes: Any, data: bytes, counts: tuple[int, int] | None = None) -> bytes:
    pairs = settings.pairs if isinstance(settings, Twice) else tuple(dict(settings).items())
    entries = [text(_utf8(key)) + seeds.gguf_value(value) for key, value in pairs]
    file = gguf(entries, [_tensor(*info) for info in sizes], data)
    if counts is not None:
        file = file[:8] + u64(counts[0]) + u64(counts[1]) + file[24:]
    return file


def _utf8(key: object) -> bytes:
    return str(key).encode(errors="surrogatepass")


def _tensor(name: Any, sizes: Any, kind: Any, offset: Any) -> bytes:
    name = str(name).encode(errors="surrogatepass").decode(errors="replace")
    return tensor(name, [int(size) % (1 << 64) for size in sizes], kind % (1 << 32),
                  offset % (1 << 64))  # fmt: skip


def _gguf_parts() -> tuple[list[list[Any]], bytes]:
    """Tensor infos and the data, every tensor at a multiple of 32 bytes."""
    infos, data = [], b""
    for name, shape in seeds.GGUF_SIZES.items():
        infos.append([name, list(reversed(shape)), 0, len(data)])
        count = 1
        for size in shape:
            count *= size
        data += bytes(count * 4) + bytes(-(count * 4) % 32)
    return infos, data


def make_gguf(rng: Random) -> Files:
    settings: Any = seeds.GGUF_SETTINGS
    infos, data = _gguf_parts()
    counts = None
    kind = rng.random()
    if kind < 0.6:
        settings = broken_tree(rng, settings)
        if not isinstance(settings, dict | Twice):
            settings = {"general.architecture": settings}
    elif kind < 0.8:
        info = rng.choice(infos)
        at = rng.randrange(4)
        wild = rng.choice((0, 1, 2, 8, 12, 30, 99, 1 << 31, 1 << 40, (1 << 64) - 1, 32, 64, 31))
        if at == 0:
            info[0] = rng.choice(("", rng.choice(infos)[0], "\n# x", "blk.9999.attn_q.weight"))
        elif at == 1:
            info[1] = rng.choice(([], [wild], [*info[1], wild], [wild] * 9, info[1][::-1]))
        else:
            info[at] = wild
    elif kind < 0.9:
        wild = (0, 1, 11, 17, 1 << 20, 1 << 40, (1 << 64) - 1)
        counts = rng.choice(wild), rng.choice(wild)
    file = _gguf(settings, infos, data, counts)
    return {"model.gguf": broken_bytes(rng, file) if kind >= 0.9 or rng.random() < 0.15 else file}


def read_gguf_model(folder: Path) -> None:
    path = folder / "model.gguf"
    found = read_gguf(path)
    for name in found.tensors:
        found.tensor(name)
    use(load(path))


def read_gguf_tokenizer(folder: Path) -> None:
    encode(from_gguf(read_gguf(folder / "model.gguf").metadata))


def whole_index() -> list[Files]:
    return [_sharded(_index())]


def whole_gguf() -> list[Files]:
    return [{"model.gguf": _gguf(seeds.GGUF_SETTINGS, *_gguf_parts())}]
