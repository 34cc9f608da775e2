"""Scenarios against closed forms: totals by hand, defined parameters, effects, measurement, finite differences."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.distributions import Z95
from trustsem.effects.scenario import Intervention, change_of
from trustsem.effects.scenario_steps import GroupScenario, Step, StepUnit, group_scenario
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.scenario_matrix import scenario_matrix
from trustsem.fitting.scenario_model import scenario_model
from trustsem.implied import implied_moments

SAMPLE = ts.samples_dir() / "trust_patients.csv"
ORDINAL_PATH = """
    hq =~ hq1 + hq2 + hq3
    ii =~ ii1 + ii2 + ii3
    ec =~ ec1 + ec2 + ec3
    ii ~ hq
    ec ~ ii
"""
EXACT = 1e-10  # the same arithmetic in another order
DIFFERENCES = 2e-6  # central differences of smooth functions, relative to the largest derivative


@pytest.fixture(scope="module")
def fit() -> ts.Fit:
    return ts.fit("trust_formation", SAMPLE)


@pytest.fixture(scope="module")
def ordinal() -> ts.Fit:
    return ts.fit(ORDINAL_PATH, ts.read_survey(SAMPLE, "dpt_patient"), ordered=True)


def row_of(frame, construct: str, group: int = 1):
    (row,) = frame.loc[(frame["construct"] == construct) & (frame["group"] == group)].to_dict("records")
    return row


def value(fit: ts.Fit, lhs: str, op: str, rhs: str) -> float:
    frame = fit.estimates
    found = frame.loc[(frame["lhs"] == lhs) & (frame["op"] == op) & (frame["rhs"] == rhs), "est"]
    return float(found.iloc[0])


def test_change_in_units_is_the_defined_total_effect(fit: ts.Fit) -> None:
    """`hq_ipt_total := hq_ii (ii_ipt + ii_ec ec_ipt) / (1 - loop_gain)`: evaluated from its text, errors as well."""
    row = row_of(fit.scenario({"humanistic_quality": 1}).changes, "interpersonal_trust")
    frame = fit.estimates
    defined = frame.loc[frame["lhs"] == "hq_ipt_total"].iloc[0]
    assert row["units"] == pytest.approx(defined["est"], rel=EXACT)
    assert row["units_se"] == pytest.approx(defined["se"], rel=1e-8)
    assert row["units_upper"] == pytest.approx(defined["ci_upper"], rel=1e-8)


@pytest.mark.parametrize("lever", ["rights_protection", "public_opinion", "social_knowledge"])
def test_change_in_sd_is_the_standardised_total_effect_times_the_step(fit: ts.Fit, lever: str) -> None:
    changes = fit.scenario({lever: "-0.7sd"}).changes
    for outcome in ("interpersonal_trust", "intergroup_trust", "trust_relationship"):
        effects = fit.effects(lever, outcome)
        total = effects.loc[effects["effect"].isin(["total"])].iloc[0]
        row = row_of(changes, outcome)
        assert row["sd"] == pytest.approx(-0.7 * total["std_all"], rel=EXACT)
        assert row["sd_se"] == pytest.approx(0.7 * total["std_se"], rel=1e-8)
        assert row["sd_lower"] == pytest.approx(row["sd"] - Z95 * row["sd_se"])


def test_points_are_the_mean_of_the_items_on_their_scales(fit: ts.Fit) -> None:
    """Five answers 1..5: a unit of an item is 25 points, and a unit of the factor 25 times the mean loading."""
    changes = fit.scenario({"rights_protection": "+0.5sd"}).changes
    for construct, stem in (("rights_protection", "rp"), ("trust_relationship", "tr")):
        loadings = [value(fit, construct, "=~", f"{stem}{k}") for k in (1, 2, 3)]
        row = row_of(changes, construct)
        assert row["points"] == pytest.approx(25 * np.mean(loadings) * row["units"], rel=EXACT)


def test_mean_scores_are_those_of_the_answers(fit: ts.Fit) -> None:
    survey = ts.read_survey(SAMPLE, "dpt_patient").frame.iloc[np.sort(fit.data.row_index)]
    mean = survey[["tr1", "tr2", "tr3"]].mean().mean()
    row = row_of(fit.scenario({"rights_protection": "+0.5sd"}).changes, "trust_relationship")
    assert row["mean_score"] == pytest.approx(25 * (mean - 1), rel=EXACT)


def test_a_step_in_points_moves_its_own_score_by_so_many(fit: ts.Fit) -> None:
    changes = fit.scenario({"rights_protection": "+5points"}).changes
    own = row_of(changes, "rights_protection")
    assert own["points"] == pytest.approx(5, rel=EXACT)
    assert np.isnan(own["points_se"])  # it is what was asked for
    in_sd = fit.scenario({"rights_protection": f"{own['sd']!r}sd"}).changes
    assert row_of(in_sd, "trust_relationship")["points"] == pytest.approx(
        row_of(changes, "trust_relationship")["points"], rel=EXACT
    )


def test_a_share_is_one_of_the_headroom_in_its_direction(fit: ts.Fit) -> None:
    own = row_of(fit.scenario({"rights_protection": "+10%"}).changes, "rights_protection")
    assert own["points"] == pytest.approx(0.1 * (100 - own["mean_score"]), rel=EXACT)
    own = row_of(fit.scenario({"rights_protection": "-10%"}).changes, "rights_protection")
    assert own["points"] == pytest.approx(-0.1 * own["mean_score"], rel=EXACT)


def test_a_push_inside_the_loop_comes_back_and_a_hold_does_not(fit: ts.Fit) -> None:
    f, g = (
        value(fit, "interpersonal_trust", "~", "intergroup_trust"),
        value(fit, "intergroup_trust", "~", "interpersonal_trust"),
    )
    push = fit.scenario({"interpersonal_trust": 0.3}).changes
    assert row_of(push, "interpersonal_trust")["units"] == pytest.approx(0.3 / (1 - f * g), rel=EXACT)
    assert row_of(push, "intergroup_trust")["units"] == pytest.approx(0.3 * g / (1 - f * g), rel=EXACT)
    hold = fit.scenario({"interpersonal_trust": 0.3}, intervention="hold").changes
    assert row_of(hold, "interpersonal_trust")["units"] == pytest.approx(0.3, rel=EXACT)
    igt = row_of(hold, "intergroup_trust")
    assert igt["units"] == pytest.approx(0.3 * g, rel=EXACT)
    se = fit.estimates.set_index(["lhs", "op", "rhs"]).loc[("intergroup_trust", "~", "interpersonal_trust"), "se"]
    assert igt["units_se"] == pytest.approx(0.3 * float(np.asarray(se).ravel()[0]), rel=1e-8)


def test_holding_two_members_of_a_chain_cuts_the_arrow_between_them(fit: ts.Fit) -> None:
    levers = {"interpersonal_interaction": 0.2, "emotional_communication": 0.1}
    hold = fit.scenario(levers, intervention="hold").changes
    assert row_of(hold, "emotional_communication")["units"] == pytest.approx(0.1, rel=EXACT)
    push = fit.scenario(levers).changes
    ii_ec = value(fit, "emotional_communication", "~", "interpersonal_interaction")
    assert row_of(push, "emotional_communication")["units"] == pytest.approx(0.1 + 0.2 * ii_ec, rel=EXACT)


def test_a_lever_of_the_theory_is_the_sum_of_its_parts(fit: ts.Fit) -> None:
    whole = fit.scenario({"associations_keep_channels": "+0.5sd"})
    parts = {"intergroup_interaction": "+0.5sd", "social_knowledge": "+0.5sd", "group_identity": "+0.5sd"}
    assert whole.changes["points"].to_numpy() == pytest.approx(fit.scenario(parts).changes["points"].to_numpy())
    assert set(whole.moved["construct"]) == set(parts)
    partly = fit.scenario({"patients_prepare": "+0.5sd"})
    assert "lever-partly-in-model" in codes(partly)
    assert partly.levers[0].absent == ("conflict",)


def test_a_lever_of_the_theory_lowers_what_it_acts_on_with_a_minus() -> None:
    model = """
        conflict =~ hq1 + hq2 + hq3
        rights_protection =~ rp1 + rp2 + rp3
        relation_harmony =~ tr1 + tr2 + tr3
        relation_harmony ~ conflict + rights_protection
    """
    fit = ts.fit(model, ts.read_survey(SAMPLE, "dpt_patient"))
    moved = fit.scenario({"mediators_settle": "+10%"}).moved.set_index("construct")
    assert moved.loc["conflict", "points"] == pytest.approx(-0.1 * moved.loc["conflict", "mean_score"])
    assert moved.loc["rights_protection", "points"] == pytest.approx(
        0.1 * (100 - moved.loc["rights_protection", "mean_score"])
    )
    assert moved["amount"].tolist() == ["-10%", "+10%"]
    row = fit.levers("relation_harmony").frame.set_index("lever").loc["mediators_settle"]
    conflict, rights = moved.loc["conflict", "mean_score"], moved.loc["rights_protection", "mean_score"]
    assert row["headroom"] == pytest.approx((conflict + 100 - rights) / 2)
    gain = row_of(fit.scenario({"mediators_settle": "+100%"}).changes, "relation_harmony")["points"]
    assert row["gain_headroom"] == pytest.approx(gain)


# --- derivatives --------------------------------------------------------------------------------------------------


def changed(own: GroupScenario, theta: np.ndarray, steps: tuple[Step, ...], how: Intervention) -> np.ndarray:
    """Return all changes at other values of the parameters; the respondents' mean scores stay."""
    moved = group_scenario(
        own.layout, implied_moments(own.layout, theta), own.n_free, own.constructs, own.scores, own.arrows, None
    )
    object.__setattr__(moved, "mean_scores", own.mean_scores)
    change = change_of(moved, steps, how, None)
    return np.concatenate([change.units.values, change.sd.values, change.points.values])


