"""The recorded trainings are what training gives, and read back as they were."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from experiments import recorded
from experiments.live_training import Moment, Plan, Setting, marks, moments, outcome
from experiments.recorded import FOLDER, READY, recording

pytestmark = pytest.mark.usefixtures("one_core")

FIRST = 13  # moments: two examinations, and enough steps for a wrong one to show


def same(one: Moment, other: Moment, within: float) -> None:
    assert one.step == other.step
    for mine, theirs in zip(one.progress or (), other.progress or (), strict=True):
        assert mine.step == theirs.step
        assert mine.loss == pytest.approx(theirs.loss, rel=within)
        assert mine.rate == theirs.rate
        assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, rel=within)
    for mine, theirs in zip(one.looks or (), other.looks or (), strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=within)
        assert mine.right is not None and theirs.right is not None
        torch.testing.assert_close(mine.right, theirs.right, rtol=within, atol=within)
        torch.testing.assert_close(mine.attention, theirs.attention, rtol=within, atol=2e-3)


@pytest.mark.parametrize("name", READY)
def test_its_first_steps_are_those_of_a_training_now(name: str) -> None:
    written = recording(Plan(), READY[name])
    assert written is not None and len(written) == Plan().steps + 1
    # another processor adds in another order, which early steps do not yet make much of
    for step, now in zip(range(FIRST), moments(Plan(), READY[name]), strict=False):
        same(written[step], now, within=5e-3)


@pytest.mark.parametrize("name", READY)
def test_a_recording_holds_every_step_and_every_examination(name: str) -> None:
    written = recording(Plan(), READY[name])
    assert written is not None
    assert [moment.step for moment in written] == list(range(241))
    assert tuple(moment.step for moment in written if moment.looks) == marks(240)
    table = outcome(written)
    assert table["held_out"].notna().all() and table["step"].tolist() == [240, 240]
    for moment in written:
        for look in moment.looks or ():
            assert len(look.answers) == 8
            rows = look.attention.float().sum(-1)
            torch.testing.assert_close(rows, torch.ones_like(rows), rtol=0, atol=5e-3)


def test_a_written_training_reads_back_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, pair = Plan(layers=1, width=16, steps=4, batch=2), (Setting(warmup=1), Setting(warmup=0))
    monkeypatch.setattr(recorded, "READY", {"small": pair})
    monkeypatch.setattr(recorded, "Plan", lambda: plan)
    recorded.record("small", tmp_path)
    written = recording(plan, pair, tmp_path)
    assert written is not None
    for one, other in zip(written, moments(plan, pair), strict=True):
        assert (one.step, one.progress) == (other.step, other.progress)
        for mine, theirs in zip(one.looks or (), other.looks or (), strict=True):
            assert (mine.loss, mine.accuracy) == (theirs.loss, theirs.accuracy)
            assert mine.answers == theirs.answers
            assert torch.equal(mine.attention, theirs.attention)
            assert mine.right is not None and theirs.right is not None
            assert torch.equal(mine.right, theirs.right)


def test_other_settings_are_not_recorded() -> None:
    one, other = READY["warmup"]
    assert recording(replace(Plan(), seed=1), (one, other)) is None
    assert recording(Plan(), (one, replace(other, warmup=3))) is None
    assert recording(Plan(), (other, one)) is None


def test_the_command_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(READY)[1:]:
        (tmp_path / f"{name}.npz").write_bytes((FOLDER / f"{name}.npz").read_bytes())
    recorded.main([], tmp_path)
    first = next(iter(READY))
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [first]
    assert not list(tmp_path.glob("*.part*"))
    recorded.main([], tmp_path)
    assert not capsys.readouterr().out


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        recorded.main(["warm"], tmp_path)


def test_all_of_it_is_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 2**20
