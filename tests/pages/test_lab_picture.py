"""What the lab hands to its viewer: the steps of a head in pairs, and a head that is off."""

from typing import Any

import numpy as np
import pytest

from charts.viewer import component
from charts.viewer.payload import unpack
from tests.pages.test_lab import lab, said

Views = dict[str, tuple[dict[str, Any], list[np.ndarray]]]
TEXT = "The capital of France is [MASK] ."


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> Views:
    """What each view was last sent, as the browser sees it."""
    sent: Views = {}
    mount = component._mount

    def keep(**given: Any) -> Any:
        sent[given["key"]] = unpack(given["data"])
        return mount(**given)

    monkeypatch.setattr(component, "_mount", keep)
    return sent


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_step_is_a_pair_on_one_scale(language: str, views: Views) -> None:
    app = lab(
        language, section="pipeline", text=TEXT, layer="1", head="1", tied="false", scaled="false"
    )
    assert not app.exception
    header, arrays = views["pipeline"]
    assert header["across"] == 2  # native on the left, its variant beside it
    panels = header["panels"]
    pairs = list(zip(panels[::2], panels[1::2], strict=True))
    assert len(pairs) == 5
    largest = []
    for native, variant in pairs:
        step, of = native["title"].rsplit(" · ", 1)
        assert (native["title"] != variant["title"]) and variant["title"].startswith(f"{step} · ")
        assert of == {"en": "Native", "zh": "原生"}[language]
        sizes = [float(np.abs(arrays[panel["cells"]]).max()) for panel in (native, variant)]
        assert native["high"] == variant["high"] == pytest.approx(max(sizes))
        largest.append(sizes)
    # the second step is the one that the switch changed: on scales of their own they look alike
    assert largest[1][1] > 2 * largest[1][0]


def test_without_a_variant_each_step_stands_alone(views: Views) -> None:
    lab(section="pipeline", text=TEXT, layer="1", head="1", scaled="true")
    header, _arrays = views["pipeline"]
    assert header["across"] is None
    assert len(header["panels"]) == 5
    assert not any("Native" in panel["title"] for panel in header["panels"])


@pytest.mark.parametrize(
    ("language", "variant", "line"),
    [
        ("en", "Variant: off, writes 0", "is switched off: its pattern stays, what it writes is 0"),
        ("zh", "变体：已关闭，写入 0", "已关闭：注意力图样不变，写入的是 0"),
    ],
)
def test_a_head_that_is_off_keeps_its_pattern_and_writes_nothing(
    language: str, variant: str, line: str, views: Views
) -> None:
    asked = {"section": "pipeline", "text": TEXT, "layer": "1", "ablated": "1.1", "scaled": "true"}
    app = lab(language, head="1", **asked)
    assert not app.exception
    assert line in said(app)
    header, arrays = views["viewer"]
    assert header["words"]["variant"] == variant
    native, other = (arrays[header[side]["1"]] for side in ("native", "variant"))
    assert np.array_equal(native, other)
    assert native.max() > 0
    header, arrays = views["pipeline"]
    handed_on = [arrays[panel["cells"]] for panel in header["panels"][-2:]]
    assert np.abs(handed_on[0]).max() > 0
    assert not handed_on[1].any()

    app = lab(language, head="0", **asked)  # its neighbour is on, and says nothing of the kind
    assert line not in said(app)
    header, arrays = views["viewer"]
    assert header["words"]["variant"] in ("Variant", "变体")
    header, arrays = views["pipeline"]
    assert all(np.abs(arrays[panel["cells"]]).max() > 0 for panel in header["panels"])
