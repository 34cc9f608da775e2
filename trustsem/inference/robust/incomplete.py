"""Robust pieces of full-information maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.fiml import fiml_case_scores
from trustsem.estimate.objective import GroupPoint
from trustsem.implied import GroupLayout, sigma_jacobian
from trustsem.inference.information import ObservedInformation
from trustsem.inference.robust.dense import DensePieces, GroupMatrices
from trustsem.inference.robust.pieces import (
    H1Information,
    PiecesAtEstimate,
    Traces,
    trace_of_quotient,
    unit_information,
)
from trustsem.inference.saturated import first_order_information, moment_information, saturated_covariance
from trustsem.moments import SampleGroup
from trustsem.moments.adf import crossproduct_of_groups, free_moments
from trustsem.moments.incomplete import Curvature

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IncompletePieces(PiecesAtEstimate):
    """Pieces of full-information maximum likelihood (`RobustPieces`)."""

    def bread(self, *, observed: bool) -> FloatArray:
        """Return the Hessian of F/2, exact, or expected with the patterns as given."""
        if observed and self.observed_by is ObservedInformation.H1:
            return self.moment_bread(observed=True)
        return self._hessian if observed else unit_information(self.estimate, observed=False)

    @cached_property
    def _hessian(self) -> FloatArray:
        return unit_information(self.estimate, observed=True)

    def moment_bread(self, *, observed: bool) -> FloatArray:
        """Return D' V D, V the information of the saturated moments at the implied ones."""
        objective = self.estimate.objective
        kind, total = Curvature.OBSERVED if observed else Curvature.EXPECTED, 0.0
        for point, sample in zip(self.point.groups, objective.moments.groups, strict=True):
            assert sample.cases is not None
            weight = moment_information(sample.cases.patterns, *self._moments(point, sample), kind)
            jacobian = sigma_jacobian(point.derivatives, meanstructure=True) @ self.directions
            total = total + point.weight * (jacobian.T @ weight @ jacobian)
        return np.asarray(total)

    def score_meat(self) -> FloatArray:
        """Return the mean product of casewise scores; those of a cluster are added up over groups as well."""
        objective = self.estimate.objective
        return crossproduct_of_groups(
            [
                self._scores(point, sample)
                for point, sample in zip(self.point.groups, objective.moments.groups, strict=True)
            ],
            [sample.cases for sample in objective.moments.groups if sample.cases is not None],
            [point.weight for point in self.point.groups],
            objective.moments.mass,
        )

    def gamma_meat(self, *, observed: bool = False) -> FloatArray:
        """Return D' V Gamma V D with Gamma the covariance of the saturated moments, by their observed information."""
        return self._dense(observed=observed, observed_gamma=True).gamma_meat()

    def trace_h1(self, *, observed: bool) -> float:
        """Return tr(A^-1 B) of the saturated model at its estimates, over the moments that it estimates."""
        objective = self.estimate.objective
        total = 0.0
        for sample, layout in zip(objective.moments.groups, objective.layout.groups, strict=True):
            total += trace_of_quotient(*_free_pair(sample, layout, observed=observed))
        return total

    def ugamma_trace(self, *, observed: bool) -> float:
        """Return tr(U Gamma)."""
        return self.dense(observed=observed).ugamma_trace(observed=False)

    def traces(self, *, observed: bool) -> Traces:
        """Return tr(U Gamma) and tr((U Gamma)^2)."""
        return self.dense(observed=observed).traces(observed=False)

    def dense(self, *, observed: bool) -> DensePieces:
        """Return V at the implied (or saturated) moments, and Gamma = A^-1 B A^-1 of the saturated ones.

        Moments among fixed exogenous variables are left out of all of them: A and B are then those of the likelihood
        given x. All information is observed, or all expected.
        """
        return self._dense(observed=observed, observed_gamma=observed)

    def _dense(self, *, observed: bool, observed_gamma: bool) -> DensePieces:
        objective = self.estimate.objective
        kind = Curvature.OBSERVED if observed else Curvature.EXPECTED
        matrices = []
        for point, sample, layout in zip(
            self.point.groups, objective.moments.groups, objective.layout.groups, strict=True
        ):
            assert sample.cases is not None
            sigma, mu = self._moments(point, sample)
            free = free_moments(len(sample.names), layout.exogenous, meanstructure=True)
            weight = moment_information(sample.cases.patterns, sigma, mu, kind)[np.ix_(free, free)]
            gamma = saturated_covariance(*_free_pair(sample, layout, observed=observed_gamma))
            jacobian = sigma_jacobian(point.derivatives, meanstructure=True)[free] @ self.directions
            none = np.array([], dtype=np.intp)
            matrices.append(GroupMatrices(point.weight, jacobian, weight, gamma, none, len(sample.names)))
        return DensePieces(self.estimate, tuple(matrices))

    def _moments(self, point: GroupPoint, sample: SampleGroup) -> tuple[FloatArray, FloatArray]:
        if self.h1 is H1Information.UNSTRUCTURED:
            assert sample.mean is not None
            return sample.cov, sample.mean
        return point.implied.sigma, point.implied.mu

    def _scores(self, point: GroupPoint, sample: SampleGroup) -> FloatArray:
        assert sample.cases is not None
        sigma, mu = self._moments(point, sample)
        jacobian = sigma_jacobian(point.derivatives, meanstructure=True) @ self.directions
        return fiml_case_scores(sample.cases.patterns, sample.cases.values, sigma, mu, jacobian=jacobian)


_PAIRS: WeakKeyDictionary[SampleGroup, tuple[FloatArray, FloatArray]] = WeakKeyDictionary()


def saturated_pair(sample: SampleGroup, *, observed: bool = True) -> tuple[FloatArray, FloatArray]:
    """Return observed (or expected) and first-order information of the saturated moments of one group, (P, P) each.

    Model, baseline and robust indices ask for the same pair: it is kept as long as the moments are.
    """
    if sample not in _PAIRS:
        _PAIRS[sample] = _saturated_pair(sample)
    if observed:
        return _PAIRS[sample]
    assert sample.cases is not None
    assert sample.mean is not None
    expected = moment_information(sample.cases.patterns, sample.cov, sample.mean, Curvature.EXPECTED)
    return expected, _PAIRS[sample][1]


def _free_pair(sample: SampleGroup, layout: GroupLayout, *, observed: bool) -> tuple[FloatArray, FloatArray]:
    """Return observed (or expected) and first-order information of the saturated moments that are no constants."""
    information, first_order = saturated_pair(sample, observed=observed)
    free = free_moments(len(sample.names), layout.exogenous, meanstructure=True)
    return information[np.ix_(free, free)], first_order[np.ix_(free, free)]


def _saturated_pair(sample: SampleGroup) -> tuple[FloatArray, FloatArray]:
    cases = sample.cases
    assert cases is not None
    assert sample.mean is not None
    information = moment_information(cases.patterns, sample.cov, sample.mean)
    first_order = first_order_information(
        cases.patterns, cases.values, sample.cov, sample.mean, weights=cases.weights, clusters=cases.clusters
    )
    return information, first_order
