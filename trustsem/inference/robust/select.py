"""Which robust pieces a fit has, by its estimator and its data."""

from __future__ import annotations

import numpy as np

from trustsem.discrepancy import NormalWeight
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective
from trustsem.implied import sigma_jacobian
from trustsem.inference.information import ObservedInformation
from trustsem.inference.robust.complete import CompletePieces
from trustsem.inference.robust.dense import DensePieces, GroupMatrices
from trustsem.inference.robust.incomplete import IncompletePieces
from trustsem.inference.robust.normal import normal_gamma
from trustsem.inference.robust.pieces import H1Information, RobustPieces, open_directions
from trustsem.moments.adf import adf_gamma


def robust_pieces(
    estimate: Estimate,
    h1: H1Information,
    *,
    normal_theory: bool = False,
    observed_by: ObservedInformation = ObservedInformation.HESSIAN,
) -> RobustPieces:
    """Return bread, meat and traces of a fit.

    Args:
        estimate: End of the optimisation; its moments carry their cases.
        h1: Where V of a likelihood is evaluated; least squares has its own V.
        normal_theory: Gamma of normal data at the sample moments instead of the distribution-free one.
        observed_by: What the observed information of a likelihood is.
    """
    if isinstance(estimate.objective, CategoricalObjective):
        return _ordinal(estimate, estimate.objective)
    discrepancy, groups = estimate.objective.discrepancy, estimate.objective.moments.groups
    if discrepancy.name == "FIML":
        return IncompletePieces(estimate, h1, observed_by)
    two_stage = any(sample.moment_gamma is not None for sample in groups)
    if discrepancy.is_likelihood and not normal_theory and not two_stage:
        return CompletePieces(estimate, h1, observed_by)
    return _weighted(estimate, h1, normal_theory)


def _ordinal(estimate: Estimate, objective: CategoricalObjective) -> DensePieces:
    directions = open_directions(estimate)
    point = objective.expand_at(objective.implied(estimate.x))
    matrices = []
    for share, sample, jacobian in zip(objective.weights, objective.moments.groups, point.jacobians, strict=True):
        assert sample.categorical is not None
        assert sample.categorical.gamma is not None
        assert sample.moment_weight is not None
        none = np.array([], dtype=np.intp)
        matrices.append(
            GroupMatrices(
                share, jacobian @ directions, sample.moment_weight, sample.categorical.gamma, none, len(sample.names)
            )
        )
    return DensePieces(estimate, tuple(matrices))


def _weighted(estimate: Estimate, h1: H1Information, normal_theory: bool) -> DensePieces:
    objective = estimate.objective
    meanstructure = objective.layout.meanstructure
    directions = open_directions(estimate)
    matrices = []
    point = objective.expand(estimate.x)
    for group, sample, layout in zip(point.groups, objective.moments.groups, objective.layout.groups, strict=True):
        weight = group.expansion.weight
        if sample.moment_gamma is not None:
            gamma = sample.moment_gamma
            if h1 is H1Information.UNSTRUCTURED:
                weight = NormalWeight(sample.inverse, sample.inverse if meanstructure else None)
        elif normal_theory:
            gamma = normal_gamma(sample, meanstructure=meanstructure)
        else:
            assert sample.cases is not None
            gamma = adf_gamma(sample.cases, meanstructure=meanstructure, exogenous=layout.exogenous)
        matrices.append(
            GroupMatrices(
                group.weight,
                sigma_jacobian(group.derivatives, meanstructure=meanstructure) @ directions,
                weight.dense() if isinstance(weight, NormalWeight) else weight.matrix,
                gamma,
                layout.exogenous,
                len(sample.names),
            )
        )
    return DensePieces(estimate, tuple(matrices))
