"""Moments of a survey that was read in parts, with an account of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from trustsem.errors import UsageError
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.records import Finding
from trustsem.suggestions import shortened, suggest
from trustsem.survey.scored import LogEntry

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, slots=True)
class SurveyMoments(SampleMoments):
    """Means and covariances of a survey, group by group, and how they came about; what `ts.fit` takes as data.

    Args:
        groups: For each group its label, names, means, covariances (divisor n) and number of rows.
        n_rows: Rows that were read.
        n_parts: Row groups, text files or frames they came in.
        dropped_by: For each variable, its missing cells in the rows that are not used (zeros left out).
        group: Column of the groups; None for one group.
        weights: Column of the sampling weights; None: all rows count alike.
        codebook: Codebook that scored the answers.
        columns: All columns of the data.
        source: Files and their hash as JSON-ready values; None where frames were given.
        log: What the codebook did to how many cells.
        findings: What a reader must know.
    """

    n_rows: int
    n_parts: int
    dropped_by: Mapping[str, int]
    group: str | None
    weights: str | None
    codebook: str | None
    columns: tuple[str, ...]
    source: Mapping[str, Any] | None
    log: tuple[LogEntry, ...]
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "dropped_by", MappingProxyType(dict(self.dropped_by)))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = [getattr(self, name) for name in self.__dataclass_fields__]
        return type(self), tuple(dict(value) if isinstance(value, MappingProxyType) else value for value in fields)

    @property
    def names(self) -> tuple[str, ...]:
        """Variables, in the order of the arrays."""
        return self.groups[0].names

    @property
    def labels(self) -> tuple[str, ...]:
        """Groups, in order of appearance; none where there is one group."""
        return tuple(sample.label for sample in self.groups) if self.group is not None else ()

    @property
    def n_dropped(self) -> int:
        """Rows that were read and are not used."""
        return self.n_rows - self.n_obs

    def mean(self, group: str | None = None) -> pd.Series:
        """Return the means by name, with weights the weighted ones.

        Args:
            group: Label of the group; needed where there are several.
        """
        import pandas as pd

        sample = self._of_group(group)
        return pd.Series(sample.mean, index=list(sample.names))

    def covariance(self, group: str | None = None) -> pd.DataFrame:
        """Return the covariance matrix, divisor n (with weights: their sum), item units squared.

        Args:
            group: Label of the group; needed where there are several.
        """
        import pandas as pd

        sample = self._of_group(group)
        return pd.DataFrame(sample.cov, index=list(sample.names), columns=list(sample.names))

    def arguments(self) -> dict[str, Any]:
        """Return the arguments sample_cov (divisor n - 1), sample_mean and n_obs of `ts.fit`: lists for groups.

        Raises:
            UsageError: of weighted rows, whose weights these arguments would not tell.
        """
        if self.weights is not None:
            raise UsageError(
                "Moments of weighted rows cannot be handed on as matrices: a fit would not know of the weights.",
                remedy="Give the moments themselves as data: ts.fit(model, moments, ...).",
                code="weighted-moments",
            )
        labels = self.labels or (None,)
        sizes = [sample.n_obs for sample in self.groups]
        pairs = list(zip(labels, sizes, strict=True))
        values: dict[str, list[Any]] = {
            "sample_cov": [self.covariance(label) * (n_obs / (n_obs - 1)) for label, n_obs in pairs],
            "sample_mean": [self.mean(label) for label in labels],
            "n_obs": sizes,
        }
        if self.group is None:
            return {name: listed[0] for name, listed in values.items()}
        return {**values, "group_label": list(self.labels)}

    def chosen(self, labels: Sequence[str]) -> SurveyMoments:
        """Return the moments of these groups, in this order.

        Raises:
            UsageError: a label that no group has.
        """
        unknown = [label for label in labels if label not in self.labels]
        if unknown:
            raise UsageError(
                f"group_label names groups that the moments do not have: {shortened(unknown)}."
                f"{suggest(unknown[0], self.labels)}",
                remedy=f"Groups: {shortened(self.labels, 12)}." if self.labels else "They are of one group.",
                code="unknown-group",
            )
        return replace(self, groups=tuple(self._of_group(label) for label in labels))

    def _of_group(self, label: str | None) -> SampleGroup:
        if label is None and len(self.groups) == 1:
            return self.groups[0]
        for sample in self.groups:
            if sample.label == label and self.group is not None:
                return sample
        raise UsageError(
            f"There is no group {label!r}." if label is not None else "The moments are of several groups: name one.",
            remedy=f"Groups: {shortened(self.labels, 12)}." if self.labels else "Leave group out: there is one only.",
            code="unknown-group",
        )
