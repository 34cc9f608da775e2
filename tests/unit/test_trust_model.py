"""TrustModel: the parts of Figure 1, what their text says, and choices that do not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

from trustsem.errors import UsageError
from trustsem.identification import check_identification
from trustsem.implied import build_layout
from trustsem.instruments import load_codebook
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.build import build_table
from trustsem.spec.trust_model import TrustModel
from trustsem.syntax import parse_model
from trustsem.theory import Basis, load_theory

KEPT = ("humanistic_quality", "medical_situation", "rights_protection")


def formulas(model: TrustModel, op: str) -> list[str]:
    lines = [line.split("#")[0].strip() for line in model.syntax().splitlines()]
    return [line for line in lines if f" {op} " in line]


def pairs(model: TrustModel) -> set[tuple[str, str]]:
    """(predictor, outcome) of the regressions in the text, labels removed."""
    split = (line.split(" ~ ") for line in formulas(model, "~"))
    return {(right.split("*")[-1], left) for left, right in split}


def degrees_of_freedom(model: TrustModel) -> int:
    """Count by hand: moments of the items minus free parameters, lavaan's defaults, no covariates."""
    items = sum(len(model.items_of(construct)) for construct in model.constructs)
    latents = len(model.constructs)
    outcomes = {outcome for _, outcome in pairs(model)}
    exogenous = latents - len(outcomes)
    free_covariances = sum("0*" not in line for line in formulas(model, "~~"))  # the wording factor's variance too
    free = (items - latents) + items + exogenous * (exogenous + 1) // 2 + len(outcomes) + len(pairs(model))
    return items * (items + 1) // 2 - free - free_covariances


@pytest.mark.parametrize(
    ("options", "df"),
    [
        ({}, 780),
        ({"disturbance_covariance": False}, 781),
        ({"feedback": "interpersonal_to_intergroup"}, 781),
        ({"feedback": "intergroup_to_interpersonal"}, 781),
        ({"feedback": False}, 782),
        ({"crossed": True}, 773),
        ({"first_trust": True}, 779),
        ({"paths": "interpersonal"}, 176),
        ({"paths": ["intergroup"]}, 126),
        ({"wording": "method_factor"}, 779),
        ({"wording": "random_intercept"}, 779),
        ({"paths": "interpersonal", "wording": "random_intercept"}, 175),
    ],
)
def test_degrees_of_freedom(options, df):
    assert degrees_of_freedom(TrustModel(**options)) == df


def test_figure_1_measures_fourteen_constructs_with_all_items():
    model = TrustModel()
    assert len(model.constructs) == 14
    measured = [line.split(" =~ ") for line in formulas(model, "=~")]
    assert [name for name, _ in measured] == list(model.constructs)
    items = [item for _, right in measured for item in right.split(" + ")]
    assert sorted(items) == sorted(load_codebook("dpt_patient").item_names)


def test_every_path_line_says_on_what_ground_it_stands():
    theory = load_theory()
    lines = [line for line in TrustModel(crossed=True).syntax().splitlines() if " ~ " in line.split("#")[0]]
    for line in lines:
        code, comment = line.split("#")
        outcome, right = code.strip().split(" ~ ")
        path = theory.path(right.split("*")[-1], outcome)
        assert path is not None
        assert comment.strip().startswith(path.basis.value)
        assert path.basis is Basis.OURS or path.source in comment
        for hypothesis in path.hypotheses:
            assert hypothesis in comment


def test_feedback_options_draw_the_arrows_they_name():
    there, back = ("interpersonal_trust", "intergroup_trust"), ("intergroup_trust", "interpersonal_trust")
    assert {there, back} <= pairs(TrustModel())
    assert not {there, back} & pairs(TrustModel(feedback=False))
    one_way = pairs(TrustModel(feedback="interpersonal_to_intergroup"))
    assert there in one_way
    assert back not in one_way
    other_way = pairs(TrustModel(feedback="intergroup_to_interpersonal"))
    assert back in other_way
    assert there not in other_way


def test_a_covariance_of_zero_is_written_since_defaults_may_free_it():
    assert formulas(TrustModel(), "~~") == ["interpersonal_trust ~~ intergroup_trust"]
    fixed = TrustModel(feedback=False, relationship=False, disturbance_covariance=False)
    assert formulas(fixed, "~~") == ["interpersonal_trust ~~ 0*intergroup_trust"]


