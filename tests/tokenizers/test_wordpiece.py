"""WordPiece and BERT's cleaning, worked by hand."""

import pytest

from tokenizers.normalizers import BertNormalizer, nfc
from tokenizers.pretokenizers import bert_words
from tokenizers.wordpiece import WordPiece, longest_matches

ENTRIES = ("[UNK]", "un", "##aff", "##able", "##a", "##f", "aff", "unaff", "a")
VOCABULARY = {entry: id for id, entry in enumerate(ENTRIES)}


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("unaffable", ["unaff", "##able"]),  # the longest start, not "un"
        ("affa", ["aff", "##a"]),
        ("una", ["un", "##a"]),
        ("a", ["a"]),
        ("ab", None),  # "a" fits, nothing goes on with "b"
        ("b", None),
        ("", []),
    ],
)
def test_longest_matches(word: str, pieces: list[str] | None) -> None:
    assert longest_matches(word, VOCABULARY, "##", longest=6) == pieces


def test_a_word_is_unknown_as_a_whole() -> None:
    model = WordPiece(VOCABULARY, longest_word=5)
    assert model("una") == (1, 4)
    assert model("unb") == (0,)
    assert model("aaaaa") == (8, 4, 4, 4, 4)
    assert model("aaaaaa") == (0,)  # longer than it looks at


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Café\tNaïve\r\n", "cafe naive  "),
        ("a\0b\ufffdc\u200bd\x7fe\U000f0000f", "abcdef"),
        ("中文a", " 中  文 a"),
        # Decomposed, kana loses its voicing mark and a Hangul syllable falls into its letters.
        ("が한", "か\u1112\u1161\u11ab"),
        ("ΑΣ", "ασ"),  # not the final form
        ("İ", "i"),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert BertNormalizer()(text) == cleaned


def test_accents_follow_lowercasing_unless_told() -> None:
    assert BertNormalizer(lowercase=False)("Él") == "Él"
    assert BertNormalizer(lowercase=False, strip_accents=True)("Él") == "El"
    assert BertNormalizer(strip_accents=False)("Él") == "él"


def test_each_switch_alone() -> None:
    off = BertNormalizer(clean_text=False, handle_chinese_chars=False, lowercase=False)
    assert off("\0 A中é\t") == "\0 A中é\t"


def test_words() -> None:
    assert bert_words("don't\u3000stop… $5 x_y — [a]") == [
        *("don", "'", "t", "stop", "…", "$", "5", "x", "_", "y", "—", "[", "a", "]")
    ]
    assert bert_words(" \n\u2028") == []


def test_classes_do_not_follow_the_interpreter() -> None:
    assert bert_words("a\u2e4fb") == ["a\u2e4fb"]  # punctuation since Unicode 12
    assert bert_words("a\u166db") == ["a", "\u166d", "b"]  # punctuation until Unicode 12
    assert BertNormalizer()("a\u1ac0") == "a\u1ac0"  # a mark since Unicode 13


def test_newer_marks_stay_where_they_are() -> None:
    assert nfc("e\u0301") == "é"
    assert nfc("e\u1ac0\u0301") == "e\u1ac0\u0301"
    assert nfc("\U00011935\U00011930") == "\U00011935\U00011930"
