"""Merging, worked by hand and against a slow, plain way of doing it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenizers.alphabet import ALPHABET, readable, to_bytes, to_symbols
from tokenizers.bpe import ByteLevelBPE, Merge, Pair, apply_merges, ranked

MERGES = [("l", "o"), ("lo", "w"), ("e", "r"), ("e", "s"), ("es", "t"), ("w", "er")]


def test_a_word_by_hand() -> None:
    steps: list[Merge] = []
    assert apply_merges("lowest", ranked(MERGES), steps) == ["low", "est"]
    assert steps == [
        Merge(0, 0, "l", "o"),
        Merge(1, 0, "lo", "w"),
        Merge(3, 3, "e", "s"),
        Merge(4, 3, "es", "t"),
    ]


def test_an_earlier_merge_takes_the_symbol_from_a_later_one() -> None:
    # "w er" would need the w that "lo w" has joined already.
    assert apply_merges("lower", ranked(MERGES)) == ["low", "er"]
    assert apply_merges("wer", ranked(MERGES)) == ["wer"]


def test_leftmost_first() -> None:
    assert apply_merges("aaaaa", ranked([("a", "a")])) == ["aa", "aa", "a"]
    assert apply_merges("aaaaa", ranked([("a", "a"), ("aa", "a")])) == ["aa", "aaa"]


def test_of_a_pair_listed_twice_the_later_place_counts() -> None:
    assert apply_merges("abc", ranked([("a", "b"), ("b", "c"), ("a", "b")])) == ["a", "bc"]


def plain_merges(symbols: list[str], ranks: dict[Pair, int]) -> list[str]:
    """Looks through the whole word before every merge."""
    while True:
        pairs = list(pairwise(symbols))
        known = [(ranks[pair], at) for at, pair in enumerate(pairs) if pair in ranks]
        if not known:
            return symbols
        _, at = min(known)
        symbols = [*symbols[:at], symbols[at] + symbols[at + 1], *symbols[at + 2 :]]


letters = st.text("abc", max_size=40)
pairs = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=3), st.text("abc", min_size=1, max_size=3)),
    max_size=25,
)


@given(letters, pairs)
def test_any_merges_of_any_word(word: str, merges: list[Pair]) -> None:
    steps: list[Merge] = []
    joined = apply_merges(word, ranked(merges), steps)
    assert joined == plain_merges(list(word), ranked(merges))
    assert "".join(joined) == word
    assert len(joined) == len(word) - len(steps)
    for step in steps:
        assert word.startswith(step.left + step.right, step.at)
        assert merges[step.rank] == (step.left, step.right)


def test_alphabet() -> None:
    assert len(set(ALPHABET)) == 256
    assert all(char.isprintable() and not char.isspace() for char in ALPHABET)
    assert to_symbols(" the\n") == "ĠtheĊ"
    assert to_symbols("é") == "Ã©"
    assert to_bytes("ä¸Ń") == "中".encode()
    assert to_bytes("｜") == "｜".encode()  # outside the alphabet: text as it is


@given(st.binary())
def test_symbols_and_bytes_are_each_others_inverse(data: bytes) -> None:
    assert to_bytes("".join(ALPHABET[byte] for byte in data)) == data


@given(st.text())
def test_whole_characters_are_readable(text: str) -> None:
    assert readable(text.encode()) == text


def test_part_of_a_character_is_shown_as_bytes() -> None:
    assert readable("中".encode()[:2]) == "⟨e4 b8⟩"
    assert readable(b" a" + "é".encode()[1:] + "é".encode() + b"\xff\xfe") == " a⟨a9⟩é⟨ff fe⟩"


def test_unknown_bytes() -> None:
    vocabulary = {"a": 0, "b": 1, "ab": 2, "?": 3}
    assert ByteLevelBPE(vocabulary, [("a", "b")])("xxabx") == (2,)
    assert ByteLevelBPE(vocabulary, [("a", "b")], unknown="?")("xxabx") == (3, 3, 2, 3)
    fused = ByteLevelBPE(vocabulary, [("a", "b")], unknown="?", fuse_unknown=True)
    assert fused("xxabx") == (3, 2, 3)


def test_ignore_merges() -> None:
    vocabulary = {"a": 0, "b": 1, "ab": 2}
    assert ByteLevelBPE(vocabulary, [])("ab") == (0, 1)
    assert ByteLevelBPE(vocabulary, [], ignore_merges=True)("ab") == (2,)
