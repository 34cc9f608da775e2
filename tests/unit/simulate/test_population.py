"""Populations written as model text: what they imply, what is refused, what samples tend to."""

from __future__ import annotations

import numpy as np
import pytest

from trustsem.errors import ModelError, UsageError
from trustsem.simulate import Population

LOOP = """
f =~ 0.8*x1 + 0.7*x2
g =~ 0.9*y1 + 0.6*y2
f ~ 0.25*g + 0.5*a
g ~ 0.30*f + 0.5*b
f ~~ 0.1*g
"""
# Five standard errors of a correlation at n = 200,000 are .011.
SAMPLING = 0.012


def test_recursive_model_by_hand():
    population = Population.from_syntax(
        "f =~ 1*x1 + 0.8*x2\nf ~ 0.5*z\nz ~~ 4*z\nf ~~ 1*f\nx1 ~~ 0.5*x1\nx2 ~~ 0.7*x2\nz ~ 3*1\nx1 ~ 1*1"
    )
    at = {name: i for i, name in enumerate(population.names)}
    assert population.cov[at["f"], at["f"]] == pytest.approx(0.25 * 4 + 1)
    assert population.cov[at["x1"], at["x2"]] == pytest.approx(0.8 * 2)
    assert population.cov[at["x1"], at["x1"]] == pytest.approx(2.5)
    assert population.mean[at["f"]] == pytest.approx(1.5)
    assert population.mean[at["x1"]] == pytest.approx(2.5)
    assert population.mean[at["x2"]] == pytest.approx(1.2)


def test_standardized_loop_gives_unit_variances_and_its_reduced_form():
    population = Population.from_syntax(LOOP, standardized=True)
    np.testing.assert_allclose(np.diag(population.cov), 1.0, atol=1e-12)
    at = {name: i for i, name in enumerate(population.names)}
    # a reaches g only through f, and through the loop again: .5 * .3 / (1 - .3 * .25)
    assert population.cov[at["a"], at["f"]] == pytest.approx(0.5 / (1 - 0.075))
    assert population.cov[at["a"], at["g"]] == pytest.approx(0.5 * 0.3 / (1 - 0.075))


def test_draws_converge_to_the_population():
    population = Population.from_syntax(LOOP + "x1 ~ 2*1", standardized=True)
    sample = population.draw(200_000, np.random.default_rng(11))
    assert np.abs(np.cov(sample, rowvar=False) - population.observed_cov).max() < SAMPLING
    assert np.abs(sample.mean(axis=0) - population.observed_mean).max() < SAMPLING


def test_singular_population_can_be_drawn():
    population = Population.from_syntax("x ~~ 1*x\ny ~ 2*x\ny ~~ 0*y")
    sample = population.draw(50, np.random.default_rng(3))
    x, y = (sample[:, population.observed.index(name)] for name in ("x", "y"))
    np.testing.assert_allclose(y, 2 * x, atol=1e-6)


def test_same_seed_same_draws():
    population = Population.from_syntax(LOOP, standardized=True)
    one, other = (population.draw(5, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_all_faults_are_listed_with_their_place():
    with pytest.raises(ModelError, match="not complete") as caught:
        Population.from_syntax("f =~ x1 + 0.5*x2\nf ~ b*g\nx1 ~ 1")
    faults = "\n".join(caught.value.faults)
    assert "line 1" in faults
    assert "f ~ g has no value" in faults
    assert "the mean of x1 has no value" in faults
    assert "x2 has no (residual) variance" in faults
    assert len(caught.value.faults) == 7


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("f =~ 0.9*x1 + 0.8*x2\nf ~ 1.2*z", "more than all of: f"),
        ("x ~~ 0.5*y + 0.9*z\ny ~~ -0.9*z", "contradict each other"),
        ("x ~ 2*y\ny ~ 0.6*x\nx ~~ 1*x\ny ~~ 1*y", "does not settle"),
        ("y ~ 0.4*x1:x2", "multiplies variables"),
        ("f =~ 0.5*x1 + 0.5*x2\nf ~~ a*f\na == 1", "no constraint"),
    ],
)
def test_impossible_populations_are_refused(text: str, phrase: str):
    with pytest.raises(ModelError) as caught:
        Population.from_syntax(text, standardized=True)
    assert phrase in str(caught.value)


def test_unstandardised_text_needs_all_variances():
    with pytest.raises(ModelError, match="standardized=True"):
        Population.from_syntax("f =~ 0.8*x1 + 0.7*x2")


def test_arrays_cannot_be_changed():
    population = Population.from_syntax(LOOP, standardized=True)
    with pytest.raises(ValueError, match="read-only"):
        population.cov[0, 0] = 2.0


def test_a_draw_needs_a_respondent():
    with pytest.raises(UsageError, match="one respondent"):
        Population.from_syntax(LOOP, standardized=True).draw(0, np.random.default_rng(1))
