"""What models make of a population: the truth where they are true, the nearest parameters where they are not."""

from __future__ import annotations

import pytest

from trustsem.simulate import Population, pseudo_true_parameters
from trustsem.spec.build import build_table
from trustsem.syntax import parse_model

TRUE = """
f =~ 1*x1 + 0.8*x2 + 0.7*x3
g =~ 1*y1 + 0.9*y2 + 0.6*y3
f ~ 0.4*a + 0.25*g
g ~ 0.5*b + 0.30*f
f ~~ 0.1*g
a ~~ 1*a + 0.3*b
b ~~ 1*b
f ~~ 0.6*f
g ~~ 0.5*g
x1 ~~ 0.5*x1
x2 ~~ 0.5*x2
x3 ~~ 0.5*x3
y1 ~~ 0.4*y1
y2 ~~ 0.4*y2
y3 ~~ 0.4*y3
"""
MODEL = """
f =~ x1 + x2 + x3
g =~ y1 + y2 + y3
f ~ a + back*g
g ~ b + forth*f
gain := back*forth
double := 2*gain
"""


def test_a_true_model_gets_its_parameters_back():
    population = Population.from_syntax(TRUE)
    truth = pseudo_true_parameters(
        build_table(parse_model(MODEL + "f ~~ g")), population.observed, population.observed_cov
    )
    values = dict(zip(truth.names, truth.values, strict=True))
    assert values["f~g"] == pytest.approx(0.25, abs=1e-5)
    assert values["g~f"] == pytest.approx(0.30, abs=1e-5)
    assert values["f~~g"] == pytest.approx(0.10, abs=1e-5)
    assert values["g=~y3"] == pytest.approx(0.60, abs=1e-5)
    assert truth.defined == pytest.approx({"gain": 0.075, "double": 0.15}, abs=1e-5)
    assert truth.discrepancy == pytest.approx(0, abs=1e-9)
    assert truth.admissible


def test_a_wrong_model_shows_its_distance():
    population = Population.from_syntax(TRUE)
    wrong = build_table(parse_model(MODEL.replace(" + back*g", "").split("gain")[0] + "f ~~ 0*g"))
    truth = pseudo_true_parameters(wrong, population.observed, population.observed_cov)
    values = dict(zip(truth.names, truth.values, strict=True))
    assert truth.discrepancy > 0.02
    assert truth.rmsea is not None
    assert truth.rmsea == pytest.approx((truth.discrepancy / truth.df) ** 0.5)
    # Both what the arrow back and the shared causes do is read as the arrow that is left.
    assert values["g~f"] > 0.35


def test_a_saturated_model_has_no_rmsea():
    population = Population.from_syntax("y ~ 0.5*x\nx ~~ 1*x\ny ~~ 1*y")
    truth = pseudo_true_parameters(build_table(parse_model("y ~ x")), population.observed, population.observed_cov)
    assert truth.rmsea is None
    assert truth.values[0] == pytest.approx(0.5)
