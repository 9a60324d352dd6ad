"""Hugging Face's own library, run by itself: ``python -I tokenizers_reference.py JOB ANSWER``.

Both arguments are JSON files. The job names a tokenizer and holds texts; the answer holds what the
library makes of them. It may also be asked to write small tokenizers for others to read.
"""

import json
import os
import sys
import time
from pathlib import Path

from tokenizers import (
    AddedToken,
    BertWordPieceTokenizer,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + REST
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + REST


def byte_level(**options):
    return pre_tokenizers.ByteLevel(**{"add_prefix_space": False, **options})


def split_by(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(use_regex=False)]
    )


def trained(corpus, specials, pre_tokenizer, normalizer=None, **model):
    """A byte-level BPE of 600 entries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    state = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in state["merges"]]
    tokenizer.model = models.BPE(state["vocab"], merges, **model)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def ids(tokenizer, *tokens):
    vocabulary = tokenizer.get_vocab()
    return [(token, vocabulary[token]) for token in tokens]


def gpt2(corpus):
    tokenizer = trained(corpus, ["<|endoftext|>"], byte_level())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def smollm(corpus):
    digits = pre_tokenizers.Digits(individual_digits=True)
    steps = pre_tokenizers.Sequence([digits, byte_level()])
    return trained(corpus, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], steps)


def roberta(corpus):
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    prefixed = byte_level(add_prefix_space=True)
    tokenizer = trained(corpus, specials, prefixed, unk_token="<unk>")
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    start, end = ids(tokenizer, "<s>", "</s>")
    tokenizer.post_processor = processors.RobertaProcessing(end, start)
    return tokenizer


def llama3(corpus):
    specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    tokenizer = trained(corpus, specials, split_by(LLAMA3), ignore_merges=True)
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A",
                pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                special_tokens=ids(tokenizer, "<|begin_of_text|>"),
            ),
        ]
    )
    # Entries that no merge leads to, as ignore_merges is there for.
    state = json.loads(tokenizer.to_str())
    for word in ("Ġtokenizer", "Transformer", "ä¸Ńæĸĩ"):
        state["model"]["vocab"].setdefault(word, len(state["model"]["vocab"]))
    return Tokenizer.from_str(json.dumps(state))


def qwen2(corpus):
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = trained(corpus, specials, split_by(QWEN2), normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def llama2(corpus):
    """SentencePiece-like BPE: "▁" for a space, bytes for characters that are no entries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(
        vocab_size=900, limit_alphabet=200, special_tokens=specials, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    state = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in state["merges"]]
    model = models.BPE(state["vocab"], merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=ids(tokenizer, "<s>")
    )
    return tokenizer


def llama2_across(corpus):
    """The same with merges that reach over the end of a word."""
    state = json.loads(llama2(corpus).to_str())
    vocabulary, merges = state["model"]["vocab"], state["model"]["merges"]
    for left, right in (("e", "▁"), ("e▁", "t"), ("s", "▁t"), ("▁", "▁"), ("▁▁", "▁▁")):
        vocabulary.setdefault(left + right, len(vocabulary))
        merges.insert(5, [left, right])
    merges.sort(key=lambda pair: len("".join(pair)))
    return Tokenizer.from_str(json.dumps(state))


def added(corpus):
    """Added tokens with every flag, some of which only exist in normalised text."""
    tokenizer = qwen2(corpus)
    flags = ("lstrip", "rstrip", "single_word", "normalized")
    for number in range(16):
        chosen = {flag: bool(number >> bit & 1) for bit, flag in enumerate(flags)}
        special = number % 3 == 0
        tokenizer.add_tokens([AddedToken(f"<t{number}>", special=special, **chosen)])
        tokenizer.add_tokens([AddedToken(f"word{number}", special=special, **chosen)])
    tokenizer.add_tokens(
        [AddedToken("caf\u00e9", normalized=True), AddedToken("<t1", normalized=False)]
    )
    tokenizer.add_tokens([AddedToken("ne\u0301e", normalized=False), AddedToken(" spaced ")])
    return tokenizer


def bert_cased(corpus):
    """WordPiece of its own training, cased, accents stripped, BertProcessing."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=800, special_tokens=specials, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    state = json.loads(tokenizer.to_str())
    state["model"]["max_input_chars_per_word"] = 20
    tokenizer = Tokenizer.from_str(json.dumps(state))
    end, start = ids(tokenizer, "[SEP]", "[CLS]")
    tokenizer.post_processor = processors.BertProcessing(end, start)
    tokenizer.add_tokens([AddedToken("Yesterday", normalized=True)])
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


SMALL = (gpt2, smollm, roberta, llama2, llama2_across, llama3, qwen2, added, bert_cased)


def write_small(job):
    for make in SMALL:
        folder = Path(job["folder"], make.__name__)
        folder.mkdir()
        tokenizer = make(job["corpus"])
        tokenizer.save(str(folder / "tokenizer.json"))
        tokenizer.model.save(str(folder))


def from_gguf(tokens, merges, special):
    """SmolLM2's pipeline around the vocabulary that its GGUF file carries."""
    vocabulary = {token: id for id, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs))
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level()])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    return tokenizer


def from_vocab_txt(path, lowercase):
    wordpiece = BertWordPieceTokenizer(path, lowercase=lowercase)
    return Tokenizer.from_str(wordpiece.to_str())


SOURCES = {"file": Tokenizer.from_file, "gguf": from_gguf, "vocab_txt": from_vocab_txt}


def encode(job):
    tokenizer = SOURCES[job["source"]](**job["arguments"])
    tokenizer.no_padding()
    tokenizer.no_truncation()
    start = time.perf_counter()
    encodings = tokenizer.encode_batch(job["texts"])
    seconds = time.perf_counter() - start
    plain = tokenizer.encode_batch(job["texts"][:1000], add_special_tokens=False)
    pairs = tokenizer.encode_batch([tuple(pair) for pair in job.get("pairs", [])])
    ids = [encoding.ids for encoding in encodings]
    some = ids[:3000]
    return {
        "seconds": seconds,
        "ids": ids,
        "plain": [encoding.ids for encoding in plain],
        "decoded": tokenizer.decode_batch(some, skip_special_tokens=False),
        "skipped": tokenizer.decode_batch(some, skip_special_tokens=True),
        "pairs": [encoding.ids for encoding in pairs],
        "types": [encoding.type_ids for encoding in pairs],
        "scattered": [
            tokenizer.decode(some, skip_special_tokens=False) for some in job.get("scattered", [])
        ],
    }


def by_folder(job):
    """What the model library's AutoTokenizer makes of whole folders, by all files in them; None
    for a folder that it refuses."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    from transformers import AutoTokenizer

    answers = []
    for folder in job["folders"]:
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
        except ValueError:
            answers.append(None)
            continue
        texts = [tokenizer(text)["input_ids"] for text in job["texts"]]
        pairs = [tokenizer(*pair)["input_ids"] for pair in job["pairs"]]
        answers.append({"ids": texts, "pairs": pairs})
    return answers


if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    if "folders" in job:
        answer = by_folder(job)
    else:
        answer = encode(job) if "source" in job else write_small(job)
    Path(sys.argv[2]).write_text(json.dumps(answer), "utf-8")