def test_effects_use_labels_that_are_written_and_unique():
    for model in (TrustModel(), TrustModel(crossed=True), TrustModel(paths="interpersonal", first_trust=True)):
        labels = re.findall(r"~ (\w+)\*", "\n".join(formulas(model, "~")))
        assert len(labels) == len(set(labels))
        defined: set[str] = set()
        for line in formulas(model, ":="):
            name, expression = line.split(" := ")
            assert set(re.findall(r"[a-z]\w*", expression)) <= {*labels, *defined}
            assert name not in defined
            defined.add(name)


def test_totals_pass_through_the_loop_only_where_there_is_one():
    assert any("(1 - loop_gain)" in line for line in formulas(TrustModel(), ":="))
    assert not any("loop_gain" in line for line in formulas(TrustModel(feedback="interpersonal_to_intergroup"), ":="))


@pytest.mark.parametrize("crossed", [False, True])
def test_totals_agree_with_the_inverse_of_the_system(crossed):
    model = TrustModel(crossed=crossed)
    rng = np.random.default_rng(7)
    labels: dict[str, float] = {}
    names = list(model.constructs)
    effects = np.zeros((len(names), len(names)))
    for line in formulas(model, "~"):
        outcome, right = line.split(" ~ ")
        value = float(rng.uniform(0.1, 0.5))
        effects[names.index(outcome), names.index(right.split("*")[-1])] = value
        if "*" in right:
            labels[right.split("*")[0]] = value
    total = np.linalg.inv(np.eye(len(names)) - effects)
    values = dict(labels)
    for line in formulas(model, ":="):
        name, expression = line.split(" := ")
        values[name] = eval(expression, {"__builtins__": {}}, values)
    assert values["hq_ipt_total"] == pytest.approx(
        total[names.index("interpersonal_trust"), names.index("humanistic_quality")]
    )
    assert values["po_igt_total"] == pytest.approx(
        total[names.index("intergroup_trust"), names.index("public_opinion")]
    )


def test_factors_and_items_can_be_fewer():
    model = TrustModel(paths="interpersonal", factors=["rights_protection"], items_per_construct=2)
    assert model.constructs[0] == "rights_protection"
    assert len(model.constructs) == 4
    assert formulas(model, "=~")[0] == "rights_protection =~ rp1 + rp2"
    assert "Reverse-keyed" not in model.syntax()  # the third items are the reversed ones


def test_covariates_stand_for_individual_quality_and_adjust_the_factors():
    model = TrustModel(paths="interpersonal", factors=KEPT, covariates=["service", "age"])
    assert model.covariates == ("age", "service")
    drawn = pairs(model)
    assert {(c, f) for c in ("age", "service") for f in KEPT} <= drawn
    assert ("service", "interpersonal_trust") in drawn
    assert ("ethics", "interpersonal_trust") not in drawn
    assert len(formulas(model, "~~")) == 3  # the factors are outcomes now: their covariances must be written


def test_expected_signs_cover_the_arrows_of_the_model():
    signs = TrustModel().expected_signs
    assert set(signs) == pairs(TrustModel())
    assert signs["interpersonal_interaction", "interpersonal_trust"].is_expectation_only
    crossed = TrustModel(crossed=True)
    assert len(pairs(crossed)) - len(crossed.expected_signs) == 6  # our own arrows have no expected sign


def loadings(model: TrustModel, factor: str) -> dict[str, str]:
    """Item to written loading of the wording factor."""
    lines = [line.split(" =~ ")[1] for line in formulas(model, "=~") if line.startswith(f"{factor} =~ ")]
    terms = [term.split("*") for line in lines for term in line.split(" + ")]
    return {item: value for value, item in terms}


def test_method_factor_is_of_the_reversed_items_alone():
    model = TrustModel(paths="interpersonal", wording="method_factor")
    assert loadings(model, "reversed_wording") == dict.fromkeys(model.reversed_items(), "1")
    assert "Marsh 1996" in model.syntax()


def test_random_intercept_is_of_all_items_in_the_direction_asked():
    model = TrustModel(wording="random_intercept")
    book = load_codebook("dpt_patient")
    assert loadings(model, "response_style") == {i.name: "-1" if i.reverse else "1" for i in book.items}
    assert "Maydeu-Olivares & Coffman 2006" in model.syntax()


