"""The rules that keep the house in order."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
RUNS_CODE = {"pickle", "marshal", "shelve", "joblib", "dill"}
LAYERS = ("model", "tokenizers", "charts", "experiments", "ui")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, with their full names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_layers_use_only_what_lies_below_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_entry_point_stays_small() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) <= 35


def test_no_script_lies_directly_in_pages() -> None:
    # It would wake Streamlit's older router, which opens deep links without app.py.
    assert list((ROOT / "pages").glob("*.py")) == []


@pytest.mark.parametrize("page", sources("pages"), ids=lambda path: path.stem)
def test_pages_leave_the_maths_and_the_drawing_to_others(page: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(page)}
    assert tops.isdisjoint({"torch", "numpy", "plotly", "pages"})


def test_every_fragment_takes_turns() -> None:
    users = [file for file in sources("ui", "pages") if "st.fragment" in file.read_text("utf-8")]
    assert [str(file.relative_to(ROOT)) for file in users] == ["ui/fragment.py"]


def test_nothing_can_run_code_from_a_checkpoint() -> None:
    faults = []
    for file in sources(*LAYERS, "pages"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        tops = {name.partition(".")[0] for name in imported(file)}
        faults += [(file, name) for name in tops & RUNS_CODE]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if (node.value.id, node.attr) in {("torch", "load"), ("torch", "hub")}:
                    faults.append((file, f"{node.value.id}.{node.attr}"))
            elif isinstance(node, ast.Name) and node.id in {"eval", "exec", "__import__"}:
                faults.append((file, node.id))
    assert faults == []


def test_our_packages_win_over_installed_ones_of_the_same_name() -> None:
    for name in LAYERS:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        assert Path(spec.origin).is_relative_to(ROOT / name)


def formats_a_number(node: ast.AST) -> TypeGuard[ast.FormattedValue]:
    """Whether this is a gap of an f-string that writes a number of any size, as {x:.3f} does."""
    if not isinstance(node, ast.FormattedValue) or not isinstance(node.format_spec, ast.JoinedStr):
        return False
    spec = node.format_spec.values[-1]
    return isinstance(spec, ast.Constant) and str(spec.value)[-1:] in set("eEfFgG%")


def test_numbers_are_written_in_one_place_which_knows_those_that_overflowed() -> None:
    faults = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources("ui", "charts", "pages")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if formats_a_number(node)
    ]
    assert faults == []
