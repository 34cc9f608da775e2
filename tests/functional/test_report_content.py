"""Reports of all shipped models: nothing is silent, JSON has every number, an approved report keeps its words."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import trustsem as ts
from trustsem.errors import EffectError
from trustsem.report import FORMATS, build_document
from trustsem.report.document import FigureBlock
from trustsem.spec import load_model, model_names
from trustsem.study import ModelEntry, ScenarioQuestion, StudyResult, StudySpec, run_study
from trustsem.study.parts import PARTS
from trustsem.study.parts.context import Context
from trustsem.study.parts.mediation import main_paths
from trustsem.study.parts.respondents import covariates

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
# Numbers of the approved report may differ in the last printed digit on another machine's linear algebra.
LAST_DIGIT = 2e-3
_NUMBER = re.compile(r"-?(?:\d[\d,]*)?\.?\d+")
_QUICK = ("interpersonal_path", "care_setting", "rights_buffer", "second_order_trust", "conflict_cycle")


def _spec(name: str, **options: object) -> StudySpec:
    data = ts.samples_dir() / f"{load_model(name).sample}.csv"
    return StudySpec("Trust", data, (ModelEntry(name, name),), draws=0, **options)  # type: ignore[arg-type]


@cache
def _result(name: str) -> StudyResult:
    return run_study(_spec(name))


def _check(name: str) -> None:
    result = _result(name)
    document = build_document(result)
    assert {section.id for section in document.sections} >= {"asked", "respondents", "scales", "fit", "manifest"}
    assert not [skipped for skipped in result.skipped if "broke off" in skipped.reason]
    assert all(skipped.reason for skipped in result.skipped)
    json.dumps(result.to_dict(), allow_nan=False)
    for block in (block for section in document.sections for block in section.walk()):
        if isinstance(block, FigureBlock):
            assert block.plot.text()
    text = FORMATS["markdown"].render(document).decode()
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


@pytest.mark.parametrize("name", _QUICK)
def test_the_report_of_a_shipped_model_is_complete(name: str) -> None:
    _check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in model_names() if name not in _QUICK])
def test_the_report_of_every_other_shipped_model_is_complete(name: str) -> None:
    _check(name)


def test_every_part_is_there_or_does_not_apply_or_says_why_not() -> None:
    result = _result("interpersonal_path")
    absent = set(PARTS) - set(result.parts)
    assert absent == {"loops", "group_paths", "group_effects", "scenarios"}
    assert not result.skipped


def test_what_a_model_with_products_cannot_have_is_named() -> None:
    result = _result("rights_buffer")
    skipped = {part.part for part in result.skipped}
    assert {"levers", "estimators"} <= skipped
    assert "items" in result.parts  # products of items are no items
    document = build_document(result)
    said = FORMATS["markdown"].render(document).decode().split("## What could not be done")[1]
    assert all(part in said for part in skipped)


def test_parts_of_the_json_are_those_of_the_functions() -> None:
    result = _result("interpersonal_path")
    content = result.to_dict()
    assert content["reliability"] == result.main.reliability().to_dict()
    assert content["validity"] == result.main.validity().to_dict()
    assert content["levers"]["outcome"] == "interpersonal_trust"
    exploration = ts.explore(
        result.survey.frame.iloc[result.main.data.row_index], model="interpersonal_path", seed=result.spec.seed
    )
    assert content["exploration"]["kmo"] == pytest.approx(exploration.to_dict()["kmo"])


def test_the_same_study_gives_the_same_bytes() -> None:
    first, again = (run_study(_spec("second_order_trust")).to_dict() for _ in range(2))
    assert json.dumps(first) == json.dumps(again)


def test_tables_show_the_numbers_of_the_result() -> None:
    result = _result("interpersonal_path")
    row = result.main.reliability().coefficients.iloc[1]  # omega of the first scale
    text = FORMATS["markdown"].render(build_document(result)).decode()
    assert f"{row.est:.3f} [{row.ci_lower:.3f}, {row.ci_upper:.3f}]" in text


def test_a_scenario_that_cannot_be_run_is_named_and_the_others_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = ts.Fit.scenario

    def fails_for_rights(fit: ts.Fit, levers: Any, **options: Any) -> Any:
        if "rights_protection" in levers:
            raise EffectError("The loop does not settle.", code="unstable-loop")
        return scenario(fit, levers, **options)

    monkeypatch.setattr(ts.Fit, "scenario", fails_for_rights)
    questions = (
        ScenarioQuestion("Doctors explain", {"humanistic_quality": "+0.5sd"}),
        ScenarioQuestion("Rights", {"rights_protection": "+0.5sd"}),
    )
    result = run_study(_spec("interpersonal_path", scenarios=questions, outcome="emotional_communication"))
    assert list(result.parts["scenarios"].results) == ["Doctors explain"]
    assert [part.part for part in result.skipped] == ["scenario Rights"]
    assert result.parts["levers"].outcome == "emotional_communication"


def test_small_categories_are_hidden_so_that_they_cannot_be_computed() -> None:
    result = _result("interpersonal_path")
    spec = _spec("interpersonal_path", smallest_group=50)
    found = covariates(Context(spec, result.survey, result.main, result.effects, None, lambda _part, _error: None))
    assert found is not None
    categories = found.frames["categories"].query("covariate == 'region'")
    shown = categories["count"].dropna()
    assert (shown >= 50).all()
    assert len(categories) - len(shown) >= 2  # one alone follows from the total
    text = json.dumps(found.to_dict())
    assert "null" in text


def test_main_paths_are_the_largest_and_can_be_kept_to_those_that_compete() -> None:
    effects = _result("interpersonal_path").effects
    specific = effects.loc[effects["effect"] == "specific indirect"]
    largest = specific.loc[specific["std_all"].abs().idxmax(), "path"]
    assert " -> ".join(main_paths(effects)[0]) == largest
    for path in main_paths(effects, one_of_several=True):
        ways = effects.loc[
            (effects["x"] == path[0])
            & (effects["y"] == path[-1])
            & effects["effect"].isin(["specific indirect", "direct"])
        ]
        assert len(ways) > 1


def test_draws_give_proportions_and_standardised_limits() -> None:
    spec = StudySpec(
        "Trust", ts.samples_dir() / "trust_patients.csv", (ModelEntry("m", "interpersonal_path"),), draws=40, seed=3
    )
    result = run_study(spec)
    assert result.parts["proportions"].facts == {"interval": "percentile"}
    drawn = result.main.bootstrap(40, seed=3).effects(standardized=True)
    assert result.effects["std_ci_lower"].tolist() == pytest.approx(drawn["ci_lower"].tolist())
    figures = {figure.id: figure for figure in build_document(result).figures()}
    assert {"effects", "effect-draws"} <= set(figures)
    row = result.effects.loc[result.effects["path"] == " -> ".join(main_paths(result.effects)[0])].iloc[0]
    shown = figures["effect-draws"].plot.to_dict()["parameters"]  # type: ignore[attr-defined]
    assert any(
        one["est"] == pytest.approx(row["est"]) and one["lower"] == pytest.approx(row["ci_lower"]) for one in shown
    )


def test_the_approved_report_has_the_same_words_and_numbers() -> None:
    location = importlib.util.spec_from_file_location("make_report", GOLDEN / "make_report.py")
    assert location is not None
    assert location.loader is not None
    script = importlib.util.module_from_spec(location)
    location.loader.exec_module(script)
    text, approved = script.report_text(), (GOLDEN / "reports" / "study.md").read_text(encoding="utf-8")
    assert _NUMBER.sub("#", text) == _NUMBER.sub("#", approved)
    found, wanted = ([float(n.replace(",", "")) for n in _NUMBER.findall(t)] for t in (text, approved))
    assert not re.search(r"\bnan\b|\bNone\b", text)
    assert found == pytest.approx(wanted, rel=1e-3, abs=LAST_DIGIT)
