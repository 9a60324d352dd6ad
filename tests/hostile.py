"""Texts that try to be something else than text, and models whose vocabulary is made of them."""

import json
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file

from model.fresh import initialised
from model.weights.own import own_config
from tests.model.zoo import tiny

# Whatever of these is ever read as markup leaves a trace that the tests look for. Sixteen letters
# or fewer: an axis shortens longer ones, and nothing is harmless because it was cut.
TOKENS = (
    "<script>pwn()</script>",
    "</script>",
    "<img src=x onerror=pwn()>",
    "<svg/onload=pwn()>",
    '"onfocus="pwn()"autofocus="',
    "<iframe srcdoc='<script>parent.pwn()</script>'>",
    "<a href='javascript:pwn()'>evil</a>",
    '<a href="//e.x">',
    "<b>evil</b>",
    "<br>evil<sup>2</sup>",
    "[evil](javascript:pwn())",
    "![evil](//evil.x/i)",
    "https://evil.x/?a=b",
    "www.evil.x",
    "me@evil.x",
    "<https://evil.x>",
    "`evil`",
    "**evil**",
    "~~evil~~",
    "$evil^2$",
    "$$evil^2$$",
    ":red[evil]",
    ":red-badge[evil]",
    ":material/home:",
    ":smile:",
    ":streamlit:",
    "->evil--",
    "&lt;i&gt;evil",
    "&#60;b&#62;",
    "#000032",
    "{evil}",
    "{0.__class__}",
    "%(evil)s",
    '=HYPERLINK("//e.x")',
    "@SUM(1)",
    "+1+cmd|' /C'!A0",
    "-2+3",
    "\t=1+1",
    "\u202egnihton\u202c",
    "a\u200bb\ufeff",
    "👩‍👩‍👧‍👦",
    "Z̶̢̛͔a̷l̵g̸o̴",
    "\x00\x07\x1b[31m",
    "\r\r# evil",
    "\n\n![evil](//evil.x/i)",
    "'); pwn(); ('",
    '"""); pwn() #',
)
TEXT = "[MASK]" + "".join(TOKENS)

# What a folder's name may say.
ENCODER = '<img src=x onerror="pwn()"> [evil](javascript:pwn()) $evil^2$ :red[evil] www.evil.x'
DECODER = "<b>evil **evil** :material:home: `evil` me@evil.x =1+1 #000032 ![evil](x)"
BROKEN = "<svg onload=pwn()> ~~evil~~ :smile: {evil} %(evil)s"


def write_models(folder: Path) -> None:
    """An encoder that fills gaps, a decoder that writes, both with `TOKENS` in the vocabulary, and
    a folder that is no model; each with a name that tries to be markup."""
    letters = [chr(code) for code in range(33, 127)]
    basic = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*basic, *letters, *(f"##{letter}" for letter in letters), *TOKENS]
    encoder = tiny(vocab_size=len(vocabulary), d_model=16, context=512, head="mlm")
    decoder = replace(
        encoder, encoder_layers=0, decoder_layers=2, positions="rope", norm_place="pre", head="lm"
    )
    for name, shape in ((ENCODER, encoder), (DECODER, decoder)):
        path = folder / name
        path.mkdir()
        weights = initialised(shape, seed=0).state_dict()
        save_file(
            {key: weight.contiguous() for key, weight in weights.items()},
            path / "model.safetensors",
        )
        (path / "config.json").write_text(json.dumps(own_config(shape)))
        (path / "tokenizer.json").write_text(json.dumps(_tokenizer(basic, vocabulary)))
    (folder / BROKEN).mkdir()


def _tokenizer(special: list[str], vocabulary: list[str]) -> dict[str, object]:
    """WordPiece over letters; every hostile token stands whole in a text."""
    ids = {entry: id for id, entry in enumerate(vocabulary)}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": ids[entry], "content": entry, **flags, "special": entry in special}
            for entry in (*special, *TOKENS)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": {
            "type": "WordPiece",
            "vocab": ids,
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        },
    }
