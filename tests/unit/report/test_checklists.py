"""Checklists of reports: each item says what the study did, what it did not and why, or that only the author knows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import trustsem as ts
from trustsem.report import build_document
from trustsem.report.checklists import FilledItem, Status, fill_checklists
from trustsem.study import StudyResult, run_study
from trustsem.study.spec import InvarianceQuestion, ModelEntry, StudySpec
from trustsem.wording import Wording


def found(**changes: object) -> StudyResult:
    spec = StudySpec(
        "checklists", ts.samples_dir() / "trust_patients.csv", (ModelEntry("main", "interpersonal_path"),), draws=0
    )
    return run_study(replace(spec, **changes))


@pytest.fixture(scope="module")
def plain() -> StudyResult:
    return found()


@pytest.fixture(scope="module")
def grouped() -> StudyResult:
    return found(invariance=InvarianceQuestion("setting", levels=("configural", "metric", "scalar")))


def filled(result: StudyResult, language: str = "en") -> dict[str, dict[str, FilledItem]]:
    return {
        one.checklist.id: {item.item.id: item for item in one.items}
        for one in fill_checklists(result, Wording(language))
    }


def test_only_checklists_that_apply_are_filled_in(plain: StudyResult, grouped: StudyResult) -> None:
    always = ["jars_sem", "cosmin_structural_validity", "cosmin_internal_consistency"]
    assert list(filled(plain)) == [*always, "agrema"]
    assert list(filled(grouped)) == [*always, "cosmin_invariance", "agrema"]
    without = replace(plain, effects=plain.effects.loc[plain.effects["effect"] == "total"])
    assert list(filled(without)) == always


def test_answers_repeat_the_numbers_of_the_fit(plain: StudyResult) -> None:
    items, measures = filled(plain)["jars_sem"], plain.main.fit_measures
    fit = items["global_fit"].answer.text
    for name in ("chisq", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "cfi", "tli", "srmr"):
        assert f"{measures[name]:.3f}" in fit
    table = plain.main.fitted.table
    p = len(table.variables.observed)
    assert f"{p * (p + 1) // 2} sample moments less {table.n_free}" in items["degrees"].answer.text
    assert "87 of 1,200" in items["missing_amount"].answer.text
    assert items["estimator"].answer.text.startswith("ML;")
    assert f"trustsem {ts.__version__}" in items["software"].answer.text


def test_reliability_of_every_scale_is_in_box_4(plain: StudyResult) -> None:
    text = filled(plain)["cosmin_internal_consistency"]["alpha_omega"].answer.text
    frame = plain.main.reliability().coefficients
    shown = frame.loc[frame["coefficient"].isin(["alpha", "omega"])]
    assert len(shown) == 14
    for row in shown.to_dict("records"):
        assert f"{row['est']:.3f} [{row['ci_lower']:.3f}, {row['ci_upper']:.3f}]" in text


def test_what_the_software_cannot_know_is_left_to_the_author(plain: StudyResult) -> None:
    items = filled(plain)["jars_sem"]
    for name in ("mechanism", "plan", "simulated"):
        assert items[name].answer.status is Status.AUTHOR
        assert items[name].where == ""
    own = replace(plain.main.model, library=None)
    fit = plain.main.rebuilt(plain.main.fitted, None, ())
    fit._model = own  # a model of one's own has no record of its sources
    mine = replace(plain, fits=(replace(plain.fits[0], fit=fit),))
    assert filled(mine)["jars_sem"]["directions"].answer.status is Status.AUTHOR


def test_what_was_not_done_says_why(plain: StudyResult) -> None:
    for checklist in filled(plain).values():
        for item in checklist.values():
            if item.answer.status is Status.NOT_DONE:
                assert item.answer.text.startswith("not done: ")
                assert len(item.answer.text) > len("not done: ") + 10
    items = filled(plain)["jars_sem"]
    assert items["assumptions"].answer.status is Status.NOT_DONE  # ML with normal-theory errors
    assert items["alternatives"].answer.status is Status.NOT_DONE
    assert filled(plain)["agrema"]["confounders"].answer.status is Status.NOT_DONE


def test_robust_errors_with_a_scaled_test_need_no_normal_answers() -> None:
    robust = found(models=(ModelEntry("main", "interpersonal_path", {"estimator": "MLR"}),))
    items = filled(robust)["jars_sem"]
    assert items["assumptions"].answer.status is Status.DONE
    assert "Yuan-Bentler" in items["estimator"].answer.text
    assert f"{robust.main.fit_measures['chisq_scaled']:.3f}" in items["global_fit"].answer.text


def test_incomplete_rows_are_counted_where_they_are_used() -> None:
    fiml = found(models=(ModelEntry("main", "interpersonal_path", {"missing": "fiml"}),))
    items = filled(fiml)["jars_sem"]
    values = fiml.main.data.values
    assert values is not None
    assert f"{100 * np.isnan(values).mean():.1f}% are missing" in items["missing_amount"].answer.text
    assert "maximum likelihood" in items["missing_treatment"].answer.text


def test_levels_and_group_sizes_are_in_box_5(grouped: StudyResult) -> None:
    items = filled(grouped)["cosmin_invariance"]
    assert "outpatient 667" in items["similar"].answer.text
    assert "metric holds" in items["approach"].answer.text
    assert (
        "446 respondents in the smallest group for 21 items, 21.2 per item: very good"
        in items["sample_size"].answer.text
    )


def test_counts_of_small_groups_are_not_shown(grouped: StudyResult) -> None:
    small = replace(grouped, spec=replace(grouped.spec, smallest_group=500))
    for checklist in filled(small).values():
        for item in checklist.values():
            assert "446" not in item.answer.text
    assert "inpatient <500" in filled(small)["cosmin_invariance"]["similar"].answer.text


def test_an_invariance_that_failed_is_not_done(plain: StudyResult) -> None:
    asked = replace(plain, spec=replace(plain.spec, invariance=InvarianceQuestion("setting")))
    assert filled(asked)["cosmin_invariance"]["approach"].answer.status is Status.NOT_DONE


def test_places_are_sections_of_the_report(grouped: StudyResult) -> None:
    sections = {section.id for section in build_document(grouped).sections}
    places = {item.where for checklist in filled(grouped).values() for item in checklist.values() if item.where}
    assert places
    assert places <= sections


def test_answers_are_part_of_the_data(plain: StudyResult) -> None:
    data = json.loads(json.dumps(build_document(plain).data, allow_nan=False))
    content = {checklist["id"]: checklist for checklist in data["checklists"]}
    item = next(item for item in content["cosmin_structural_validity"]["items"] if item["id"] == "sample_size")
    assert item["number"] == "3"
    assert item["status"] == "done"
    assert "1,113 respondents for 21 items, 53.0 per item" in item["answer"]