@pytest.mark.parametrize(
    ("steps", "how"),
    [
        ([(3, 0.5, StepUnit.SD), (9, -0.4, StepUnit.POINTS)], Intervention.PUSH),
        ([(9, 0.2, StepUnit.SHARE), (4, 0.3, StepUnit.UNITS)], Intervention.PUSH),
        ([(9, 0.5, StepUnit.SD), (7, 3.0, StepUnit.POINTS)], Intervention.HOLD),
    ],
)
def test_gradients_are_those_of_finite_differences(fit: ts.Fit, steps: list, how: Intervention) -> None:
    compare_gradients(fit, tuple(Step(*step) for step in steps), how)


@pytest.mark.parametrize("how", list(Intervention))
def test_gradients_of_ordinal_items_are_those_of_finite_differences(ordinal: ts.Fit, how: Intervention) -> None:
    compare_gradients(ordinal, (Step(0, 0.5, StepUnit.SD), Step(1, 4.0, StepUnit.POINTS)), how)


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_gradients_of_ordinal_items_given_a_predictor(parameterization: str) -> None:
    survey, items = ts.read_survey(SAMPLE, "dpt_patient"), [f"{stem}{k}" for stem in ("ii", "ec") for k in (1, 2, 3)]
    model = "ii =~ ii1 + ii2 + ii3\nec =~ ec1 + ec2 + ec3\nec ~ ii\nii ~ life_satisfaction"
    fit = ts.fit(model, survey, ordered=items, parameterization=parameterization)
    compare_gradients(fit, (Step(0, 0.5, StepUnit.SD), Step(1, -4.0, StepUnit.POINTS)), Intervention.PUSH)
    mean_score = 25 * (survey.frame.iloc[fit.data.row_index][items[3:]].mean().mean() - 1)
    # the model's own mean answers, given a predictor whose slopes it restricts, are 2.6 points off
    assert row_of(fit.scenario({"ii": "1sd"}).changes, "ec")["mean_score"] == pytest.approx(mean_score, rel=EXACT)


