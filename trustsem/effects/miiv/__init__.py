"""Model-implied instrumental variables, two-stage least squares (MIIV-2SLS): an estimator equation by equation."""

from trustsem.effects.miiv.equations import ObservedEquation, observed_equations, scale_variables
from trustsem.effects.miiv.estimates import EquationEstimate, miiv_estimates
from trustsem.effects.miiv.two_stage import WEAK_F, FirstStage, TwoStage, first_stage, two_stage_least_squares

__all__ = [
    "WEAK_F",
    "EquationEstimate",
    "FirstStage",
    "ObservedEquation",
    "TwoStage",
    "first_stage",
    "miiv_estimates",
    "observed_equations",
    "scale_variables",
    "two_stage_least_squares",
]
