"""The viewer's own modules, each asked alone, in the browser that runs them."""

import base64

import numpy as np
import pytest

from charts.viewer.component import HERE, SCRIPTS, bundle
from charts.viewer.payload import encode_bits, encode_cells, encode_signed, pack, unpack
from tests.charts.conftest import Evaluate

DECODE = """(viewer, text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    // An odd start: a message puts the blob anywhere.
    const odd = new Uint8Array(bytes.length + 3);
    odd.set(bytes, 3);
    const { header, arrays } = viewer.from_codec.decode(odd.subarray(3));
    // JSON, in which the answer travels, has no word for what is no number
    const spoken = (cell) => (Number.isNaN(cell) ? "overflowed" : cell);
    return [header.name, arrays.map(({ cells }) => Array.from(cells, spoken))];
}"""

LABEL = """(viewer, cell) => {
    const drawn = [];
    const context = { fillText: (text) => drawn.push(text), measureText: () => ({ width: 9 }) };
    const pen = { context, fitter: new viewer.from_text.Fitter(context) };
    const labels = Array.from({ length: 40 }, (_, n) => `t${n}`);
    const rows = { labels, axis: "Queries", thinned: "1 label in {step}", colour: "red" };
    const box = { x: 0, y: 0, height: 40 * cell, from: [0, 0], to: [40, 40] };
    const panel = { rows, gutter: 40 };
    viewer.from_axes.drawRowLabels(pen, { text: "black" }, panel, box, null);
    return [drawn.length, viewer.from_axes.axisName(rows, cell)];
}"""


def test_labels_that_are_left_out_are_said(evaluate: Evaluate):
    assert evaluate(LABEL, 14) == [40, "Queries"]
    assert evaluate(LABEL, 12) == [20, "Queries · 1 label in 2"]
    assert evaluate(LABEL, 4) == [10, "Queries · 1 label in 4"]


def test_decoding_gives_the_numbers_that_python_gets(evaluate: Evaluate):
    source = np.random.default_rng(0)
    weights = source.dirichlet(np.full(33, 0.2), 7).astype(np.float32)
    scores = source.normal(0, 4, (5, 6)).astype(np.float32)
    lost = scores.copy()
    lost[0, 0], lost[1, 2], lost[4, 5] = np.nan, np.inf, -np.inf
    stored = [
        encode_cells(weights, "f32", weights=True),
        encode_cells(weights, "u16", weights=True),
        encode_cells(weights, "u8", weights=True),
        encode_cells(scores, "u16"),
        encode_cells(scores, "u8"),
        encode_signed(scores),
        encode_bits(source.random((3, 7)) < 0.5),
        *(encode_cells(lost, code) for code in ("f32", "u16", "u8")),
        encode_cells(np.abs(lost), "u8", weights=True),
        encode_signed(lost),
    ]
    blob = pack({"name": "注意力 \U0001f431"}, stored)
    name, decoded = evaluate(DECODE, base64.b64encode(blob).decode())
    assert name == "注意力 \U0001f431"
    for here, there in zip(unpack(blob)[1], decoded, strict=True):
        cells = here.ravel().astype(float).tolist()
        assert [cell if cell == cell else "overflowed" for cell in cells] == there


def test_late_echoes_do_not_bring_back_what_was_left(evaluate: Evaluate):
    # The reader goes 0 → 1 → 2 → 3; the server answers 1, then 3, then moves to 5 by itself.
    seen = evaluate(
        """({ from_agreed }) => {
            const head = new from_agreed.Agreed(0);
            const seen = [];
            for (const n of [1, 2, 3]) head.set(n);
            for (const n of [1, 3, 3, 5]) {
                head.hear(n);
                seen.push(head.value);
            }
            head.set(4);
            head.hear(5);  // a server that does not follow overrules nobody
            seen.push(head.value);
            return seen;
        }"""
    )
    assert seen == [3, 3, 3, 5, 4]