def compare_gradients(fit: ts.Fit, steps: tuple[Step, ...], how: Intervention) -> None:
    theta, own = fit.fitted.estimate.theta, scenario_model(fit).groups[0]
    change = change_of(own, steps, how, None)
    exact = np.vstack([change.units.jacobian, change.sd.jacobian, change.points.jacobian])
    numeric = np.zeros_like(exact)
    for k in range(len(theta)):
        ahead, behind = theta.copy(), theta.copy()
        ahead[k] += 1e-5
        behind[k] -= 1e-5
        numeric[:, k] = (changed(own, ahead, steps, how) - changed(own, behind, steps, how)) / 2e-5
    there = np.isfinite(np.concatenate([change.units.values, change.sd.values, change.points.values]))
    assert np.abs(exact[there]).max() > 0.1
    assert np.abs(exact - numeric)[there].max() < DIFFERENCES * np.abs(exact[there]).max()


# --- what pages compute from --------------------------------------------------------------------------------------


def test_the_matrix_with_its_covariance_gives_every_scenario(fit: ts.Fit) -> None:
    """s' cells and sqrt(s' C s) of a target are the change and the standard error of that scenario."""
    matrix = json.loads(json.dumps(scenario_matrix(fit).to_dict(), allow_nan=False))
    (group,) = matrix["groups"]
    steps = {"rights_protection": 0.5, "interpersonal_trust": -0.3, "public_opinion": 1.2}
    changes = fit.scenario({name: f"{step:+}sd" for name, step in steps.items()}).changes
    for scale in ("sd", "points"):
        values, cov = np.array(group[scale]), np.array(group[f"{scale}_covariance"])
        for target in ("intergroup_trust", "trust_relationship"):
            own = [k for k, (source, end) in enumerate(group["cells"]) if end == target and source in steps]
            s = np.array([steps[group["cells"][k][0]] for k in own])
            row = row_of(changes, target)
            assert s @ values[own] == pytest.approx(row[scale], rel=EXACT)
            assert np.sqrt(s @ cov[np.ix_(own, own)] @ s) == pytest.approx(row[f"{scale}_se"], rel=1e-8)
    assert matrix["schema"] == "trustsem.scenario_matrix/1"
    assert matrix["assumptions"]


