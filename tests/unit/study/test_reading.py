"""Malformed study files: every kind of fault has its message and its line, and all are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from trustsem.errors import StudyError
from trustsem.places import Places
from trustsem.report import FORMATS
from trustsem.study import read_study, run_study
from trustsem.study.reading import FORMATS as FORMAT_NAMES

STUDY = """[study]
title = "T"
data = "trust_patients"
{study}
[[models]]
model = "interpersonal_path"
{models}
{rest}
"""  # the line of {study} is 4, of {models} 7, of {rest} 8


def write(
    folder: Path, *, study: str = "", models: str = "", rest: str = "", replace: tuple[str, str] = ("", "")
) -> Path:
    path = folder / "study.toml"
    path.write_text(STUDY.format(study=study, models=models, rest=rest).replace(*replace), encoding="utf-8")
    return path


FAULTS = {
    "title of another type": ({"replace": ('"T"', "3")}, "line 2, study.title: takes text in quotes, not 3"),
    "no title": ({"replace": ('title = "T"\n', "")}, "line 1, study: title is missing"),
    "unknown key": ({"study": 'langage = "zh"'}, "line 4, study.langage: unknown key. Did you mean 'language'?"),
    "unknown table": ({"rest": "[efects]"}, "line 8, efects: unknown table. Did you mean 'effects'?"),
    "unknown language": ({"study": 'language = "fr"'}, "line 4, study.language: 'fr' is unknown."),
    "unknown design": ({"study": 'design = "panel"'}, "line 4, study.design: 'panel' is unknown."),
    "unknown codebook": ({"study": 'codebook = "dpt_patiant"'}, "Did you mean 'dpt_patient'?"),
    "missing codebook file": (
        {"study": 'codebook = "own.toml"'},
        "line 4, study.codebook: there is no file 'own.toml'",
    ),
    "negative seed": ({"study": "seed = -1"}, "line 4, study.seed: takes a whole number of at least 0, not -1"),
    "seed true": ({"study": "seed = true"}, "line 4, study.seed: takes a whole number, not True"),
    "smallest group 0": ({"study": "smallest_group = 0"}, "line 4, study.smallest_group: takes a whole number"),
    "no data key": ({"replace": ('data = "trust_patients"\n', "")}, "line 1, study: data is missing"),
    "missing data file": ({"replace": ('"trust_patients"', '"trust_patient"')}, "Did you mean 'trust_patients'"),
    "no model": ({"replace": ('[[models]]\nmodel = "interpersonal_path"', "")}, "models: no model: write [[models]]"),
    "models as a table": ({"replace": ("[[models]]", "[models]")}, "line 5, models: write each entry as a table"),
    "unknown model": ({"replace": ('"interpersonal_path"', '"trust_formatoin"')}, "Did you mean 'trust_formation'"),
    "missing model file": (
        {"replace": ('"interpersonal_path"', '"own.sem"')},
        "line 6, models[1].model: there is no file",
    ),
    "two models of one name": (
        {"rest": '[[models]]\nmodel = "interpersonal_path"'},
        "line 9, models[2].model: a second model named 'interpersonal_path'",
    ),
    "unknown option": (
        {"models": 'options = {estimater = "ML"}'},
        "options.estimater: unknown key. Did you mean 'esti",
    ),
    "unknown value of an option": (
        {"models": '[models.options]\nestimator = "MLX"'},
        "line 8, models[1].options.estimator: estimator='MLX' is not available",
    ),
    "options that contradict": (
        {"models": '[models.options]\nordered = true\nmissing = "fiml"'},
        "models[1].options",
    ),
    "options of another type": ({"models": 'options = "ML"'}, "line 7, models[1].options: takes a table of options"),
    "one draw": ({"rest": "[effects]\ndraws = 1"}, "line 9, effects.draws: takes 0 (delta method) or at least 2"),
    "unknown interval": ({"rest": '[effects]\ninterval = "bcaa"'}, "line 9, effects.interval: 'bcaa' is unknown"),
    "interval without draws": (
        {"rest": '[effects]\ndraws = 0\ninterval = "bca"'},
        "line 10, effects.interval: is a kind of bootstrap interval, and draws = 0 asks for none",
    ),
    "pairs and x": (
        {"rest": '[effects]\nx = "a"\npairs = [{x = "b", y = "c"}]'},
        "line 10, effects.pairs: pairs and x, y, through were both given",
    ),
    "unknown key of a pair": ({"rest": '[effects]\npairs = [{z = "b"}]'}, "line 9, effects.pairs[1].z: unknown key"),
    "names of another type": ({"rest": "[effects]\nx = [1]"}, "line 9, effects.x: takes a name or a list of names"),
    "no group": ({"rest": "[invariance]"}, "line 8, invariance: group is missing"),
    "unknown level": ({"rest": '[invariance]\ngroup = "setting"\nlevels = ["metrik"]'}, "Did you mean 'metric'?"),
    "model that is not there": ({"rest": '[invariance]\ngroup = "setting"\nmodel = "m"'}, "no [[models]] is named 'm'"),
    "scenario without levers": ({"rest": '[[scenarios]]\nname = "s"'}, "line 8, scenarios[1].levers: takes a table"),
    "lever without amount": (
        {"rest": '[[scenarios]]\nlevers = {a = "lots"}'},
        "line 9, scenarios[1].levers: a: 'lots'",
    ),
    "two scenarios of one name": (
        {"rest": '[[scenarios]]\nname = "s"\nlevers = {a = 1}\n[[scenarios]]\nname = "s"\nlevers = {a = 1}'},
        "line 12, scenarios[2].name: a second scenario named 's'",
    ),
    "unknown format": (
        {"rest": '[report]\nformats = ["htm"]'},
        "line 9, report.formats: 'htm' is unknown. Did you mean",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_has_its_message_and_line(kind: str, tmp_path: Path) -> None:
    changes, phrase = FAULTS[kind]
    with pytest.raises(StudyError) as caught:
        read_study(write(tmp_path, **changes))
    assert phrase in str(caught.value)
    assert len(caught.value.faults) == 1
    assert "line " in caught.value.faults[0] or kind == "no model"
    assert caught.value.exit_code == 17


NAMES = {
    "effect of no variable": (
        {"rest": '[effects]\nx = "humanistic_qualty"'},
        "line 9, effects.x: the model has no variable",
    ),
    "effect on no variable": (
        {"rest": '[effects]\npairs = [{x = "humanistic_quality", y = "health"}]'},
        "line 9, effects.pairs[1].y: the model has no variable 'health'",
    ),
    "lever that is no construct": (
        {"rest": '[[scenarios]]\nlevers = {rights_protecton = "+0.5sd"}'},
        "line 9, scenarios[1].levers: The model has no construct 'rights_protecton'. Did you mean 'rights_protection'?",
    ),
    "lever that is an item": ({"rest": '[[scenarios]]\nlevers = {hq1 = "+0.5sd"}'}, "hq1 is an item"),
    "unknown outcome": (
        {"rest": '[levers]\noutcome = "trust_relationship"'},
        "line 9, levers.outcome: the model has no",
    ),
    "group that the data lack": (
        {"rest": '[invariance]\ngroup = "seting"'},
        "line 9, invariance.group: the data have no column 'seting'. Did you mean 'setting'?",
    ),
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_are_looked_up_before_anything_is_fitted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, phrase = NAMES[kind]
    monkeypatch.setattr("trustsem.study.running.fit", lambda *_, **__: pytest.fail("fitted"))
    with pytest.raises(StudyError) as caught:
        run_study(write(tmp_path, **changes))
    assert phrase in str(caught.value)


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, study="seed = -1", models='options = "ML"', rest="[effects]\ndraws = 1", replace=('"T"', "3")
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert [fault.split(",")[0] for fault in caught.value.faults] == ["line 2", "line 4", "line 7", "line 9"]


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'[study]\ntitle = "T\n', "line 2, column"),
        (b"[study]\ntitle = T\n", "line 2, column 9"),
        (b"[study", "is not valid TOML"),
        ("[study]\ntitle = '医患信任'\n".encode("gb18030"), "is not UTF-8 (line 2)"),
    ],
)
def test_no_toml(content: bytes, phrase: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert phrase in str(caught.value)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="trustsem init"):
        read_study(tmp_path / "study.toml")
    with pytest.raises(StudyError, match="is a folder"):
        read_study(tmp_path)


def test_a_study_without_faults(tmp_path: Path) -> None:
    spec = read_study(write(tmp_path, rest='[effects]\nx = "humanistic_quality"\n[report]\nformats = "markdown"'))
    assert (spec.draws, spec.language, spec.formats) == (2000, "en", ("markdown",))
    assert spec.effects[0].x == ("humanistic_quality",)
    assert spec.output == tmp_path / "report"


def test_the_formats_of_a_study_are_those_that_are_known() -> None:
    assert set(FORMATS) <= set(FORMAT_NAMES)


def test_lines_are_not_misled_by_texts_over_several_lines_and_nested_tables() -> None:
    text = 'a = """\nb = 1\n[c]\n"""\n[[d]]\n[d.e]\nf = 1\n[[d]]\n[[d.g]]\n[[d.g]]\nh = 1\n"k l".m = 2\n'
    places = Places(text)
    assert places.line(("b",)) is None
    assert places.line(("c",)) is None
    assert places.line(("d", 0, "e", "f")) == 7
    assert places.line(("d", 1, "g", 1, "h")) == 11
    assert places.line(("d", 1, "g", 1, "k l", "m")) == 12
    assert places.line(("d", 1, "absent")) == 8
