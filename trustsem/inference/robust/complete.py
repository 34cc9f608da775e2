"""Robust pieces of normal-theory estimators on complete rows: sums over respondents, no matrix of moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy.weights import normal_matrix
from trustsem.estimate.objective import GroupPoint
from trustsem.implied import GroupLayout, sigma_jacobian
from trustsem.inference.casewise import weighted_scores
from trustsem.inference.information import ObservedInformation
from trustsem.inference.robust.dense import DensePieces, GroupMatrices, observed_weight
from trustsem.inference.robust.pieces import (
    H1Information,
    PiecesAtEstimate,
    Traces,
    trace_of_quotient,
    unit_information,
)
from trustsem.moments import Cases, SampleGroup
from trustsem.moments.adf import adf_gamma, crossproduct_of_groups, regressed_on
from trustsem.moments.linalg import invert

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CompletePieces(PiecesAtEstimate):
    """Pieces of maximum likelihood on complete rows (`RobustPieces`)."""

    def bread(self, *, observed: bool) -> FloatArray:
        """Return the Hessian of F/2, exact or expected (at the sample moments where h1 is unstructured)."""
        if observed and self.observed_by is ObservedInformation.H1:
            return self.moment_bread(observed=True)
        if observed or self.h1 is H1Information.STRUCTURED:
            return unit_information(self.estimate, observed=observed)
        total = 0.0
        for own in self._groups():
            total = total + own.share * own.point.derivatives.inner(own.weight, own.mean_weight)
        return self._open(np.asarray(total))

    def moment_bread(self, *, observed: bool) -> FloatArray:
        """Return D' V D, V the expected or the observed h1 information."""
        if not observed or self.h1 is H1Information.UNSTRUCTURED:
            return self.bread(observed=False)
        meanstructure = self.estimate.objective.layout.meanstructure
        total = 0.0
        for own in self._groups():
            weight = observed_weight(own.weight, own.sample, own.point.implied, meanstructure)
            jacobian = sigma_jacobian(own.point.derivatives, meanstructure=meanstructure)
            total = total + own.share * (jacobian.T @ weight @ jacobian)
        return self._open(np.asarray(total))

    def score_meat(self) -> FloatArray:
        """Return the mean product of casewise scores.

        Structured: scores of the fitted model. Unstructured: D' times the scores of the saturated model.
        """
        return self._meat(centred=self.h1 is H1Information.UNSTRUCTURED)

    def gamma_meat(self, *, observed: bool = False) -> FloatArray:
        """Return D' V Gamma V D, V the expected or the observed h1 information."""
        if observed and self.h1 is H1Information.STRUCTURED:
            return self.dense(observed=True).gamma_meat()
        return self._meat(centred=True)

    def trace_h1(self, *, observed: bool) -> float:
        """Return tr(S-weighted V Gamma): the saturated model's A^-1 B at the sample moments, less that of fixed x."""
        del observed  # the same at these moments
        return sum(own.trace_of(own.sample.inverse) for own in self._groups())

    def ugamma_trace(self, *, observed: bool) -> float:
        """Return tr(V Gamma) - tr((D' V D)^-1 D' V Gamma V D)."""
        if observed and self.h1 is H1Information.STRUCTURED:
            return self.dense(observed=True).ugamma_trace(observed=False)
        total = sum(
            own.conditional_trace() if len(own.layout.exogenous) else own.trace_of(own.weight) for own in self._groups()
        )
        return total - trace_of_quotient(self.bread(observed=False), self.gamma_meat())

    def traces(self, *, observed: bool) -> Traces:
        """Return the traces from matrices of moments."""
        return self.dense(observed=observed).traces(observed=False)

    def dense(self, *, observed: bool) -> DensePieces:
        """Return the same pieces with V and Gamma as matrices of moments."""
        meanstructure = self.estimate.objective.layout.meanstructure
        matrices = []
        for own in self._groups():
            weight = normal_matrix(own.weight, own.mean_weight)
            if observed and self.h1 is H1Information.STRUCTURED:
                weight = observed_weight(own.weight, own.sample, own.point.implied, meanstructure)
            gamma = adf_gamma(own.cases, meanstructure=meanstructure, exogenous=own.layout.exogenous)
            jacobian = sigma_jacobian(own.point.derivatives, meanstructure=meanstructure) @ self.directions
            matrices.append(
                GroupMatrices(own.share, jacobian, weight, gamma, own.layout.exogenous, len(own.sample.names))
            )
        return DensePieces(self.estimate, tuple(matrices))

    def _meat(self, *, centred: bool) -> FloatArray:
        groups = tuple(self._groups())
        total = crossproduct_of_groups(
            [own.scores(centred=centred) for own in groups],
            [own.cases for own in groups],
            [own.share for own in groups],
            self.estimate.objective.moments.mass,
        )
        return self._open(total)

    def _open(self, matrix: FloatArray) -> FloatArray:
        return self.directions.T @ matrix @ self.directions

    def _groups(self) -> Iterator[_Group]:
        objective = self.estimate.objective
        for point, sample, layout in zip(
            self.point.groups, objective.moments.groups, objective.layout.groups, strict=True
        ):
            structured = self.h1 is H1Information.STRUCTURED
            weight = invert(point.implied.sigma) if structured else sample.inverse
            yield _Group(point, sample, layout, weight, objective.layout.meanstructure)


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    """One group: its rows, its derivatives, the (p, p) W of V."""

    point: GroupPoint
    sample: SampleGroup
    layout: GroupLayout
    weight: FloatArray
    meanstructure: bool

    @property
    def share(self) -> float:
        return self.point.weight

    @property
    def cases(self) -> Cases:
        assert self.sample.cases is not None
        return self.sample.cases

    @property
    def mean_weight(self) -> FloatArray | None:
        return self.weight if self.meanstructure else None

    def _deviations(self) -> FloatArray:
        assert self.sample.mean is not None
        return self.cases.values - self.sample.mean

    def scores(self, *, centred: bool) -> FloatArray:
        """Return (n, n_free) D' V of each row's moments, about the sample moments or about the implied ones.

        About the sample moments given x, what x predicts is taken off (`moment_deviations`).
        """
        derivatives, deviations = self.point.derivatives, self._deviations()
        if centred:
            scores = weighted_scores(deviations, self.weight, derivatives, meanstructure=self.meanstructure)
            weights = self.cases.weight_of_row
            if len(self.layout.exogenous):
                expected = regressed_on(deviations, weights, self.layout.exogenous)
                scores -= weighted_scores(expected, self.weight, derivatives, meanstructure=self.meanstructure)
            return scores - weights @ scores / weights.sum()
        if self.meanstructure and self.sample.mean is not None:
            deviations = deviations + (self.sample.mean - self.point.implied.mu)
        scores = weighted_scores(deviations, self.weight, derivatives, meanstructure=self.meanstructure)
        return scores - np.einsum("ik,ik->k", derivatives.left, self.weight @ derivatives.right)

    def conditional_trace(self) -> float:
        """Return tr(V Gamma), Gamma conditional on fixed exogenous variables: of rows z, the mean of z' V z.

        With d a row's deviations, m what its x predicts and E the mean of d d' - m m': z = vech(d d' - m m' - E), and
        z' V z is half of tr((W (d d' - m m' - E))^2).
        """
        if self.cases.clusters is not None:
            gamma = adf_gamma(self.cases, meanstructure=self.meanstructure, exogenous=self.layout.exogenous)
            return float(np.sum(normal_matrix(self.weight, self.mean_weight) * gamma))
        deviations, weights = self._deviations(), self.cases.weight_of_row
        expected = regressed_on(deviations, weights, self.layout.exogenous)
        rest = deviations - expected
        middle = (rest * weights[:, None]).T @ rest / weights.sum()
        inner = self.weight @ middle @ self.weight
        by_rows, by_expected = deviations @ self.weight, expected @ self.weight
        size = (
            _dot(by_rows, deviations) ** 2
            + _dot(by_expected, expected) ** 2
            - 2 * _dot(by_rows, expected) ** 2
            - 2 * _dot(deviations @ inner, deviations)
            + 2 * _dot(expected @ inner, expected)
            + float(np.sum(inner * middle))
        ) / 2
        if self.meanstructure:
            size = size + _dot(rest @ self.weight, rest)
        return float(np.sum(weights**2 * size)) / float(weights.sum())

    def trace_of(self, weight: FloatArray) -> float:
        """Return tr(V Gamma) with V of this W, less the same of the fixed exogenous variables.

        Their moments are no parameters; the joint trace is that of the conditional model plus that of x (V^-1 of the
        joint moments splits into both).
        """
        total = self._trace(weight, np.arange(len(self.sample.names)))
        x = self.layout.exogenous
        if len(x):
            marginal = invert(invert(weight)[np.ix_(x, x)])
            total -= self._trace(marginal, x)
        return total

    def _trace(self, weight: FloatArray, columns: NDArray[np.intp]) -> float:
        """Return tr(V Gamma) of some variables: the mean of z' V z over rows, or over sums of clusters."""
        if self.cases.clusters is not None:
            return self._clustered_trace(weight, columns)
        deviations, weights = self._deviations()[:, columns], self.cases.weight_of_row
        distance = _dot(deviations @ weight, deviations)
        cov = (deviations * weights[:, None]).T @ deviations / weights.sum()  # divisor n, whatever was analysed
        middle = weight @ cov @ weight
        size = (distance**2 - 2 * _dot(deviations @ middle, deviations) + float(np.sum(middle * cov))) / 2
        if self.meanstructure:
            size = size + distance
        return float(np.sum(weights**2 * size)) / float(weights.sum())

    def _clustered_trace(self, weight: FloatArray, columns: NDArray[np.intp]) -> float:
        cases = Cases(self.cases.values[:, columns], self.cases.weights, self.cases.clusters)
        gamma = adf_gamma(cases, meanstructure=self.meanstructure)
        return float(np.sum(normal_matrix(weight, weight if self.meanstructure else None) * gamma))


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the inner products of rows, (n,)."""
    return np.asarray(np.einsum("ik,ik->i", one, other), dtype=np.float64)
