"""Broken files of tokenizers, any text, and tokenizers that were accepted, put to use."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from model import load
from tests.fuzz import seeds
from tests.fuzz.mutations import broken_tree, dump, some_bytes
from tests.fuzz.seeds import Files
from tests.tokenizers.strings import hostile_strings
from tokenizers import Tokenizer, load_tokenizer

TEXTS = ("ab <s> <b>  abc\n12", "de|ab \ud800 é 😀 [CLS] ##b", "")


def encode(tokenizer: Tokenizer, texts: Sequence[str] = TEXTS) -> None:
    """Use a tokenizer that was accepted; what it says can be written as UTF-8."""
    known = set(tokenizer.vocabulary.values())
    for given in texts:
        ids, types = tokenizer.encode_with_types(given)
        assert len(ids) == len(types) <= 40 * len(given) + 200, "more tokens than text"
        assert known.issuperset(ids)
        for said in (*tokenizer.tokens(ids), tokenizer.decode(ids, skip_special=True)):
            said.encode()
    tokenizer.encode("a", "b")


def _tokenizer_json(rng: Random) -> Files:
    whole = rng.choice((seeds.BPE, seeds.WORDPIECE, seeds.SENTENCEPIECE))
    return {"tokenizer.json": dump(broken_tree(rng, whole))}


def make_tokenizer_json(rng: Random) -> Files:
    return some_bytes(rng, _tokenizer_json(rng), 0.15)


def make_vocab_txt(rng: Random) -> Files:
    lines = broken_tree(rng, seeds.VOCAB_TXT.split("\n"))
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    config = broken_tree(rng, seeds.TOKENIZER_CONFIG) if rng.random() < 0.6 else {}
    files = {
        "vocab.txt": text.encode(errors="surrogatepass"),
        "tokenizer_config.json": dump(config),
    }
    return some_bytes(rng, files, 0.3)


def make_merges(rng: Random) -> Files:
    vocabulary: Any = seeds.VOCAB_JSON
    lines: Any = seeds.MERGES_TXT.split("\n")
    config: Any = {
        "tokenizer_class": rng.choice(("GPT2Tokenizer", "Roberta", "Qwen2TokenizerFast"))
    }
    broken = rng.randrange(4)
    if broken == 0:
        vocabulary = broken_tree(rng, vocabulary)
    elif broken == 1:
        lines = broken_tree(rng, lines)
    elif broken == 2:
        config = broken_tree(rng, {**seeds.TOKENIZER_CONFIG, **config, "add_prefix_space": True})
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    files = {
        "vocab.json": dump(vocabulary),
        "merges.txt": text.encode(errors="surrogatepass"),
        "tokenizer_config.json": dump(config),
    }
    return some_bytes(rng, files, 1.0 if broken == 3 else 0.1)


def make_symbols(rng: Random) -> Files:
    kind = rng.choice(("characters", "spaced"))
    symbols = broken_tree(rng, {**seeds.SYMBOLS, "kind": kind})
    return some_bytes(rng, {"symbols.json": dump(symbols)}, 0.2)


def read_tokenizer(folder: Path) -> None:
    encode(load_tokenizer(folder))


def whole_tokenizers() -> list[Files]:
    return [
        {"tokenizer.json": dump(one)} for one in (seeds.BPE, seeds.WORDPIECE, seeds.SENTENCEPIECE)
    ]


def whole_vocab_txt() -> list[Files]:
    config = dump(seeds.TOKENIZER_CONFIG)
    return [{"vocab.txt": seeds.VOCAB_TXT.encode(), "tokenizer_config.json": config}]


def whole_merges() -> list[Files]:
    vocabulary, merges = dump(seeds.VOCAB_JSON), seeds.MERGES_TXT.encode()
    return [{"vocab.json": vocabulary, "merges.txt": merges}]


def make_text(rng: Random) -> Files:
    """Pasted together from hostile pieces; sometimes as long as a page lets it be."""
    pieces = list(hostile_strings(400 + rng.randrange(1, 6), seed=rng.randrange(1 << 32)))[400:]
    pieces += [rng.choice(("a", " ", "\u0301", "ab", "\ud800", "￾", "##", "'", "😀", "1"))]
    kind = rng.random()
    if kind < 0.3:
        pieces = [chr(rng.randrange(0x110000)) for _ in range(rng.randrange(1, 60))]
    elif kind < 0.35:
        piece = rng.choice(pieces) or "a"
        pieces = [piece * (20_000 // len(piece))]
    return {"text": "".join(pieces)[:20_000].encode(errors="surrogatepass")}


def text_reader(name: str) -> Callable[[Path], None]:
    held: dict[str, Tokenizer] = {}

    def read(folder: Path) -> None:
        if not held:
            held[name] = load(name).tokenizer
        text = (folder / "text").read_bytes().decode(errors="surrogatepass")
        encode(held[name], (text,))

    return read
