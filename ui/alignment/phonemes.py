"""CMUdict's phonemes for readers who do not know their names: IPA, and a word that has them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ui.i18n import _
from ui.inert import inert

# The dictionary's marks of stress are left out, so AH is both ʌ and ə, and ER both ɝ and ɚ.
SOUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AA": ("ɑ", "father"),
        "AE": ("æ", "cat"),
        "AH": ("ʌ", "but"),
        "AO": ("ɔ", "saw"),
        "AW": ("aʊ", "cow"),
        "AY": ("aɪ", "my"),
        "B": ("b", "bee"),
        "CH": ("tʃ", "chin"),
        "D": ("d", "dog"),
        "DH": ("ð", "this"),
        "EH": ("ɛ", "bed"),
        "ER": ("ɝ", "bird"),
        "EY": ("eɪ", "day"),
        "F": ("f", "foot"),
        "G": ("ɡ", "go"),
        "HH": ("h", "hat"),
        "IH": ("ɪ", "sit"),
        "IY": ("i", "see"),
        "JH": ("dʒ", "joy"),
        "K": ("k", "key"),
        "L": ("l", "leg"),
        "M": ("m", "man"),
        "N": ("n", "no"),
        "NG": ("ŋ", "sing"),
        "OW": ("oʊ", "boat"),
        "OY": ("ɔɪ", "boy"),
        "P": ("p", "pen"),
        "R": ("ɹ", "red"),
        "S": ("s", "sun"),
        "SH": ("ʃ", "shoe"),
        "T": ("t", "tea"),
        "TH": ("θ", "thin"),
        "UH": ("ʊ", "book"),
        "UW": ("u", "blue"),
        "V": ("v", "van"),
        "W": ("w", "we"),
        "Y": ("j", "yes"),
        "Z": ("z", "zoo"),
        "ZH": ("ʒ", "vision"),
    }
)


def ipa(spoken: Iterable[str]) -> str:
    """Phonemes as the letters of the International Phonetic Alphabet; what is no phoneme is left
    out."""
    return "/" + "".join(SOUNDS[name][0] for name in spoken if name in SOUNDS) + "/"


def key(spoken: Iterable[str]) -> str:
    """What each of these phonemes sounds like, as Markdown."""
    return " · ".join(
        _("**{phoneme}** {ipa} as in *{word}*").format(
            phoneme=inert(name), ipa=ipa([name]), word=SOUNDS[name][1]
        )
        for name in dict.fromkeys(spoken)
        if name in SOUNDS
    )
