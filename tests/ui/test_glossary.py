"""One Chinese word for one concept, on all pages: what is written otherwise is a slip."""

import re
from pathlib import Path

import pytest

from ui import catalogue

ROOT = Path(__file__).parents[2]
PROSE = {path.name: path.read_text("utf-8") for path in ROOT.glob("pages/*/*.zh.md")}

# what must not occur → what stands in its place
SLIPS = {
    "得分": "分数 (score)",
    r"(?<![A-Za-z{])nats?(?![A-Za-z}])": "奈特 (nat)",
    r"前向(?!传播)": "前向传播 (pass)",
    "阴影": "斜纹 (hatched)",
    "汇聚": "注意力汇点 (attention sink; 汇聚 is pooling)",
    "静息": "不活跃 (at rest)",
    "学出来的表|学习到的位置表": "可学习的位置表 (learned table)",
    "记录带": "Tape",
    "甩到": "带到",
    "找到了波": "形成了波形",
}
# (a concept, where it must be named in full)
NAMED = ("多头注意力", "层归一化", "批归一化", "attention sink")


def chinese() -> dict[str, str]:
    """Everything that a Chinese reader reads, by where it stands."""
    texts = dict(PROSE)
    for message in catalogue.stored("zh"):
        if message.id:
            said = message.string or ""
            texts[str(message.id)] = said if isinstance(said, str) else "\n".join(said)
    return texts


@pytest.mark.parametrize("slip", SLIPS, ids=list(SLIPS.values()))
def test_a_concept_has_one_word(slip: str) -> None:
    found = [place for place, text in chinese().items() if re.search(slip, text)]
    assert found == [], f"write {SLIPS[slip]}"


@pytest.mark.parametrize("term", NAMED)
def test_what_a_reader_looks_for_is_named(term: str) -> None:
    assert any(term in text for text in PROSE.values())
