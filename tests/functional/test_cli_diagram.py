"""`trustsem diagram` as its user calls it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest

from trustsem.cli.app import main

MODEL = ("diagram", "second_order_trust", "trust_patients")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_writes_a_picture_and_says_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "trust.svg"
    code, out, err = run(capsys, *MODEL, "--out", str(target), "--labels", "stars", "--theme", "auto")
    assert code == 0
    assert f"Written: {target}" in err
    assert "Interpersonal trust" in " ".join(out.split())
    picture = target.read_text(encoding="utf-8")
    assert ElementTree.fromstring(picture) is not None
    assert ".80***" in picture
    assert list(tmp_path.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_items_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "trust.svg"
    assert run(capsys, *MODEL, "--out", str(target), "--no-items")[0] == 0
    assert "ipt1" not in target.read_text(encoding="utf-8")


def test_page_needs_no_network_and_has_a_diagram_for_each_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "gap.html"
    assert run(capsys, "diagram", "perception_gap", "perception_gap", "-o", str(target))[0] == 0
    page = target.read_text(encoding="utf-8")
    assert page.count("<figure ") == 2
    assert "(patient)" in page
    assert "(clinician)" in page
    assert "<script src=" not in page
    assert 'id="figure-2"' in page


def test_groups_get_a_picture_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diagram", "perception_gap", "perception_gap", "-o", str(tmp_path / "gap.svg"), "--json")
    assert code == 0
    content = json.loads(out)
    assert content["schema"] == "trustsem.diagram/1"
    assert [Path(name).name for name in content["files"]] == ["gap-patient.svg", "gap-clinician.svg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gap-clinician.svg", "gap-patient.svg"]
    assert [one["group"] for one in content["diagrams"]] == ["patient", "clinician"]


def test_measurement_is_a_diagram_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "m.svg"
    assert run(capsys, *MODEL, "-o", str(target), "--measurement", "--lang", "zh")[0] == 0
    assert "人际信任" in target.read_text(encoding="utf-8")


def test_all_faults_at_once_and_nothing_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, *MODEL, "-o", str(tmp_path / "x.png"), "--labels", "beta", "--theme", "red", "--measurement", "--items"
    )
    assert code == 2
    assert out == ""
    for phrase in (".svg or .html", "est, std, ci or stars", "light, dark or auto", "leave out --items"):
        assert phrase in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/x.svg", "folder.svg"])
def test_places_that_cannot_be_written_are_refused_before_the_fit(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.svg").mkdir()
    code, _, err = run(capsys, "diagram", "second_order_trust", "no_such_sample", "-o", str(tmp_path / place))
    assert code == 2  # not 10: the data are not even looked for
    assert "cannot be written" in err or "is a folder" in err


def test_an_old_picture_survives_a_failed_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "old.svg"
    target.write_text("old", encoding="utf-8")
    code, _, err = run(capsys, "diagram", "trust_formation_recursive", "trust_patients", "-o", str(target), "--items")
    assert code == 2
    assert "--no-items" in err
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.svg"]


def test_page_cannot_adapt_to_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *MODEL, "-o", str(tmp_path / "x.html"), "--theme", "auto")
    assert code == 2
    assert "use light or dark" in err
