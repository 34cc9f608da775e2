"""Where each parameter sits in the model matrices (reticular action model: A, S, m over observed and latent)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.table import LinearConstraints, ParameterTable, Row

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Positions of the free parameters in one matrix."""

    row: IntArray  # (k,)
    column: IntArray  # (k,); all 0 for the mean vector
    parameter: IntArray  # (k,) position in the vector of free rows


@dataclass(frozen=True, eq=False, slots=True)
class OrdinalLayout:
    """What ordinal items add: thresholds and scaling factors of their latent responses.

    The first `n_endogenous` observed variables are the endogenous ones; exogenous ones, where the model conditions on
    them, follow. A parameter of -1 means that the value is fixed.
    """

    n_endogenous: int
    is_ordinal: NDArray[np.bool_]  # (n_endogenous,)
    threshold_variable: IntArray  # (T,) in the order of the items, from the lowest up
    threshold_value: FloatArray  # (T,)
    threshold_parameter: IntArray  # (T,)
    scale_value: FloatArray  # (n_endogenous,) 1 for continuous variables
    scale_parameter: IntArray  # (n_endogenous,)
    is_theta: bool
    conditional: IntArray  # positions of exogenous variables that moments are given; empty without

    @property
    def derived(self) -> IntArray:
        """Positions of variables whose residual variance is what is left of the total one (delta)."""
        return np.array([], dtype=np.intp) if self.is_theta else np.flatnonzero(self.is_ordinal)


@dataclass(frozen=True, eq=False, slots=True)
class GroupLayout:
    """The matrices of one group with their fixed values, and the cells that parameters fill.

    v = A v + u with cov(u) = S and mean(u) = m over the t = p + m variables (observed first); sigma is the observed
    corner of (I - A)^-1 S (I - A)^-T (McArdle & McDonald 1984, eq. 4).
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    paths: FloatArray  # (t, t) A with fixed values, zeros at free cells
    covariances: FloatArray  # (t, t) S
    intercepts: FloatArray  # (t,) m
    path_cells: Cells
    covariance_cells: Cells
    intercept_cells: Cells
    exogenous: IntArray  # positions of observed variables whose moments fixed_x takes from the sample
    core: IntArray  # positions of variables that point at others: only they make I - A worth inverting
    dependent: IntArray  # positions of variables that an arrow of the table ends in, one fixed at 0 included
    ordinal: OrdinalLayout | None = None

    @property
    def parameters(self) -> IntArray:
        """Positions of this group's parameters among the free rows, ascending."""
        cells = (self.path_cells, self.covariance_cells, self.intercept_cells)
        parts = [part.parameter for part in cells]
        if self.ordinal is not None:
            parts += [self.ordinal.threshold_parameter, self.ordinal.scale_parameter]
        every = np.concatenate(parts)
        return np.sort(every[every >= 0])

    @property
    def names(self) -> tuple[str, ...]:
        """All variables, observed first."""
        return (*self.observed, *self.latent)

    @property
    def n_observed(self) -> int:
        """Number of observed variables p."""
        return len(self.observed)


@dataclass(frozen=True, eq=False, slots=True)
class Reduction:
    """Linear equality constraints solved: theta = matrix @ x + constant, x being a part of theta."""

    matrix: FloatArray  # (n_free, n_parameters)
    constant: FloatArray  # (n_free,)
    kept: IntArray  # (n_parameters,) positions of x in theta
    is_identity: bool

    def expand(self, x: FloatArray) -> FloatArray:
        """Return all free rows' values from the independent ones."""
        return x if self.is_identity else self.matrix @ x + self.constant

    def reduce_gradient(self, gradient: FloatArray) -> FloatArray:
        """Return the gradient with respect to the independent parameters."""
        return gradient if self.is_identity else self.matrix.T @ gradient

    def reduce_matrix(self, matrix: FloatArray) -> FloatArray:
        """Return a Hessian or information matrix of the independent parameters."""
        return matrix if self.is_identity else self.matrix.T @ matrix @ self.matrix

    def expand_matrix(self, matrix: FloatArray) -> FloatArray:
        """Return the covariance matrix of all free rows from that of the independent ones."""
        return matrix if self.is_identity else self.matrix @ matrix @ self.matrix.T


@dataclass(frozen=True, eq=False, slots=True)
class ModelLayout:
    """Layouts of all groups over one vector of free parameters."""

    groups: tuple[GroupLayout, ...]
    n_free: int
    reduction: Reduction
    meanstructure: bool


def build_layout(table: ParameterTable, moments: SampleMoments) -> ModelLayout:
    """Lay the parameters out in matrices; moments of fixed exogenous variables come from the sample.

    Args:
        table: Parameter table.
        moments: Sample moments whose variables are the table's observed ones, in the table's order.
    """
    index = table.free_index
    by_group: dict[int, list[tuple[Row, int]]] = {}
    for row, position in zip(table.rows, index, strict=True):
        by_group.setdefault(row.group, []).append((row, int(position)))
    groups = tuple(
        _group_layout(by_group[number], table, sample) for number, sample in enumerate(moments.groups, start=1)
    )
    return ModelLayout(groups, table.n_free, solve_constraints(table.constraints), table.meanstructure)