@pytest.mark.parametrize("wording", ["method_factor", "random_intercept"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"crossed": True},
        {"paths": "intergroup"},
        {"paths": "interpersonal", "first_trust": True, "relationship": True},
        {"paths": "interpersonal", "factors": ["rights_protection"]},
        {"paths": "interpersonal", "factors": KEPT, "covariates": ("age", "service")},
    ],
)
def test_wording_factors_are_identified_and_add_one_variance(wording, options):
    with_factor, without = (
        build_table(parse_model(TrustModel(wording=w, **options).syntax())) for w in (wording, None)
    )
    (factor,) = set(with_factor.variables.latent) - set(without.variables.latent)
    added = {row.written for row in with_factor.free_rows} - {row.written for row in without.free_rows}
    assert added == {f"{factor}~~{factor}"}
    names = with_factor.variables.observed
    independent = SampleGroup(names, np.eye(len(names)), np.zeros(len(names)), 1)
    report = check_identification(with_factor, build_layout(with_factor, SampleMoments((independent,))))
    assert report.identified


def test_options_left_open_read_back_as_what_was_built():
    assert (TrustModel().feedback, TrustModel().relationship, TrustModel().disturbance_covariance) == (True,) * 3
    single = TrustModel(paths="intergroup")
    assert (single.feedback, single.relationship, single.disturbance_covariance) == (False,) * 3
    assert TrustModel() == TrustModel(feedback=True, paths=["intergroup", "interpersonal"])
    assert str(single) == single.syntax()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"paths": "interpersonal"},
        {"crossed": True, "disturbance_covariance": False},
        {"paths": "interpersonal", "factors": KEPT, "covariates": ("age",)},
        {"paths": "interpersonal", "first_trust": True, "relationship": True, "items_per_construct": 3},
        {"paths": "intergroup", "wording": "method_factor"},
    ],
)
def test_the_header_names_the_call_that_builds_the_same_model(options):
    model = TrustModel(**options)
    call = model.syntax().splitlines()[0].removeprefix("# Built by ")
    assert eval(call, {"TrustModel": TrustModel}) == model


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"paths": "interpersonnal"}, "Did you mean 'interpersonal'"),
        ({"paths": ()}, "No path chosen"),
        ({"paths": None}, "a name or a list of names"),
        ({"factors": 3}, "a name or a list of names"),
        ({"paths": ("intergroup", "intergroup")}, "given twice"),
        ({"feedback": "interpersonal_to_intergrup"}, "Did you mean 'interpersonal_to_intergroup'"),
        ({"feedback": 1.5}, "True, False or one of"),
        ({"paths": "interpersonal", "feedback": True}, "needs both"),
        ({"paths": "interpersonal", "disturbance_covariance": True}, "needs both"),
        ({"paths": "intergroup", "crossed": True}, "needs both"),
        ({"paths": "intergroup", "first_trust": True}, "needs the interpersonal path"),
        ({"crossed": True, "first_trust": True}, "leave one of them out"),
        ({"factors": ["humanistic_qualty"]}, "Did you mean 'humanistic_quality'"),
        ({"paths": "interpersonal", "factors": ["social_trust"]}, "Allowed here: humanistic_quality"),
        ({"factors": KEPT, "first_trust": True}, "needs the factor group_identity"),
        ({"covariates": ["age"]}, "never both"),
        ({"covariates": ["agee"], "factors": KEPT}, "Did you mean 'age'"),
        ({"paths": "intergroup", "covariates": ["age"]}, "not chosen"),
        ({"items_per_construct": 1}, "at least 2"),
        ({"items_per_construct": 4}, "has 3 item"),
        ({"items_per_construct": True}, "whole number"),
        ({"relationship": "yes"}, "True or False"),
        ({"instrument": "hints7"}, "has 0 item"),
        ({"wording": "random_intercep"}, "Did you mean 'random_intercept'"),
        ({"wording": True}, "Allowed: None, method_factor"),
        ({"wording": "method_factor", "items_per_construct": 2}, "needs 2 reverse-keyed"),
        ({"wording": "random_intercept", "items_per_construct": 2}, "needs 1 reverse-keyed"),
    ],
)
def test_choices_that_do_not_fit(options, phrase):
    with pytest.raises(UsageError, match=re.escape(phrase)) as caught:
        TrustModel(**options)
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_all_faults_come_at_once():
    with pytest.raises(UsageError) as caught:
        TrustModel(factors=["humanistic_qualty"], feedback="bothways", items_per_construct=0)
    assert len(caught.value.faults) == 3


def test_options_are_keyword_only_and_unknown_ones_refused():
    with pytest.raises(TypeError):
        TrustModel(("interpersonal",))  # type: ignore[misc]
    with pytest.raises(TypeError, match="wording"):
        TrustModel(wording_effect=True)  # type: ignore[call-arg]
