"""What a fit does with the rows: missing answers, groups, clusters, weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Missing(Enum):
    """What happens to rows with missing answers."""

    LISTWISE = "listwise"
    PAIRWISE = "pairwise"
    FIML = "fiml"
    FIML_X = "fiml_x"
    TWO_STAGE = "two_stage"
    ROBUST_TWO_STAGE = "robust_two_stage"

    @classmethod
    def of(cls, name: str) -> Missing:
        """Return the treatment that a name means; lavaan's synonyms are known."""
        return cls(_SYNONYMS.get(name, name))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return every name that is understood."""
        return (*(kind.value for kind in cls), *_SYNONYMS)

    @property
    def is_fiml(self) -> bool:
        """Whether each row's likelihood uses the answers that it has."""
        return self in (Missing.FIML, Missing.FIML_X)

    @property
    def is_two_stage(self) -> bool:
        """Whether the model is fitted to EM moments of the saturated model."""
        return self in (Missing.TWO_STAGE, Missing.ROBUST_TWO_STAGE)

    @property
    def needs_means(self) -> bool:
        """Whether means are part of the model."""
        return self.is_fiml or self.is_two_stage


_SYNONYMS = {"ml": "fiml", "direct": "fiml", "ml_x": "fiml_x", "direct_x": "fiml_x", "listwise_deletion": "listwise"}


class WeightsNormalization(Enum):
    """How sampling weights are scaled, by lavaan's names."""

    GROUP = "group"  # to the number of rows of each group
    TOTAL = "total"  # to the number of rows over all groups
    NONE = "none"  # as they are


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Columns with a role of their own, and the treatment of missing answers.

    `expected_moments`: whether the covariance of two-stage moments is by their expected information.
    """

    missing: Missing = Missing.LISTWISE
    group: str | None = None
    group_label: tuple[str, ...] = ()
    cluster: str | None = None
    weights: str | None = None
    normalization: WeightsNormalization = WeightsNormalization.GROUP
    auxiliary: tuple[str, ...] = ()
    expected_moments: bool = False

    @property
    def needs_sandwich(self) -> bool:
        """Whether naive standard errors would be wrong by design."""
        return self.cluster is not None or self.weights is not None