def _group_layout(rows: Sequence[tuple[Row, int]], table: ParameterTable, sample: SampleGroup) -> GroupLayout:
    observed, latent = table.variables.observed, table.variables.latent
    position = {name: i for i, name in enumerate((*observed, *latent))}
    t = len(position)
    fixed: Mapping[str, FloatArray] = {"A": np.zeros((t, t)), "S": np.zeros((t, t)), "m": np.zeros((t, 1))}
    cells: Mapping[str, list[tuple[int, int, int]]] = {"A": [], "S": [], "m": []}
    for row, parameter in rows:
        if row.op in _ORDINAL or row.derived:
            continue
        name, i, j = matrix_cell(row.lhs, row.op, row.rhs, position)
        if parameter >= 0:
            cells[name].append((i, j, parameter))
            continue
        value = _sample_value(row, i, j, sample) if row.exogenous else row.value
        assert value is not None
        fixed[name][i, j] = value
        if name == "S":
            fixed[name][j, i] = value
    paths = _pack(cells["A"])
    points = np.any(fixed["A"] != 0, axis=0).reshape(-1)
    points[paths.column] = True
    exogenous = [position[row.lhs] for row, _ in rows if row.exogenous and row.op == "~~" and row.lhs == row.rhs]
    return GroupLayout(
        observed,
        latent,
        fixed["A"],
        fixed["S"],
        fixed["m"][:, 0],
        paths,
        _pack(cells["S"]),
        _pack(cells["m"]),
        np.array(exogenous, dtype=np.intp),
        np.flatnonzero(points),
        _dependent(rows, position),
        _ordinal_layout(rows, table, position, exogenous),
    )


def _dependent(rows: Sequence[tuple[Row, int]], position: Mapping[str, int]) -> IntArray:
    ends = {row.rhs if row.op == "=~" else row.lhs for row, _ in rows if row.op in ("=~", "~")}
    return np.array(sorted(position[name] for name in ends), dtype=np.intp)


_ORDINAL = ("|", "~*~")


def _ordinal_layout(
    rows: Sequence[tuple[Row, int]], table: ParameterTable, position: Mapping[str, int], exogenous: Sequence[int]
) -> OrdinalLayout | None:
    items = table.ordinal
    if items is None:
        return None
    conditional = np.array(sorted(exogenous), dtype=np.intp) if items.conditional_x else np.array([], dtype=np.intp)
    n_endogenous = len(table.variables.observed) - len(conditional)
    names = table.variables.observed[:n_endogenous]
    thresholds = sorted(
        (position[row.lhs], int(row.rhs[1:]), row.value or 0.0, parameter) for row, parameter in rows if row.op == "|"
    )
    scale_value, scale_parameter = np.ones(n_endogenous), np.full(n_endogenous, -1, dtype=np.intp)
    for row, parameter in rows:
        if row.op == "~*~" and not row.derived:
            scale_value[position[row.lhs]] = 1.0 if row.value is None else row.value
            scale_parameter[position[row.lhs]] = parameter
    return OrdinalLayout(
        n_endogenous,
        np.array([name in items.levels for name in names], dtype=bool),
        np.array([entry[0] for entry in thresholds], dtype=np.intp),
        np.array([entry[2] for entry in thresholds], dtype=np.float64),
        np.array([entry[3] for entry in thresholds], dtype=np.intp),
        scale_value,
        scale_parameter,
        items.is_theta,
        conditional,
    )


def matrix_cell(lhs: str, op: str, rhs: str, position: Mapping[str, int]) -> tuple[str, int, int]:
    """Return the matrix (A, S or m), row and column that a parameter fills."""
    if op == "=~":
        return "A", position[rhs], position[lhs]
    if op == "~":
        return "A", position[lhs], position[rhs]
    if op == "~~":
        return "S", position[lhs], position[rhs]
    return "m", position[lhs], 0


def _sample_value(row: Row, i: int, j: int, sample: SampleGroup) -> float:
    if row.op == "~~":
        return float(sample.cov[i, j])
    return 0.0 if sample.mean is None else float(sample.mean[i])


def _pack(cells: list[tuple[int, int, int]]) -> Cells:
    array = np.array(cells, dtype=np.intp).reshape(len(cells), 3)
    return Cells(array[:, 0].copy(), array[:, 1].copy(), array[:, 2].copy())


def solve_constraints(constraints: LinearConstraints) -> Reduction:
    """Solve independent linear constraints for the last parameters they name.

    Gauss-Jordan elimination from the right, so that the first parameter of an equality stays the free one.
    """
    n_constraints, n_free = constraints.matrix.shape
    if n_constraints == 0:
        return Reduction(np.eye(n_free), np.zeros(n_free), np.arange(n_free), is_identity=True)
    system = np.column_stack([constraints.matrix, constraints.constant])
    tolerance = 1e-9 * np.abs(constraints.matrix).max()
    pivots, column = [], n_free
    for step in range(n_constraints):
        row, column = _pivot(system[step:], column, tolerance)
        system[[step, step + row]] = system[[step + row, step]]
        system[step] /= system[step, column]
        others = np.flatnonzero(system[:, column])  # few: most relations name two parameters
        others = others[others != step]
        system[others] -= np.outer(system[others, column], system[step])
        pivots.append(column)
    kept = np.setdiff1d(np.arange(n_free), pivots)
    matrix = np.zeros((n_free, len(kept)))
    matrix[kept, np.arange(len(kept))] = 1.0
    matrix[pivots] = -system[:, :-1][:, kept]
    constant = np.zeros(n_free)
    constant[pivots] = system[:, -1]
    return Reduction(matrix, constant, kept, is_identity=False)


def _pivot(rows: FloatArray, before: int, tolerance: float) -> tuple[int, int]:
    """Return row and column of the next pivot: the last column before the previous pivot that is not empty.

    Columns behind the previous pivot are empty already in the rows that are left.
    """
    for column in range(before - 1, -1, -1):
        size = np.abs(rows[:, column])
        if size.max() > tolerance:
            return int(np.argmax(size)), column
    raise ValueError("the constraints are not independent")
