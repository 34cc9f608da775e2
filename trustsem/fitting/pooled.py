"""The result of fitting one model to several completed data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from trustsem.effects import Standardization
from trustsem.errors import UsageError
from trustsem.fitting.hypotheses import hypothesis_gaps
from trustsem.fitting.result import Fit
from trustsem.imputation import (
    PREFERENCE,
    ImputedModel,
    ModelTests,
    PooledTest,
    chi_square_d2,
    model_tests,
    pooled_measures,
    wald_d1,
)
from trustsem.inference import MeasureSet
from trustsem.inference.wald import wald_test
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding
from trustsem.suggestions import suggest
from trustsem.tables.imputed import (
    pooled_effects_frame,
    pooled_estimates_frame,
    pooled_standardized_frame,
    pooled_tests_frame,
    pooled_vcov_frame,
)

Names = str | Sequence[str]


class PooledFit:
    """A model fitted to completed data sets, pooled by Rubin's rules. Made by `trustsem.fit_imputed`."""

    def __init__(
        self,
        fits: Sequence[Fit],
        n_given: int,
        findings: Sequence[Finding],
        *,
        pool: str | None = None,
        complete_df: float | None = None,
        imputation: Mapping[str, Any] | None = None,
    ) -> None:
        self._fits = tuple(fits)
        self._n_given = n_given
        self._found = tuple(findings)
        self._pool = pool
        self._complete_df = complete_df
        self._imputation = imputation
        self._model = ImputedModel(tuple(fit.fitted for fit in fits))

    def __repr__(self) -> str:
        return f"<PooledFit: {self.n_imputations} of {self._n_given} completed data sets, {self.n_obs} respondents>"

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The fits that are pooled, one per data set."""
        return self._fits

    @property
    def n_imputations(self) -> int:
        """Data sets that are pooled."""
        return len(self._fits)

    @property
    def n_given(self) -> int:
        """Data sets that were handed in."""
        return self._n_given

    @property
    def imputation(self) -> Mapping[str, Any] | None:
        """How the data sets were drawn, as JSON-ready values; None where they were completed elsewhere."""
        return self._imputation

    @property
    def n_obs(self) -> int:
        """Respondents used, the same in all data sets."""
        return self._fits[0].n_obs

    @property
    def complete_df(self) -> float | None:
        """Degrees of freedom that complete data would have had; None: infinitely many."""
        return self._complete_df

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Pooled parameters: est, se, t, df, pvalue, 95 % interval, riv, fmi, relative_efficiency, std_lv, std_all."""
        with self._threads():
            return pooled_estimates_frame(self._model.fits, self._complete_df)

    def standardized(self, type: str = "std_all") -> pd.DataFrame:
        """Return the standardised solution: pooled values of each data set's, with pooled standard errors.

        Args:
            type: "std_all", "std_lv" or "std_nox".
        """
        allowed = {kind.value: kind for kind in Standardization}
        kind = allowed.get(str(type).replace(".", "_").lower())
        if kind is None:
            raise UsageError(f"Unknown type {type!r}.", remedy=f"Use one of: {', '.join(allowed)}.")
        with self._threads():
            return pooled_standardized_frame(self._model.fits, kind, self._complete_df)

    def effects(self, x: Names | None = None, y: Names | None = None, through: Names | None = None) -> pd.DataFrame:
        """Return direct, indirect and total effects, pooled; arguments as of `Fit.effects`.

        Returns:
            Columns x, y, effect, path, est, se, t, df, pvalue, ci_lower, ci_upper, riv, fmi, relative_efficiency,
            std_all, std_se, group.

        Raises:
            EffectError: no path, or a loop that does not settle in one of the data sets.
        """
        return pooled_effects_frame([fit.effects(x, y, through) for fit in self._fits], self._complete_df)

    def r_squared(self) -> Any:
        """Return R-squared of every dependent variable, averaged over data sets; by group where there are several."""
        return _average([fit.r_squared() for fit in self._fits])

    @cached_property
    def vcov(self) -> pd.DataFrame | None:
        """Total covariance matrix of the free parameters, U + (1 + 1/m) B."""
        return pooled_vcov_frame(self._model.fits)

    @cached_property
    def model_tests(self) -> ModelTests:
        """Tests of the model as records, with reasons for those that are undefined."""
        with self._threads():
            return model_tests(self._model)

    @property
    def tests(self) -> pd.DataFrame:
        """Tests of the model: D2, D3, D4 as F tests, with chisq = df1 F for fit indices."""
        return pooled_tests_frame(self.model_tests)

    @property
    def pool(self) -> str:
        """The test that fit measures are built on."""
        if self._pool is not None:
            return self._pool
        return next((method for method in PREFERENCE if method in self.model_tests.tests), "D2")

    @cached_property
    def measures(self) -> MeasureSet:
        """Fit measures with reasons for those that are undefined."""
        with self._threads():
            return pooled_measures(self._model, self.model_tests, self.pool)

    @property
    def fit_measures(self) -> dict[str, float | None]:
        """Fit measures from the pooled chi-square; None where undefined (see `undefined_measures`)."""
        return dict(self.measures.values)

    @property
    def undefined_measures(self) -> dict[str, str]:
        """Why a fit measure is None."""
        return dict(self.measures.reasons)

    def wald(self, hypotheses: str | Sequence[str], method: str = "D1") -> PooledTest:
        """Return the pooled Wald test of hypotheses such as "a == b", several at once.

        Args:
            hypotheses: Lines with `==` over labels and definitions of the model.
            method: "D1" (pooled estimates and covariances) or "D2" (Wald chi-squares of each data set).

        Raises:
            ModelError: unknown labels, or something else than ==.
            UsageError: another method.
        """
        if method not in ("D1", "D2"):
            raise UsageError(
                f"method={method!r} is no pooled Wald test.{suggest(str(method), ('D1', 'D2'))}",
                remedy='Use "D1" or "D2"; D3 and D4 test the whole model, see tests.',
                code="pooling-method",
            )
        pieces = [(*hypothesis_gaps(fit, hypotheses), _covariance(fit)) for fit in self._model.fits]
        if method == "D1":
            gaps = np.array([gap for gap, _, _ in pieces])
            return wald_d1(gaps, np.array([jacobian @ matrix @ jacobian.T for _, jacobian, matrix in pieces]))
        tests = [wald_test(*piece) for piece in pieces]
        return chi_square_d2(np.array([test.statistic for test in tests]), tests[0].df)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything a reader must know, from the data sets to the pooled tests."""
        from trustsem.fitting.pooled_findings import pooling_findings

        return (*self._found, *pooling_findings(self))

    def summary(self, *, width: int = 80) -> str:
        """Return the pooled fit as text."""
        from trustsem.fitting.summarise_pooled import summarise_pooled

        return summarise_pooled(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the pooled fit as JSON-ready values, schema `trustsem.fit_imputed/1`."""
        from trustsem.fitting.serialise_pooled import pooled_to_dict

        return pooled_to_dict(self)

    def _threads(self) -> AbstractContextManager[None]:
        return blas_threads_for(len(self._model.first.table.variables.observed))


def _covariance(fit: Any) -> np.ndarray:
    assert fit.covariance.matrix is not None  # data sets without standard errors are left out when they are fitted
    return fit.covariance.matrix


def _average(values: Sequence[Any]) -> Any:
    """Return the mean of numbers, or of mappings entry by entry; None where one of them is undefined."""
    if isinstance(values[0], dict):
        return {key: _average([value[key] for value in values]) for key in values[0]}
    return None if any(value is None for value in values) else float(np.mean(values))
