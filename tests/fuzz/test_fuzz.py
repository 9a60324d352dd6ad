"""A derandomised share of the campaign, and that the campaign would notice."""

import json
import sys
import time
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model import ModelError
from tests.fuzz import faulty, guard
from tests.fuzz.campaign import Work, campaign
from tests.fuzz.mutations import Raw, Twice, broken_tree, dump
from tests.fuzz.readers import READERS, Reader, read_case
from ui import heap
from ui.quoted import JOINER, code, quoted

SHARE = 150  # cases of each reader


@pytest.mark.parametrize("name", READERS)
def test_a_reader_ends_in_a_value_or_its_own_error(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    for files in reader.whole():
        assert read_case(reader, files, tmp_path) is None
    for number in range(SHARE):
        outcome = guard.run(reader, guard.case(reader, number), tmp_path)
        assert outcome.end != "defect", f"case {number}: {outcome.what}"


@settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(max_size=60))
@pytest.mark.parametrize("name", [name for name in READERS if name.startswith("text into")])
def test_any_text_has_tokens(name: str, tmp_path: Path, text: str) -> None:
    files = {"text": text.encode(errors="surrogatepass")}
    assert read_case(READERS[name], files, tmp_path) is None


@given(st.text(max_size=300))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_what_is_quoted_is_one_line_of_print(text: str) -> None:
    for shown in (quoted(text), code(text)):
        assert shown.replace(JOINER, "").isprintable() and len(shown) <= 3_000
        shown.encode()


def test_a_case_is_made_again_from_its_number() -> None:
    for reader in READERS.values():
        for number in (0, 10**6, 10**6 + 1):
            assert guard.case(reader, number) == guard.case(reader, number)


def test_a_broken_tree_is_another_and_leaves_the_first_alone() -> None:
    tree = {"a": [1, {"b": "c"}], "d": None, "e": {"f": 1.5}}
    before = json.dumps(tree)
    broken = [dump(broken_tree(Random(seed), tree)) for seed in range(200)]
    assert json.dumps(tree) == before
    assert len(set(broken)) > 100


def test_what_python_would_not_write() -> None:
    tree = {"a": Raw(b"NaN"), "b": Twice((("k", 1), ("k", "\ud800"))), "c": [True]}
    assert dump(tree) == b'{"a":NaN,"b":{"k":1,"k":"\\ud800"},"c":[true]}'


def _faulty(read: object) -> Reader:
    assert callable(read)
    return Reader("faulty", lambda _rng: {}, read, list, (ModelError,))


def _hang(_folder: Path) -> None:
    time.sleep(30)


def _toil(_folder: Path) -> None:
    while True:
        pass


def _swallow(_folder: Path) -> None:
    bytes(1 << 28)
    bytearray(b"x" * (100 << 20))


def _refuse_in_a_novel(_folder: Path) -> None:
    raise ModelError("from-the-future", "a\n" * 2_000)


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (lambda _folder: {}["key"], "KeyError"),
        (lambda _folder: [].append(*"ab"), "TypeError"),
        (_hang, "TooSlow"),
        (_toil, "TooSlow"),
        (_swallow, "takes"),
        (lambda folder: (folder / "absent").read_bytes(), "FileNotFoundError"),
    ],
)
def test_the_guard_notices(
    read: object, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SECONDS", 0.3)
    monkeypatch.setattr(guard, "PATIENCE", 3.0)
    heap.give_back()  # what earlier tests freed would serve instead of new memory
    outcome = guard.run(_faulty(read), {}, tmp_path)
    assert outcome.end == "defect"
    assert what in outcome.what


def test_an_error_that_nobody_can_read_is_a_defect(tmp_path: Path) -> None:
    assert guard.run(_faulty(_refuse_in_a_novel), {}, tmp_path).end == "refused"


@pytest.mark.parametrize(
    ("work", "what"), [(faulty.dying, "the process ended with -9"), (faulty.hanging, "hangs")]
)
def test_a_campaign_goes_on_behind_a_case_that_takes_the_process_along(
    work: Work, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A new process first runs what counts as the main module: tests of pages leave a page there.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    tally = campaign("any", 0, 3, work, patience=2.0)
    assert tally.defects == {what: [1]}
    assert tally.ends == {"value": 2, "defect": 1}
