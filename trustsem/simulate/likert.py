"""Answers on a scale of points: where continuous responses are cut, and what is counted and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from trustsem.errors import UsageError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AnswerScale:
    """How one continuous response becomes a score.

    Args:
        name: Item or covariate.
        scores: The k scores, ascending.
        thresholds: The k - 1 cut points between them, ascending, in standard deviations from the response's mean.
        reverse: The answer is stored reflected, as the questionnaire asks from the negative pole.

    Raises:
        UsageError: scores and thresholds do not make a scale.
    """

    name: str
    scores: tuple[float, ...]
    thresholds: tuple[float, ...]
    reverse: bool = False

    def __post_init__(self) -> None:
        if len(self.scores) < 2 or len(self.thresholds) != len(self.scores) - 1:
            raise UsageError(
                f"{self.name}: {len(self.scores)} scores and {len(self.thresholds)} thresholds.",
                remedy="k scores need k - 1 thresholds between them, and k is at least 2.",
            )
        for what, values in (("scores", self.scores), ("thresholds", self.thresholds)):
            if not np.isfinite(values).all() or (np.diff(values) <= 0).any():
                raise UsageError(
                    f"{self.name}: the {what} are not in ascending order, or one is not finite.",
                    remedy=f"Give finite {what}, the lowest first, none twice.",
                )

    @classmethod
    def from_shares(
        cls, name: str, shares: Sequence[float], *, scores: Sequence[float] | None = None, reverse: bool = False
    ) -> AnswerScale:
        """Return the scale whose answers have these shares in the population, lowest score first.

        Args:
            name: Item or covariate.
            shares: k shares above 0 that sum to 1; trust surveys have more agreement than rejection.
            scores: k scores; 1 ... k when None.
            reverse: As in the class.

        Raises:
            UsageError: the shares are not those of a whole.

        Example:
            >>> AnswerScale.from_shares("q1", (0.16, 0.34, 0.5)).shares.round(2).tolist()
            [0.16, 0.34, 0.5]
        """
        values = np.asarray(shares, dtype=np.float64)
        if (values <= 0).any() or abs(values.sum() - 1) > 1e-9:
            raise UsageError(
                f"{name}: {len(values)} shares that sum to {values.sum():g}, the smallest {values.min(initial=1):g}.",
                remedy="Shares must all be above 0 and sum to 1; leave points out that nobody chooses.",
            )
        points = range(1, len(values) + 1) if scores is None else scores
        cuts = ndtri(np.cumsum(values)[:-1])
        return cls(name, tuple(map(float, points)), tuple(map(float, cuts)), reverse)

    @classmethod
    def from_rounding(cls, name: str, *, mean: float, sd: float, minimum: int, maximum: int) -> AnswerScale:
        """Return the scale of a number that people give rounded to whole units, cut off at both ends (age)."""
        scores = np.arange(minimum, maximum + 1, dtype=np.float64)
        return cls(name, tuple(scores.tolist()), tuple(((scores[:-1] + 0.5 - mean) / sd).tolist()))

    @property
    def shares(self) -> FloatArray:
        """(k,) shares of the answers in a normal population, lowest score first."""
        return np.diff(ndtr(np.array([-np.inf, *self.thresholds, np.inf])))


def cut_responses(responses: FloatArray, scales: Sequence[AnswerScale], mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the scores of continuous responses.

    Args:
        responses: (n, p) continuous.
        scales: One for each of the p columns.
        mean: (p,) population means: thresholds count from them, not from the sample's, so that shares vary as in
            a real sample.
        sd: (p,) population standard deviations.

    Returns:
        (n, p) scores, higher meaning a higher response; `store_answers` turns them into what the file holds.
    """
    columns = [
        np.asarray(scale.scores)[np.searchsorted(scale.thresholds, (column - centre) / spread)]
        for column, scale, centre, spread in zip(responses.T, scales, mean, sd, strict=True)
    ]
    return np.column_stack(columns)


def store_answers(scores: FloatArray, scales: Sequence[AnswerScale]) -> FloatArray:
    """Return the (n, p) answers as given: reverse-keyed items reflected to (lowest + highest) - score.

    Storing twice gives the scores back, so this also scores stored answers.
    """
    reflected = np.array([scale.scores[0] + scale.scores[-1] for scale in scales])
    is_reversed = np.array([scale.reverse for scale in scales], dtype=bool)
    return np.where(is_reversed, reflected - scores, scores)


def count_categories(scores: FloatArray, scales: Sequence[AnswerScale]) -> tuple[NDArray[np.intp], ...]:
    """Return for each scale the (k,) numbers of respondents with each of its scores; NaN counts nowhere."""
    return tuple(
        np.array([np.count_nonzero(column == score) for score in scale.scores], dtype=np.intp)
        for column, scale in zip(scores.T, scales, strict=True)
    )