def test_the_matrix_of_ordinal_items_has_no_points(ordinal: ts.Fit) -> None:
    (group,) = scenario_matrix(ordinal).groups
    assert group.points is None
    assert group.points_covariance is None
    assert len(group.sd) == len(group.cells)
    ranking = ordinal.levers("ec")
    assert "no-gain-of-headroom" in codes(ranking)
    assert ranking.frame["gain_headroom"].isna().all()
    assert ranking.frame["gain"].notna().all()


# --- draws --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["push", "hold"])
def test_draws_agree_with_the_delta_method_and_with_their_seed(fit: ts.Fit, how: str) -> None:
    levers = {"interpersonal_trust": "+5points", "rights_protection": "+10%"}
    delta = fit.scenario(levers, intervention=how).changes
    drawn = fit.scenario(levers, intervention=how, ci="monte_carlo", draws=500, seed=4)
    again = fit.scenario(levers, intervention=how, ci="monte_carlo", draws=500, seed=4)
    assert drawn.changes.equals(again.changes)
    assert (drawn.seed, drawn.n_draws) == (4, 500)
    for name in ("units", "sd", "points"):
        assert drawn.changes[name].to_numpy() == pytest.approx(delta[name].to_numpy(), rel=EXACT)
        # 500 draws give a standard deviation to 3 %; products of coefficients add a little skew
        own, other = drawn.changes[f"{name}_se"].to_numpy(), delta[f"{name}_se"].to_numpy()
        assert np.isnan(own).tolist() == np.isnan(other).tolist()
        there = ~np.isnan(own)
        assert own[there] == pytest.approx(other[there], rel=0.15)


def test_options_of_draws_are_refused_where_they_mean_nothing(fit: ts.Fit, ordinal: ts.Fit) -> None:
    with pytest.raises(UsageError, match="draws goes with monte_carlo"):
        fit.scenario({"rights_protection": "1sd"}, draws=100)
    with pytest.raises(UsageError, match="Allowed: delta, monte_carlo"):
        fit.scenario({"rights_protection": "1sd"}, ci="bca")
    with pytest.raises(UsageError, match='ci="delta"'):
        ordinal.scenario({"hq": "1sd"}, ci="monte_carlo")


# --- ranking ------------------------------------------------------------------------------------------------------


