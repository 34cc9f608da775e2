"""Choices that change numbers."""

from __future__ import annotations

from dataclasses import dataclass

from trustsem.discrepancy import DISCREPANCIES, Discrepancy
from trustsem.inference import InformationKind, Likelihood, ObservedInformation
from trustsem.inference.chisquares import TestKind
from trustsem.inference.robust import H1Information
from trustsem.inference.standard_errors import ErrorKind
from trustsem.pipeline.estimators import ESTIMATORS, EstimatorSpec

_HESSIANS = (ObservedInformation.HESSIAN, ObservedInformation.HESSIAN)


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Choices that change numbers; what is None follows the estimator.

    Args:
        estimator: Name in `ESTIMATORS`.
        likelihood: Divisor of S and multiplier of F.
        information: Bread of standard errors.
        observed_by: What the observed information is, of the standard errors and of the tests.
        errors: Standard errors.
        tests: Tests of the model.
        h1: Where the saturated model's information is evaluated.
        full_information: Whether the likelihood is that of each row's own answers.
        robust_gamma: Whether two-stage moments have a covariance that holds for any distribution.
        expected_gamma: Whether that covariance is by expected information.
    """

    estimator: str = "ML"
    likelihood: Likelihood = Likelihood.NORMAL
    information: InformationKind | None = None
    observed_by: tuple[ObservedInformation, ObservedInformation] = _HESSIANS
    errors: ErrorKind | None = None
    tests: tuple[TestKind, ...] = ()
    h1: H1Information = H1Information.STRUCTURED
    full_information: bool = False
    robust_gamma: bool = False
    expected_gamma: bool = False

    @property
    def spec(self) -> EstimatorSpec:
        """What the estimator's name stands for."""
        return ESTIMATORS[self.estimator]

    @property
    def discrepancy(self) -> Discrepancy:
        """The function that is minimised."""
        return DISCREPANCIES["FIML" if self.full_information else self.spec.discrepancy]

    @property
    def used_errors(self) -> ErrorKind:
        """Standard errors of the fit."""
        return self.errors or self.spec.errors

    @property
    def used_tests(self) -> tuple[TestKind, ...]:
        """Tests of the fit."""
        return self.tests or (self.spec.test,)

    @property
    def used_information(self) -> InformationKind:
        """Bread of the fit's standard errors; observed for sandwiches of scores, whatever the test is, as in lavaan."""
        if self.information is not None:
            return self.information
        if self.used_errors is ErrorKind.ROBUST_HUBER_WHITE:
            return InformationKind.OBSERVED
        return self.spec.information