@pytest.mark.parametrize(
    ("share", "kept"),
    [(0.5, [[0], [2, 1]]), (0.7, [[0, 1], [2, 1]]), (0.95, [[0, 1, 2], [1, 2, 0]]), (0, [[], []])],
)
def test_lines_are_the_smallest_set_that_carries_the_share(
    evaluate: Evaluate, share: float, kept: list[list[int]]
):
    # Row 0: 0.6, 0.3, 0.1. Row 1: 0.2, 0.4, 0.4 – equal weights, either may come first.
    found = evaluate(
        """({ from_lines }, share) => from_lines.strongest(
            new Float32Array([0.6, 0.3, 0.1, 0.2, 0.4, 0.4]), 2, 3, share)""",
        share,
    )
    if share == 0.5:
        assert found[0] == [0]
        assert len(found[1]) == 2
    else:
        assert [sorted(keys) for keys in found] == [sorted(keys) for keys in kept]


def test_numbers_show_only_the_digits_that_they_carry(evaluate: Evaluate):
    shown = evaluate(
        """({ from_text: { number } }) => [
            number(0.123456, {}), number(0, {}), number(0.00001234, {}), number(-0.5, {}),
            number(0.5, { signed: true }),
            number(0.1234, { uncertainty: 0.00004 }),
            number(0.1234, { uncertainty: 0.0004 }),
            number(0.1234, { uncertainty: 0.004 }),
            number(0.001, { uncertainty: 0.5 }),
            ...[NaN, Infinity, -Infinity].map((value) =>
                number(value, { words: { overflowed: "too large" }, uncertainty: 0 })),
        ]"""
    )
    assert shown == [
        *("0.1235", "0", "1.234e-5", "−0.5000"),
        *("+0.5000", "0.1234", "≈0.123", "≈0.12", "≈0.001"),
        *["too large"] * 3,
    ]


def test_tokens_are_made_visible_and_harmless(evaluate: Evaluate):
    tokens = ["a b", "\n", "\t", "", "\x1b", "\u202eevil", "x" * 500, "שלום", "👩‍👧"]
    shown = evaluate("({ from_text }, tokens) => tokens.map(from_text.visible)", tokens)
    assert shown[:6] == ["a␣b", "↵", "⇥", "∅", "⟨1b⟩", "⟨202e⟩evil"]
    assert shown[6] == "x" * 80 + "…"
    assert shown[7:] == ["שלום", "👩‍👧"]


@pytest.mark.parametrize(
    ("layers", "heads", "width", "blocks"),
    [(2, 2, 1100, 1), (6, 12, 1100, 1), (12, 12, 1100, 1), (30, 9, 1100, 3), (30, 9, 360, 1)],
)
def test_the_atlas_fits_its_width_and_finds_every_head(
    evaluate: Evaluate, layers: int, heads: int, width: int, blocks: int
):
    plan = evaluate(
        """({ from_atlas }, [layers, heads, width]) => {
            const plan = from_atlas.arrange(layers, heads, width);
            const found = [];
            let right = 0;
            for (let layer = 0; layer < layers; layer++) {
                for (let head = 0; head < heads; head++) {
                    const [x, y] = plan.place([layer, head]);
                    right = Math.max(right, x + plan.thumb);
                    found.push(plan.hit([x + plan.thumb / 2, y + plan.thumb / 2]));
                }
            }
            return { ...plan, found, right };
        }""",
        [layers, heads, width],
    )
    assert plan["blocks"] == blocks
    assert plan["right"] <= width
    assert 24 <= plan["thumb"] <= 72
    assert plan["found"] == [[layer, head] for layer in range(layers) for head in range(heads)]


def test_every_script_is_bundled_after_what_it_imports():
    assert sorted(SCRIPTS) == sorted(path.stem for path in (HERE / "js").glob("*.js"))
    text = bundle()
    for name in SCRIPTS[:-1]:
        assert text.index(f"from_{name}") == text.index(f"const from_{name} =") + len("const ")


BESIDE = """(viewer, name) => {
    const drawn = [];
    const nothing = () => {};
    const context = {
        save: nothing, restore: nothing, translate: nothing,
        rotate: () => drawn.push("turned"), fillText: (text) => drawn.push(text),
    };
    viewer.from_text.beside(context, name, 0, 0, 11);
    return drawn;
}"""


def test_a_chinese_name_of_rows_stands_upright_with_its_numbers(evaluate: Evaluate):
    assert evaluate(BESIDE, "层") == ["层"]
    assert evaluate(BESIDE, "查询（行） · 每 16 个标 1 个") == [
        *("查", "询", "︵", "行", "︶", "·", "每", "16", "个", "标", "1", "个")
    ]
    assert evaluate(BESIDE, "Queries · 1 label in 2") == ["turned", "Queries · 1 label in 2"]