def test_ranking_holds_total_effects_headrooms_and_gains(fit: ts.Fit) -> None:
    ranking = fit.levers("trust_relationship", step="+5points")
    frame = ranking.frame.set_index("lever")
    assert frame["importance"].abs().is_monotonic_decreasing
    row = frame.loc["public_opinion"]
    effects = fit.effects("public_opinion", "trust_relationship")
    total = effects.loc[effects["effect"] == "total"].iloc[0]
    assert row["importance"] == pytest.approx(total["std_all"], rel=EXACT)
    assert row["importance_se"] == pytest.approx(total["std_se"], rel=1e-8)
    assert row["headroom"] == pytest.approx(100 - row["mean_score"])
    for amount, column in (("+5points", "gain"), ("+100%", "gain_headroom")):
        other = row_of(fit.scenario({"public_opinion": amount}).changes, "trust_relationship")
        assert row[column] == pytest.approx(other["points"], rel=EXACT)
        assert row[f"{column}_lower"] == pytest.approx(other["points_lower"], rel=1e-8)
    assert row["gain_headroom"] == pytest.approx(row["gain"] * row["headroom"] / 5, rel=1e-8)


def test_a_lever_that_lowers_the_outcome_has_its_headroom_downwards() -> None:
    survey = ts.read_survey(SAMPLE, "dpt_patient").frame.dropna(subset=["hq1", "hq2", "hq3", "ii1", "ii2", "ii3"])
    turned = survey.assign(**{name: 6 - survey[name] for name in ("hq1", "hq2", "hq3")})
    model = "f =~ hq1 + hq2 + hq3\ng =~ ii1 + ii2 + ii3\ng ~ f"
    up, down = (ts.fit(model, data).levers("g").rows[0] for data in (survey, turned))
    assert down.importance.value == pytest.approx(-up.importance.value, rel=1e-5)
    assert down.headroom == pytest.approx(down.mean_score)
    assert down.headroom == pytest.approx(up.headroom)
    assert down.gain_headroom.value == pytest.approx(up.gain_headroom.value, rel=1e-5)


def test_figure_shows_the_numbers_of_the_ranking(fit: ts.Fit) -> None:
    from trustsem.plots.scenario_ranking import ranking_points

    ranking = fit.levers("interpersonal_trust")
    points = ranking_points(ranking.rows)
    assert len({point.label for point in points}) == len(points) == len(ranking.rows)
    assert [point.importance for point in points] == [row.importance.value for row in ranking.rows]
    figure = ranking.figure()
    shown = {round(x, 9) for trace in figure.data if trace.type == "scatter" for x in trace.x if x is not None}
    assert {round(row.importance.value, 9) for row in ranking.rows} <= shown
    picture = ranking.plot().svg()
    assert all(f"{row.headroom:.1f}" in picture for row in ranking.rows)
    assert all(point.label in ranking.plot().text() for point in points)


# --- ordinal items ------------------------------------------------------------------------------------------------


def test_points_of_ordinal_items_follow_from_thresholds(ordinal: ts.Fit) -> None:
    """E y = 1 + sum of P(y* > tau): at thresholds moved down by the shift of the latent response (variance 1)."""
    from scipy.special import ndtr

    changes = ordinal.scenario({"hq": "+0.8sd"}).changes
    thresholds = ordinal.thresholds()
    for construct, items in (("hq", ("hq1", "hq2", "hq3")), ("ec", ("ec1", "ec2", "ec3"))):
        row, expected = row_of(changes, construct), []
        for item in items:
            tau = thresholds.loc[thresholds["item"] == item, "est"].to_numpy()
            shift = value(ordinal, construct, "=~", item) * row["units"]
            expected.append(25 * (ndtr(shift - tau).sum() - ndtr(-tau).sum()))
        assert row["points"] == pytest.approx(np.mean(expected), rel=1e-9)


def test_a_step_in_points_of_ordinal_items_is_solved_and_has_an_end(ordinal: ts.Fit) -> None:
    own = row_of(ordinal.scenario({"hq": "+20points"}).changes, "hq")
    assert own["points"] == pytest.approx(20, abs=1e-8)
    with pytest.raises(EffectError, match="cannot move by 90 points"):
        ordinal.scenario({"hq": "+90points"})


