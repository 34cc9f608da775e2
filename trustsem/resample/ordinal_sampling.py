"""Rows of ordinal and continuous items generated from a model: latent responses, cut at the thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.implied import GroupLayout, Implied
from trustsem.implied.ordinal import conditional_moments, thresholds_of
from trustsem.moments import Cases
from trustsem.resample.batch_ml import GroupMoments
from trustsem.resample.draws import generator_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class OrdinalSampling:
    """Answers generated from latent responses that the model implies given the predictors; missing ones stay missing.

    Args:
        cases: The respondents whose predictors and missing answers are kept.
        layouts: Matrices of each group.
        implied: Implied moments of each group.
        scores: Scores of the categories of each ordinal item, ascending, by its position.
        seed: Seed of the draws.
    """

    cases: tuple[Cases, ...]
    layouts: tuple[GroupLayout, ...]
    implied: tuple[Implied, ...]
    scores: Mapping[int, FloatArray]
    seed: int

    def rows(self, number: int) -> list[Cases]:
        """Return generated rows of one draw."""
        random = generator_of(self.seed, number)
        return [
            replace(group, values=self._values(group, layout, implied, random))
            for group, layout, implied in zip(self.cases, self.layouts, self.implied, strict=True)
        ]

    def moments(self, numbers: IntArray) -> list[GroupMoments]:
        """Ordinal answers have no means and covariances that a model is fitted to."""
        raise NotImplementedError

    def _values(self, group: Cases, layout: GroupLayout, implied: Implied, random: np.random.Generator) -> FloatArray:
        ordinal = layout.ordinal
        assert ordinal is not None
        p, x = ordinal.n_endogenous, ordinal.conditional
        cov, mean = conditional_moments(ordinal, implied)
        values = group.values.copy()
        noise = random.standard_normal((len(values), p)) @ np.linalg.cholesky(cov[:p, :p]).T
        responses = mean[:p] + values[:, x] @ implied.inverse[:p][:, x].T + noise
        for item in range(p):
            answer = responses[:, item]
            if item in self.scores:
                cuts = thresholds_of(ordinal, implied.theta, item)
                answer = self.scores[item][np.searchsorted(cuts, answer)]
            values[:, item] = answer
        values[np.isnan(group.values)] = np.nan
        return values
