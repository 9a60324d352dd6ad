"""Texts that find the places where two tokenizers part ways, made from a seed."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence


def assigned(*ranges: tuple[int, int]) -> list[str]:
    """The characters of `ranges` that this interpreter's Unicode tables know, no surrogates.

    The reference's tables are newer: it calls some code points letters that are none yet here.
    """
    return [
        chr(point)
        for first, last in ranges
        for point in range(first, last + 1)
        if unicodedata.category(chr(point)) not in ("Cn", "Cs")
    ]


WORDS = [
    "the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "as", "with",
    "his", "they", "at", "be", "this", "from", "have", "or", "by", "one", "had", "not", "but",
    "what", "all", "were", "when", "we", "there", "can", "an", "your", "which", "their", "said",
    "if", "do", "will", "each", "about", "how", "up", "out", "them", "then", "she", "many",
    "some", "so", "these", "would", "other", "into", "more", "her", "two", "like", "him", "see",
    "time", "could", "make", "than", "first", "been", "its", "who", "now", "people", "made",
    "over", "did", "down", "only", "way", "find", "internationalization",
    "counterrevolutionaries", "antidisestablishmentarianism", "tokenizer", "Transformer",
    "don't", "we're", "I've", "he'd", "she'll", "it's", "I'm", "O'Neill", "rock'n'roll",
    "DON'T", "WE'RE", "co-operate", "e.g.", "U.S.A.",
]  # fmt: skip

CODE = [
    "def f(x: int) -> int:\n    return x ** 2\n",
    "for (int i = 0; i < n; ++i) { a[i] += b[i]; }",
    "SELECT * FROM `t` WHERE a <> 'b' AND c IS NOT NULL;",
    "\tif\t(x)\t{\r\n\t\ty();\r\n\t}\r\n",
    '<a href="https://example.org/?q=1&r=%20#top">link</a>',
    "https://user:pass@sub.example.co.uk:8080/a/b/c.html?x=y&z=%F0%9F%98%80#frag",
    "someone@example.com",
    "C:\\Users\\nobody\\Documents\\file (1).txt",
    '{"key": [1, 2.5e-10, null, true], "é": "\\u00e9"}',
    "$x^2 + \\frac{1}{2}$",
    "snake_case_name camelCaseName SCREAMING_CASE kebab-case-name",
    "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n",
]

SPECIAL_LOOKALIKES = [
    "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[mask]", "[ MASK ]", "[MASK", "MASK]",
    "[[MASK]]", "[CLS][SEP]", "<s>", "</s>", "<unk>", "<pad>", "<mask>", "<|endoftext|>",
    "<|im_start|>", "<|im_end|>", "<|im_start|", "<|IM_START|>", "<| endoftext |>",
    "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<repo_name>", "##ing",
    "## ing", "##", "Ġthe", "Ċ", "▁the", "▁", "a▁▁b", "<0x0A>", "</w>",
    "<tool>", "<tool>>", "<<tool>",
]  # fmt: skip

EMOJI = [
    "😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "🇨🇳🇺🇸", "🇩", "1️⃣", "❤️", "❤", "☃️", "🧑🏿‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "\u200d", "\ufe0f", "\ufe0e", "🏽", "©️", "™", "👁️‍🗨️",
]  # fmt: skip

WHITE_SPACE = [
    " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f",
    "\x85", "\xa0", "\u1680", "\u2000", "\u2003", "\u2007", "\u2009", "\u200a", "\u2028", "\u2029",
    "\u202f", "\u205f", "\u3000", " \n", "\n ", "\t ", " \u3000", "\u180e", "\u200b", "\ufeff",
]  # fmt: skip

CONTROLS = [
    "\0", "\x01", "\x07", "\x08", "\x1b[31m", "\x7f", "\x80", "\x9f", "\xad", "\u0600", "\u061c",
    "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
    "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\ufff9", "\ufffb", "\ufffc", "\ufffd",
    "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "\U000e0001", "\U000e0041", "\U0001d173",
    "\ufdd0", "\uffff", "\U0001ffff", "\U0010ffff", "\u0890", "\u08e2", "\U000110cd", "\U00013430",
]  # fmt: skip

CASES = [
    "İ", "ı", "İstanbul", "IJsselmeer", "ß", "ẞ", "STRASSE", "Straße", "ΌΣΟΣ", "ΣΊΣΥΦΟΣ", "ς", "Σ",
    "ΑΣ.", "ΑΣΑ", "ǅ", "Ǆ", "ǆ", "ŉ", "ﬁ", "ﬃ", "ſ", "'ſ", "'S", "'LL", "'Ve", "K", "Å", "Ω", "ϴ",
    "Ⅷ", "ⅷ", "Ⓐ", "ᾳ", "ᾼ", "ΐ", "ǰ", "ẖ", "Ꭰ", "ꭰ", "Ა", "ა", "𐐀", "𐐨", "𞤀", "Ÿ", "ÿ", "µ", "Ə",
]  # fmt: skip

COMPOSED = [
    "é", "e\u0301", "e\u0301\u0323", "e\u0323\u0301", "a\u0345\u0334", "ế", "ệ", "q\u0307\u0323",
    "Å", "\u212b", "가", "\u1100\u1161", "\u1100\u1161\u11a8", "각", "\u1112\u1161\u11ab", "한국어",
    "क़", "\u0915\u093c", "ড়", "\u0344", "\u0340", "\u0958", "\ufb1d", "שָׁלוֹם", "ก็", "ที่นี่",
    "\U0001d15e", "\u0f73", "\u0f81", "a\u08d4b", "a\u0345\u1ac0\u0334", "\U00011935\U00011930",
    "a\u0301\u08ca\u0334", "\u0dca", "\u1026", "\u1025\u102e", "\U000110a5\U000110ba",
    "o" + "\u0308\u0304\u0323\u0301" * 5, "Z\u0351\u036b\u0343\u0363\u036a\u0302\u036ba\u034bl",
]  # fmt: skip

SCRIPTS: Sequence[list[str]] = [
    assigned((0x41, 0x5A), (0x61, 0x7A)),
    assigned((0x30, 0x39)),
    assigned((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    assigned((0xA1, 0x24F)),
    assigned((0x300, 0x36F)),
    assigned((0x370, 0x52F)),
    assigned((0x531, 0x5F4)),
    assigned((0x600, 0x8FF)),
    assigned((0x900, 0xDFF)),
    assigned((0xE00, 0xFFF)),
    assigned((0x1000, 0x1CFF)),
    assigned((0x1D00, 0x20FF)),
    assigned((0x2100, 0x2BFF)),
    assigned((0x2C00, 0x2E7F)),
    assigned((0x2E80, 0x33FF)),
    assigned((0x3400, 0x9FFF)),
    assigned((0xA000, 0xABFF)),
    assigned((0xAC00, 0xD7FF)),
    assigned((0xF900, 0xFFFF)),
    assigned((0x10000, 0x107FF)),
    assigned((0x10800, 0x11FFF)),
    assigned((0x12000, 0x1CFFF)),
    assigned((0x1D000, 0x1FFFF)),
    assigned((0x20000, 0x3FFFF)),
    assigned(
        (0x660, 0x669), (0x966, 0x96F), (0x2070, 0x2089), (0xFF10, 0xFF19), (0x1D7CE, 0x1D7FF)
    ),
]

FIXED = [
    "",
    *WHITE_SPACE,
    *CONTROLS,
    *CASES,
    *COMPOSED,
    *EMOJI,
    *CODE,
    *SPECIAL_LOOKALIKES,
    "The quick brown fox jumps over the lazy dog.",
    "x" * 99, "x" * 100, "x" * 101, "x" * 103, "x" * 104, "é" * 100, "é" * 101,
    "a" * 10_000, "ab" * 5_000, "中" * 1_000, "😀" * 1_000, "e\u0301" * 1_000, "7" * 1_000,
    "!" * 1_000, " " * 1_000, " " * 999 + "x", "\n" * 1_000, "'s" * 500, "[MASK]" * 100,
    "".join(random.Random(1).choices("etaoinshrdlu", k=10_000)),
    "3.14159265358979323846264338327950288419716939937510",
    "北京是中华人民共和国的首都。\u3000你好，世界！",
    "これは日本語のテキストです。カタカナとひらがな。",
    "السلام عليكم ورحمة الله وبركاته ١٢٣",
    "สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง",
    "नमस्ते दुनिया १२३",
    "Здравствуй, мир! Ёлка. Ґанок",
    "\u202eright to left\u202c and back",
]  # fmt: skip


def _snippet(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.25:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, 6)))
    if kind < 0.60:
        script = rng.choice(SCRIPTS)
        return "".join(rng.choices(script, k=rng.randint(1, 8)))
    if kind < 0.70:
        return rng.choice(WHITE_SPACE)
    if kind < 0.75:
        return rng.choice(CONTROLS)
    if kind < 0.80:
        return rng.choice(SPECIAL_LOOKALIKES)
    if kind < 0.85:
        return rng.choice(CASES)
    if kind < 0.90:
        return rng.choice(COMPOSED)
    if kind < 0.95:
        return rng.choice(EMOJI)
    if kind < 0.97:
        return str(rng.randrange(10 ** rng.randint(1, 30)))
    return rng.choice(CODE)


def hostile_strings(count: int, seed: int = 0) -> Iterator[str]:
    """`count` different-looking texts, the hand-picked ones first; the same for the same seed."""
    rng = random.Random(seed)
    yield from FIXED[:count]
    for _ in range(count - len(FIXED)):
        text = rng.choice(["", " ", ""]).join(_snippet(rng) for _ in range(rng.randint(1, 6)))
        yield text[: rng.randint(1, 200)]


def every_character(width: int) -> Iterator[str]:
    """All characters that these Unicode tables know, `width` to a text, each between letters.

    Of the two planes for private use, whose characters are all alike, the first and the last.
    """
    characters = assigned(
        (0, 0xEFFFF), (0xF0000, 0xF000F), (0xFFFF0, 0x10000F), (0x10FFF0, 0x10FFFF)
    )
    for at in range(0, len(characters), width):
        yield "a" + "a".join(characters[at : at + width]) + "a"
