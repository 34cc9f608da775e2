"""The parameter table: every parameter of the model, fixed or free, and where each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustsem.records import Finding
from trustsem.spec.options import ProductIndicators
from trustsem.spec.variables import Variables
from trustsem.syntax.nodes import Definition, Expression, Span


class OriginKind(Enum):
    """Why a row is in the table."""

    TEXT = "text"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from: a place in the model text, or a named automatic rule."""

    kind: OriginKind
    rule: str | None = None  # e.g. "auto_var", "auto_cov_lv_x", "int_ov_free", "fixed_x"
    span: Span | None = None

    def describe(self) -> str:
        """Return the origin as a reader wants it: `line 3, column 10` or the rule's name."""
        if self.span is not None:
            return f"line {self.span.line}, column {self.span.column}"
        return self.rule or "default"


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter of one group.

    `value` is the fixed value of a fixed parameter and None of a free one; a row with `exogenous` takes its value
    from the sample (fixed_x), one with `derived` from the other parameters (the residual variance of an ordinal item
    under delta, its scaling factor under theta): neither is free nor counted.
    """

    lhs: str
    op: str
    rhs: str
    origin: Origin
    value: float | None = None
    exogenous: bool = False
    derived: bool = False
    label: str = ""
    start: float | None = None
    group: int = 1
    level: int = 1
    lower: float | None = None
    upper: float | None = None
    note: str | None = None  # what a default did to a written parameter, e.g. "marker: fixed to 1"

    @property
    def is_free(self) -> bool:
        """Whether the engine estimates this row."""
        return self.value is None and not self.exogenous and not self.derived

    @property
    def name(self) -> str:
        """The name a reader sees: the label, or the parameter as it is written, with its group."""
        return self.label or self.key

    @property
    def written(self) -> str:
        """The parameter in model syntax, e.g. `f=~x1`, `y~x`, `f~~g`, `x~1`."""
        return f"{self.lhs}{self.op}{self.rhs}"

    @property
    def key(self) -> str:
        """The name that no other row has, as lavaan names coefficients: `f=~x1`, in the second group `f=~x1.g2`."""
        return group_key(self.written, self.group)


def group_key(written: str, group: int) -> str:
    """Return the unique name of a parameter in a group, counted from 1."""
    return written if group == 1 else f"{written}.g{group}"


@dataclass(frozen=True, eq=False, slots=True)
class LinearConstraints:
    """Linear relations between the free rows: `matrix @ theta == constant`; only independent relations are kept."""

    matrix: NDArray[np.float64]  # (n_constraints, n_free)
    constant: NDArray[np.float64]  # (n_constraints,)
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that is not a linear equality: `expression == 0` or `expression >= 0`.

    Names in the expression are labels or keys of rows; `:=` names are substituted already.
    """

    text: str
    expression: Expression
    is_equality: bool
    where: str


@dataclass(frozen=True, slots=True)
class OrdinalItems:
    """Which observed variables are ordinal, and how their latent responses are scaled.

    Args:
        levels: Categories of each ordinal item.
        is_theta: Residual variances of the latent responses are parameters (theta), not their scaling factors (delta).
        conditional_x: Thresholds, slopes and correlations are given the exogenous variables.
    """

    levels: Mapping[str, int]
    is_theta: bool = False
    conditional_x: bool = True


@dataclass(frozen=True, slots=True)
class ProductColumn:
    """A column `left.right` that the program makes: both centred, multiplied, and centred again."""

    name: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class LatentProduct:
    """A product factor.

    Args:
        name: As it is written first, e.g. "f1:f2".
        left: A factor or an observed variable.
        right: The other one.
        columns: Its indicators, the one that scales it first.
        kind: How indicators were paired.
    """

    name: str
    left: str
    right: str
    columns: tuple[ProductColumn, ...]
    kind: ProductIndicators


@dataclass(frozen=True, eq=False)
class ParameterTable:
    """All rows of a model with its definitions, constraints and variable roles.

    The rows of the first group come first, then those of the second; all groups have the same variables.
    """

    rows: tuple[Row, ...]
    variables: Variables
    definitions: tuple[Definition, ...]
    constraints: LinearConstraints
    meanstructure: bool
    findings: tuple[Finding, ...] = ()
    relations: tuple[Relation, ...] = ()
    group_labels: tuple[str, ...] = ()  # one per group; empty: one group without a name
    ordinal: OrdinalItems | None = None
    products: tuple[LatentProduct, ...] = ()  # factors whose indicators are products that the program makes

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def free_rows(self) -> tuple[Row, ...]:
        """Rows that the engine estimates, in table order; parameters of every vector are in this order."""
        return tuple(row for row in self.rows if row.is_free)

    @cached_property
    def free_index(self) -> NDArray[np.intp]:
        """Position of each row among the free ones; -1 for fixed rows. Shape (n_rows,)."""
        is_free = np.array([row.is_free for row in self.rows], dtype=bool)
        return np.where(is_free, np.cumsum(is_free) - 1, -1)

    @cached_property
    def fixed_predictors(self) -> frozenset[str]:
        """Observed predictors whose moments are those of the sample."""
        return frozenset(row.lhs for row in self.rows if row.exogenous)

    @property
    def n_groups(self) -> int:
        """Number of groups, 1 where none are named."""
        return max(1, len(self.group_labels))

    @property
    def n_free(self) -> int:
        """Number of rows that are not fixed, before constraints are counted."""
        return len(self.free_rows)

    @property
    def n_parameters(self) -> int:
        """Number of parameters that are estimated: free rows minus equality constraints, nonlinear ones too."""
        return self.n_free - len(self.constraints.constant) - len(self.equalities)

    @property
    def equalities(self) -> tuple[Relation, ...]:
        """Nonlinear equality constraints."""
        return tuple(relation for relation in self.relations if relation.is_equality)

    @property
    def inequalities(self) -> tuple[Relation, ...]:
        """Inequality constraints and bounds."""
        return tuple(relation for relation in self.relations if not relation.is_equality)

    @cached_property
    def labels(self) -> Mapping[str, int]:
        """Row position of the first row that carries each label."""
        first: dict[str, int] = {}
        for position, row in enumerate(self.rows):
            if row.label:
                first.setdefault(row.label, position)
        return first
