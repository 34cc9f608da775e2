"""What arrows of a loop rest on: instruments, first stage, stability and its slope, the variant of the covariance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.effects.draws import stability_in_draws
from trustsem.effects.graph import feedback_block, structural_graph
from trustsem.effects.loop_arrows import LoopBasis, loop_bases
from trustsem.effects.loop_draws import drawn_interval, loop_draws
from trustsem.effects.loops import stability
from trustsem.implied import implied_moments
from trustsem.spec.build import build_table
from trustsem.spec.disturbances import covariance_is_free, with_covariance
from trustsem.syntax import parse_model

PAIR = "y1 ~ y2 + z1\ny2 ~ y1 + z2\ny1 ~~ y2"
TRIPLE = "y1 ~ y3 + z1\ny2 ~ y1 + z2\ny3 ~ y2 + y1 + z3\ny1 ~~ y2 + y3\ny2 ~~ y3"


def observed_loop(n: int, arrows: np.ndarray, causes: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    k = len(arrows)
    z, e = rng.normal(size=(n, k)), rng.normal(size=(n, k))
    y = (causes * z + e) @ np.linalg.inv(np.eye(k) - arrows).T
    names = [f"y{i + 1}" for i in range(k)] + [f"z{i + 1}" for i in range(k)]
    return pd.DataFrame(np.column_stack([y, z]), columns=names)


def pair_data(n: int = 500, seed: int = 1) -> pd.DataFrame:
    return observed_loop(n, np.array([[0, 0.3], [0.25, 0]]), 0.6, seed)


def triple_data() -> pd.DataFrame:
    return observed_loop(900, np.array([[0, 0, 0.3], [0.4, 0, 0], [-0.2, 0.35, 0]]), 0.6, 2)


def bases(fit: ts.Fit) -> tuple[LoopBasis, ...]:
    estimate = fit.fitted.estimate
    layout = estimate.objective.layout
    implied = estimate.objective.implied(estimate.x)[0]
    return loop_bases(layout.groups[0], implied, layout.n_free, fit.fitted.covariance.matrix, fit.n_obs)


def test_first_stage_of_observed_variables_is_the_regression_f() -> None:
    """A saturated model reproduces the sample's moments, so the F is that of least squares on the rows."""
    data = pair_data()
    (loop,) = bases(ts.fit(PAIR, data))
    arrow = {item.predictor: item for item in loop.arrows}["y2"]
    assert arrow.instruments == ("z2",)
    centred = data - data.mean()

    def left(names: list[str]) -> float:
        x, y = centred[names].to_numpy(), centred["y2"].to_numpy()
        return float(((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum())

    full = left(["z1", "z2"])
    assert arrow.f == pytest.approx((left(["z1"]) - full) / (full / (500 - 3)), rel=1e-6)
    assert arrow.partial_r2 == pytest.approx(1 - full / left(["z1"]), rel=1e-6)


def test_wald_f_of_one_instrument_is_its_z_squared() -> None:
    fit = ts.fit(PAIR, pair_data())
    (loop,) = bases(fit)
    z = fit.estimates.query("lhs == 'y2' and rhs == 'z2'")["z"].iloc[0]
    assert {a.predictor: a.wald_f for a in loop.arrows}["y2"] == pytest.approx(z**2)


def test_what_the_outcome_has_itself_or_shares_a_disturbance_with_is_no_instrument() -> None:
    data = pair_data()
    both = ts.fit("y1 ~ y2 + z1 + z2\ny2 ~ y1 + z2\ny1 ~~ 0*y2", data)
    found = {arrow.outcome: arrow for arrow in bases(both)[0].arrows}
    assert found["y1"].instruments == ()
    assert found["y1"].is_weak
    assert found["y1"].f is None
    latent = "m =~ z2\n" + PAIR.replace("z2", "m") + "\nm ~~ y1"  # the cause of y2 shares causes with y1
    arrows = {arrow.outcome: arrow for arrow in bases(ts.fit(latent.replace("y1 ~~ y2\n", ""), data))[0].arrows}
    assert arrows["y1"].instruments == ()
    assert arrows["y2"].instruments == ("z1",)


def test_instruments_upstream_count_where_the_nearer_cause_is_no_valid_one() -> None:
    rng = np.random.default_rng(5)
    u, e = rng.normal(size=(2000, 1)), rng.normal(size=(2000, 5))
    w, z1 = e[:, 0], e[:, 1]
    m = 0.7 * w + e[:, 2] + u[:, 0]
    y = np.column_stack([z1 + e[:, 3] + u[:, 0], 0.6 * m + e[:, 4]]) @ np.linalg.inv(
        np.eye(2) - np.array([[0, 0.3], [0.25, 0]])
    ).T  # fmt: skip
    data = pd.DataFrame(np.column_stack([y, m, w, z1]), columns=["y1", "y2", "m", "w", "z1"])
    fit = ts.fit("m ~ w\ny1 ~ y2 + z1\ny2 ~ y1 + m\ny1 ~~ m\ny1 ~~ y2", data)
    arrows = {arrow.outcome: arrow for arrow in bases(fit)[0].arrows}
    assert arrows["y1"].instruments == ("w",)
    assert arrows["y1"].wald_f is None  # its way into the loop is through m
    assert arrows["y1"].strength == arrows["y1"].f


def test_stability_and_its_slope() -> None:
    """Against all eigenvalues of all arrows, and finite differences."""
    fit = ts.fit(TRIPLE, triple_data())
    estimate = fit.fitted.estimate
    layout = estimate.objective.layout
    group = layout.groups[0]
    block = feedback_block(structural_graph(group), group.names.index("y1"))
    assert [group.names[k] for k in block] == ["y1", "y2", "y3"]
    theta, step = estimate.theta, 1e-6
    value, slope = stability(group, implied_moments(group, theta), block, layout.n_free)
    assert value == pytest.approx(np.abs(np.linalg.eigvals(implied_moments(group, theta).paths)).max())
    numeric = np.zeros(len(theta))
    for k in range(len(theta)):
        shift = np.eye(len(theta))[k] * step
        above, below = (
            stability(group, implied_moments(group, theta + s), block, layout.n_free)[0] for s in (shift, -shift)
        )
        numeric[k] = (above - below) / (2 * step)
    assert slope == pytest.approx(numeric, abs=1e-7)


def test_two_loops_of_one_block_share_their_stability() -> None:
    fit = ts.fit(TRIPLE, triple_data())
    found = bases(fit)
    assert {loop.members for loop in found} == {("y1", "y3"), ("y1", "y2", "y3")}
    assert {loop.block for loop in found} == {("y1", "y2", "y3")}
    assert len({loop.stability_index for loop in found}) == 1


def test_stability_in_draws_is_that_of_every_eigenvalue() -> None:
    drawn = ts.fit(TRIPLE, triple_data()).monte_carlo(50, seed=3)
    paths = drawn.raw.stacks[0].paths.copy()
    paths[7] = np.nan
    found = stability_in_draws(paths)
    assert np.isnan(found[7])
    kept = np.delete(np.arange(50), 7)
    assert found[kept] == pytest.approx(np.abs(np.linalg.eigvals(paths[kept])).max(axis=1))
    assert (stability_in_draws(np.zeros((3, 4, 4))) == 0).all()


def test_draws_that_do_not_settle_are_counted_and_have_no_effects() -> None:
    drawn = ts.fit(PAIR, pair_data()).monte_carlo(200, seed=4)
    stack = drawn.raw.stacks[0]
    stack.paths[:20, 0, 1] = 5.0  # y2 -> y1
    stack.paths[:20, 1, 0] = 0.5
    names = drawn.fit.fitted.table.variables.observed
    members = [names.index("y1"), names.index("y2")]
    draws = loop_draws(stack, members, members, members, members)
    assert draws.settled_share == pytest.approx(0.9)
    assert draws.unstable_share == pytest.approx(0.1)
    assert np.isnan(draws.totals[:20]).all()
    assert np.isfinite(draws.totals[20:]).all()
    assert draws.gain[:20] == pytest.approx(2.5)
    assert drawn_interval(draws.stability).upper > 1  # unstable draws stay in the interval of the index
    assert np.isnan(drawn_interval(np.full(5, np.nan)).se)


def test_an_unstable_loop_upstream_leaves_no_effects() -> None:
    """w1 <-> w2 does not settle; the loop y1 <-> y2 behind it does, but what enters it has no equilibrium."""
    rng = np.random.default_rng(6)
    z, e = rng.normal(size=(900, 4)), rng.normal(size=(900, 4))
    w = (z[:, :2] + e[:, :2]) @ np.linalg.inv(np.eye(2) - np.array([[0, 1.6], [1.4, 0]])).T
    inputs = np.column_stack([0.6 * z[:, 2] + 0.5 * w[:, 0], 0.6 * z[:, 3]]) + e[:, 2:]
    y = inputs @ np.linalg.inv(np.eye(2) - np.array([[0, 0.3], [0.25, 0]])).T
    data = pd.DataFrame(np.column_stack([y, w, z]), columns=["y1", "y2", "w1", "w2", "z1", "z2", "z3", "z4"])
    model = "w1 ~ w2 + z1\nw2 ~ w1 + z2\nw1 ~~ w2\ny1 ~ y2 + z3 + w1\ny2 ~ y1 + z4\ny1 ~~ y2"
    analysis = ts.fit(model, data).loop_analysis(100, seed=1)
    behind = next(loop for loop in analysis.loops if loop.evidence.basis.members == ("y1", "y2"))
    assert behind.evidence.basis.is_stable
    assert behind.evidence.unstable_share == 0
    assert behind.evidence.settled_share == 0
    assert all(np.isnan(effect.est) for effect in behind.evidence.effects)


# --- the variant of the disturbance covariance ------------------------------------------------------------------------


def table(text: str):
    return build_table(parse_model(text))


def test_a_covariance_is_fixed_and_freed_again() -> None:
    free = table(PAIR)
    assert covariance_is_free(free, "y2", "y1")
    zero = with_covariance(free, "y2", "y1", free=False)
    assert zero is not None
    assert not covariance_is_free(zero, "y1", "y2")
    assert zero.n_parameters == free.n_parameters - 1
    again = with_covariance(zero, "y1", "y2", free=True)
    assert again is not None
    assert [row.key for row in again.free_rows] == [row.key for row in free.free_rows]


def test_a_covariance_that_is_not_written_is_added() -> None:
    bare = table("y1 ~ y2 + z1\ny2 ~ y1 + z2")
    freed = with_covariance(bare, "y1", "y2", free=True)
    assert freed is not None
    assert freed.n_parameters == bare.n_parameters + 1
    assert covariance_is_free(freed, "y1", "y2")


def test_constraints_keep_their_parameters() -> None:
    equal = table("y1 ~ a*y2 + z1\ny2 ~ b*y1 + z2\ny1 ~~ y2\na == b")
    zero = with_covariance(equal, "y1", "y2", free=False)
    assert zero is not None
    names = [row.key for row in zero.free_rows]
    (constraint,) = zero.constraints.matrix
    assert {names[k] for k in np.flatnonzero(constraint)} == {"y1~y2", "y2~y1"}
    tied = table("y1 ~ a*y2 + z1\ny2 ~ y1 + z2\ny1 ~~ c*y2\na == c")
    assert with_covariance(tied, "y1", "y2", free=False) is None
    below = table("y1 ~ a*y2 + z1\ny2 ~ y1 + z2\ny1 ~~ c*y2\na > c")
    assert with_covariance(below, "y1", "y2", free=False) is None
    of_others = table("y1 ~ abc*y2 + z1\ny2 ~ y1 + z2\ny1 ~~ c*y2\nabc > -1")
    assert with_covariance(of_others, "y1", "y2", free=False) is not None


def test_the_variant_is_what_a_text_would_fit() -> None:
    data = pair_data()
    analysis = ts.fit(PAIR, data).loop_analysis(100, seed=1)
    written = ts.fit(PAIR.replace("y1 ~~ y2", "y1 ~~ 0*y2"), data)
    ours = analysis.frame.set_index(["outcome", "predictor"])["est_zero"]
    theirs = written.estimates.query("op == '~'").set_index(["lhs", "rhs"])["est"]
    for pair in (("y1", "y2"), ("y2", "y1")):
        assert ours[pair] == pytest.approx(theirs[pair], abs=1e-6)
    variants = analysis.loops[0].evidence.variants
    assert variants.chisq_diff == pytest.approx(written.fit_measures["chisq"], abs=1e-6)
    assert variants.df_diff == 1