# --- refusals and findings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levers", "error", "said"),
    [
        ({}, UsageError, "needs levers"),
        ({"rights_protection": "lots", "social_trust": "+1 mile"}, UsageError, "social_trust"),
        ({"rights_protection": True}, UsageError, "no amount"),
        ({"rights_protection": float("nan")}, UsageError, "no amount"),
        ({"rights_protections": "1sd"}, EffectError, "Did you mean 'rights_protection'"),
        ({"media_reports_fairly": "1sd"}, EffectError, "Did you mean 'media_report_fairly'"),
        ({"rp1": "1sd"}, EffectError, "is an item"),
        ({"clinics_remove_barriers": "1sd"}, EffectError, "the model has none of these"),
    ],
)
def test_levers_that_are_none_are_refused(fit: ts.Fit, levers: dict, error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        fit.scenario(levers)


def test_an_outcome_upstream_is_refused(fit: ts.Fit) -> None:
    with pytest.raises(EffectError, match="Constructs that reach it: group_identity, social_trust"):
        fit.scenario({"rights_protection": "1sd"}, outcome="social_knowledge")
    with pytest.raises(EffectError, match="Did you mean 'trust_relationship'"):
        fit.levers("trust_relation")
    with pytest.raises(EffectError, match="No path leads"):
        fit.levers("rights_protection")
    with pytest.raises(UsageError, match="hold"):
        fit.scenario({"rights_protection": "1sd"}, intervention="do")


def test_an_outcome_limits_the_rows(fit: ts.Fit) -> None:
    changes = fit.scenario({"rights_protection": "1sd"}, outcome="trust_relationship").changes
    assert changes["construct"].tolist() == ["rights_protection", "trust_relationship"]


def codes(result) -> set[str]:
    return {finding.code for finding in result.findings}


def test_steps_that_go_too_far_are_said(fit: ts.Fit) -> None:
    near = codes(fit.scenario({"rights_protection": "+2sd"}))
    assert not near & {"large-step", "beyond-scale"}
    assert codes(fit.scenario({"rights_protection": "+2.1sd"})) >= {"large-step"}
    far = fit.scenario({"rights_protection": "+50points"})
    (finding,) = [finding for finding in far.findings if finding.code == "beyond-scale"]
    assert "only 37.4 points are left" in finding.message
    assert "moved-twice" in codes(fit.scenario({"rights_protection": "1sd", "mediators_settle": "1sd"}))


def test_assumptions_fit_what_was_asked(fit: ts.Fit) -> None:
    plain = " ".join(fit.scenario({"rights_protection": "1sd"}).assumptions)
    assert "synthetic sample" in plain
    assert "come to rest" in plain
    assert "pushed" not in plain  # nothing that is moved has a cause
    pushed = " ".join(fit.scenario({"interpersonal_trust": "1sd"}).assumptions)
    assert "can exceed the step" in pushed
    held = " ".join(fit.scenario({"interpersonal_trust": "1sd"}, intervention="hold").assumptions)
    assert "whatever its causes do" in held
    assert "come to rest" not in held  # the loop is cut


LOOP = """
    f =~ x1 + x2 + x3
    g =~ y1 + y2 + y3
    a =~ u1 + u2 + u3
    b =~ v1 + v2 + v3
    c =~ w1 + w2 + w3
    f ~ {gain}*g + a
    g ~ {gain}*f + b
    c ~ b
"""


def test_an_unstable_loop_has_no_scenario() -> None:
    """Arrows fixed at 1.2: whatever runs through them is refused, the rest and a hold that cuts them is not."""
    rng = np.random.default_rng(3)
    names = [f"{stem}{k}" for stem in "xyuvw" for k in (1, 2, 3)]
    factors = np.repeat(rng.standard_normal((400, 5)), 3, axis=1)
    data = dict(zip(names, (factors + 0.5 * rng.standard_normal((400, 15))).T, strict=True))
    fit = ts.fit(LOOP.format(gain=1.2), pd.DataFrame(data))
    assert fit.converged
    with pytest.raises(EffectError, match="does not settle") as caught:
        fit.scenario({"a": "1sd"})
    assert (caught.value.exit_code, caught.value.code) == (16, "unstable-loop")
    with pytest.raises(EffectError, match="does not settle"):
        fit.levers("g")
    assert len(fit.scenario({"f": 0.1}, intervention="hold").changes) == 2


def test_without_a_codebook_the_observed_range_stands_in_and_is_said() -> None:
    frame = ts.read_survey(SAMPLE, "dpt_patient").frame
    model = "f =~ hq1 + hq2 + hq3\ng =~ ii1 + ii2 + ii3\ng ~ f"
    own = ts.fit(model, frame).scenario({"f": "1sd"})
    assert "observed-range" in codes(own)
    with_book = ts.fit(model, ts.read_survey(SAMPLE, "dpt_patient")).scenario({"f": "1sd"})
    assert "observed-range" not in codes(with_book)
    assert own.changes["points"].to_numpy() == pytest.approx(with_book.changes["points"].to_numpy())  # 1..5 were used
    turned = ts.fit(model, frame.assign(ii3=6 - frame["ii3"])).scenario({"f": "1sd"})
    (finding,) = [finding for finding in turned.findings if finding.code == "observed-range"]
    assert "Turned, because their loading is negative: ii3" in finding.message
    assert turned.changes["points"].to_numpy() == pytest.approx(own.changes["points"].to_numpy(), rel=1e-5)


def test_an_item_against_its_construct_is_said() -> None:
    survey = ts.read_survey(SAMPLE, "dpt_patient")
    wrong = dataclasses.replace(survey, frame=survey.frame.assign(ii3=6 - survey.frame["ii3"]))
    result = ts.fit("f =~ hq1 + hq2 + hq3\ng =~ ii1 + ii2 + ii3\ng ~ f", wrong).scenario({"f": "1sd"})
    assert "item-against-its-construct" in codes(result)


def test_moments_give_standard_deviations_and_a_reason_for_no_points(fit: ts.Fit) -> None:
    implied = fit.implied().cov
    other = ts.fit("trust_formation", sample_cov=implied * 1085 / 1084, n_obs=1085)
    changes = other.scenario({"rights_protection": "+0.5sd"}).changes
    own = fit.scenario({"rights_protection": "+0.5sd"}).changes
    assert changes["sd"].to_numpy() == pytest.approx(own["sd"].to_numpy(), rel=1e-4)
    assert changes["points"].isna().all()
    assert set(changes["note"]) == {"the fit was made from moments: the scales of the answers are not known"}
    with pytest.raises(EffectError, match="no 0-100 score"):
        other.scenario({"rights_protection": "+5points"})


def test_an_inadmissible_fit_is_said_and_a_factor_without_variance_refused() -> None:
    rng = np.random.default_rng(11)
    f = rng.standard_normal(300)
    g = -f + 0.3 * rng.standard_normal(300)
    columns = {f"x{k}": f + 0.6 * rng.standard_normal(300) for k in (1, 2, 3)}
    columns |= {f"y{k}": g + 0.6 * rng.standard_normal(300) for k in (1, 2, 3)}
    fit = ts.fit("f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\ng ~ f\ng ~~ -0.2*g", pd.DataFrame(columns))
    assert not fit.admissible
    assert "scenario-inadmissible" in codes(fit.scenario({"f": "0.5sd"}))


def test_a_construct_without_a_positive_variance_has_no_step_in_sd() -> None:
    """psi = c12 c13 / c23 = .3 * .3 / -.2 = -.45."""
    names = ["x1", "x2", "x3", "y"]
    cov = [[1, 0.3, 0.3, -0.135], [0.3, 1, -0.2, 0.09], [0.3, -0.2, 1, 0.09], [-0.135, 0.09, 0.09, 1]]
    fit = ts.fit("f =~ x1 + x2 + x3\ny ~ f", sample_cov=pd.DataFrame(cov, names, names), n_obs=500)
    assert value(fit, "f", "~~", "f") == pytest.approx(-0.45, abs=0.01)
    with pytest.raises(EffectError, match="not positive"):
        fit.scenario({"f": "0.5sd"})
    row = row_of(fit.scenario({"f": 1}).changes, "f")
    assert np.isnan(row["sd"])


def test_a_fit_without_errors_has_no_intervals() -> None:
    bare = ts.fit("trust_formation", SAMPLE, se="none")
    result = bare.scenario({"rights_protection": "1sd"})
    assert result.changes["sd_se"].isna().all()
    assert "scenario-without-errors" in codes(result)


def test_products_are_refused() -> None:
    frame = ts.read_survey(SAMPLE, "dpt_patient").frame
    fit = ts.fit("g =~ ii1 + ii2 + ii3\ng ~ hq1 + ms1 + hq1:ms1", frame)
    with pytest.raises(EffectError, match="multiplies variables"):
        fit.scenario({"hq1": "1sd"})


# --- groups, second order, observed variables ---------------------------------------------------------------------


def test_groups_get_rows_of_their_own() -> None:
    fit = ts.fit("care_setting", ts.samples_dir() / "trust_settings.csv")
    result = fit.scenario({"rights_protection": "+0.5sd"})
    changes = result.changes
    assert set(changes["group_label"]) == set(fit.group_labels)
    for group in (1, 2):
        effects = fit.effects("rights_protection", "interpersonal_trust")
        total = effects.loc[(effects["effect"] == "total") & (effects["group"] == group)].iloc[0]
        row = row_of(changes, "interpersonal_trust", group)
        assert row["sd"] == pytest.approx(0.5 * total["std_all"], rel=EXACT)
        assert row["sd_se"] == pytest.approx(0.5 * total["std_se"], rel=1e-8)
    ranking = fit.levers("interpersonal_trust")
    assert set(ranking.frame["group"]) == {1, 2}
    assert len({point.label for point in _points(ranking)}) == len(ranking.rows)


def _points(ranking):
    from trustsem.plots.scenario_ranking import ranking_points

    return ranking_points(ranking.rows)


def test_a_factor_of_factors_without_items_is_scored_by_theirs() -> None:
    model = """
        a =~ hq1 + hq2 + hq3
        b =~ iq1 + iq2 + iq3
        c =~ ms1 + ms2 + ms3
        top =~ a + b + c
        ii =~ ii1 + ii2 + ii3
        ii ~ top
    """
    fit = ts.fit(model, ts.read_survey(SAMPLE, "dpt_patient"))
    changes = fit.scenario({"top": "+5points"}).changes
    assert row_of(changes, "top")["points"] == pytest.approx(5)
    parts = [row_of(changes, name)["points"] for name in ("a", "b", "c")]
    assert np.mean(parts) == pytest.approx(5)


def test_observed_predictors_move_in_their_own_units() -> None:
    fit = ts.fit("individual_differences", SAMPLE)
    result = fit.scenario({"education": 1})
    row = row_of(result.changes, "interpersonal_trust")
    frame = fit.estimates
    own = frame.loc[(frame["lhs"] == "interpersonal_trust") & (frame["rhs"] == "education")].iloc[0]
    assert row["units"] == pytest.approx(own["est"] + _indirect(fit), rel=1e-8)
    assert np.isnan(row_of(result.changes, "education")["points"])
    assert "no-score" in codes(result)
    ranking = fit.levers("interpersonal_trust")
    assert "covariates-not-ranked" in codes(ranking)
    ranked = ranking.frame["lever"].tolist()
    assert "education" not in ranked
    assert "humanistic_quality" in ranked  # only covariates point at it
    assert "interpersonal_interaction" not in ranked


def _indirect(fit: ts.Fit) -> float:
    effects = fit.effects("education", "interpersonal_trust")
    return float(effects.loc[effects["effect"] == "total indirect", "est"].sum())


def test_incomplete_rows_and_equality_constraints_are_supported() -> None:
    fit = ts.fit("interpersonal_path", SAMPLE, missing="fiml")
    changes = fit.scenario({"rights_protection": "+0.5sd"}).changes
    assert changes["points"].notna().all()
    text = """
        f =~ hq1 + hq2 + hq3
        m =~ ii1 + ii2 + ii3
        y =~ ec1 + ec2 + ec3
        m ~ a*f
        y ~ a*m
    """
    equal = ts.fit(text, ts.read_survey(SAMPLE, "dpt_patient"))
    row = row_of(equal.scenario({"f": 1}).changes, "y")
    a = equal.estimates.loc[equal.estimates["label"] == "a"].iloc[0]
    assert row["units"] == pytest.approx(a["est"] ** 2, rel=EXACT)
    assert row["units_se"] == pytest.approx(2 * a["est"] * a["se"], rel=1e-8)
