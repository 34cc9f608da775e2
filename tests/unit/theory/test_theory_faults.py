"""Faulty theory files: every fault of a file is named in one error, with file and entry."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from trustsem.resources import package_data
from trustsem.theory import TheoryError, load_theory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(package_data("theory", "data"), tmp_path / "data"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(TheoryError) as caught:
        load_theory(folder).check()
    return caught.value.faults or (caught.value.message,)


@pytest.mark.parametrize(
    ("name", "old", "new", "phrase"),
    [
        ("constructs.toml", "short = 'hq'", "shrt = 'hq'", "Did you mean 'short'"),
        ("constructs.toml", "short = 'hq'", "short = 'iq'", "used twice"),
        ("constructs.toml", "name.zh = '医学人文素养'", "", "'name.zh'"),
        ("constructs.toml", "basis = 'stated'", "basis = 'statd'", "Did you mean 'stated'"),
        ("constructs.toml", "level = 'interpersonal'", "level = 'personal'", "unknown level"),
        ("stations.toml", "adherence = ['outcome', ", "adherence = [", "9 cells, not 10"),
        ("concepts.toml", "inpatient = [", "humanistic_quality = [", "defined twice"),
        ("concepts.toml", "'basis', 'en'", "'en', 'basis'", "must be kind"),
        ("paths.toml", "'humanistic_quality', 'inter", "'humanistic_qualty', 'inter", "'humanistic_quality'"),
        ("paths.toml", "'H1']", "'H99']", "unknown hypothesis 'H99'"),
        ("paths.toml", "['feedback', 'int", "['feedbak', 'int", "unknown path group"),
        ("levers.toml", "conflict -'", "conflct -'", "Did you mean 'conflict'"),
        ("levers.toml", "'public_opinion +'", "'public_opinion'", "not of the form"),
        ("hypotheses.toml", "technique -> trust_rational +", "technique => trust_rational +", "not of the form"),
        ("hypotheses.toml", "technique -> trust_rational +", "technik -> trust_rational +", "Did you mean 'technique'"),
        ("hypotheses.toml", "interpersonal_trust -> adherence +", "interpersonal_trust -> adherence", "not of"),
        ("hypotheses.toml", "moderated = ['conflict -> trust']", "moderated = ['conflict -> age']", "not one of"),
        (
            "hypotheses.toml",
            "clinician_sincerity -> interpersonal_trust +",
            "emotional_communication -> interpersonal_trust -",
            "contradicts",
        ),
    ],
)  # fmt: skip
def test_a_fault_names_file_entry_and_what(folder, name, old, new, phrase):
    edit(folder, name, old, new)
    found = faults_of(folder)
    assert any(phrase in fault for fault in found), found
    assert all(".toml" in fault for fault in found)


def test_all_faults_of_a_file_come_at_once(folder):
    edit(folder, "hypotheses.toml", "technique -> trust_rational +", "technik -> trust_rational +")
    edit(folder, "hypotheses.toml", "source = 'harmony'", "source = 'harmny'")
    edit(folder, "hypotheses.toml", "basis = 'cited'", "basis = 'guess'")
    assert len(faults_of(folder)) == 3


def test_broken_toml_and_missing_file(folder):
    edit(folder, "paths.toml", "rows = [", "rows = (")
    assert "paths.toml" in faults_of(folder)[0]
    (folder / "paths.toml").unlink()
    load_theory.cache_clear()
    assert "missing" in faults_of(folder)[0]
