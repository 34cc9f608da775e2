"""Score tests of letting one parameter differ between groups, markers included, scaled where the fit is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.estimate import Estimate
from trustsem.estimate.categorical import objective_for
from trustsem.estimate.constrained import ActiveConstraints
from trustsem.implied import build_layout
from trustsem.inference import InformationKind
from trustsem.inference.chisquare import chi_square_pvalue
from trustsem.inference.chisquares import TestKind
from trustsem.inference.information import allowed_directions
from trustsem.inference.robust import robust_pieces
from trustsem.inference.standard_errors import ErrorKind
from trustsem.measurement.levels import TESTABLE_LEVELS
from trustsem.measurement.model import class_of, equal_keys, fixed_alike, key_of
from trustsem.pipeline import FittedModel, PipelineOptions
from trustsem.spec.relations import evaluate_relations
from trustsem.spec.table import LinearConstraints, ParameterTable, Row

FloatArray = NDArray[np.float64]

_SINGULAR = 1e-10  # share of the largest eigenvalue below which a direction is not identified


@dataclass(frozen=True, slots=True)
class ReleaseTest:
    """Score test of one parameter's equality across groups.

    Args:
        written: The parameter as the model writes it.
        kind: Its name in `group_equal`.
        row: Its row in the first group.
        is_marker: Whether it is fixed in the first group: it sets the scale of its factor, or is an intercept or
            residual variance of an ordinal item.
        statistic: Expected drop of chi-square; NaN where the model without the constraint is not identified.
        df: Constraints that fall: groups - 1, less what other constraints imply.
        pvalue: Upper tail.
    """

    written: str
    kind: str
    row: Row
    is_marker: bool
    statistic: float
    df: int
    pvalue: float | None


@dataclass(frozen=True, eq=False, slots=True)
class _Opened:
    """A fit seen in the space where every parameter has a value per group, equal ones held by relations.

    Coordinates are those of [K, C+]: K (n, d) what all c relations leave open, column k of C+ (n, c) what opens when
    relation k alone falls.

    Args:
        n_open: d.
        block_of: Relations by parameter, counted from 0.
        gradient: (d + c,) of F/2.
        information: (d + c, d + c) bread.
        meat: (d + c, d + c) covariance of the scores; None for tests of normal theory.
        n: What multiplies F.
    """

    n_open: int
    block_of: Mapping[str, Sequence[int]]
    gradient: FloatArray
    information: FloatArray
    meat: FloatArray | None
    n: float


def release_tests(fitted: FittedModel, classes: Sequence[str]) -> tuple[ReleaseTest, ...]:
    """Test each parameter that is equal in all groups, one at a time, all others staying as they are.

    Normal theory: T = n g' K (K' I K)^-1 K' g, K a basis of what is allowed once the parameter is free (Silvey 1959).
    Robust: the generalised score test T = n u' [H A^-1 B A^-1 H']^-1 u, u = H A^-1 K' g, A = K' I K, B the meat of the
    fit's robust corrections in the directions K, H the relations that fall (White 1982; Boos 1992). The marker
    of a factor is tested like any loading: it may differ from its value in the first group as long as others are
    equal. Which item is the marker makes no difference to any statistic. The information is the expected one, with
    incomplete rows that of the fit.

    Args:
        fitted: A fit of several groups with equal parameters.
        classes: Names of `group_equal` whose parameters are tested.

    Returns:
        One test per parameter, in table order.
    """
    table = fitted.table
    markers = (*(_markers(table) if "loadings" in classes else ()), *fixed_alike(table, classes))
    opened = _open(fitted, markers)
    tests = []
    for row in table:
        kind = class_of(row, table.variables)
        if row.group == 1 and kind in classes and row.written in opened.block_of and _restricts(row, table):
            statistic, df = _statistic(opened, row.written)
            pvalue = chi_square_pvalue(statistic, df) if np.isfinite(statistic) and df > 0 else None
            assert kind is not None
            tests.append(ReleaseTest(row.written, kind, row, row.written in markers, statistic, df, pvalue))
    return tuple(tests)


def _restricts(row: Row, table: ParameterTable) -> bool:
    """Return whether freeing a threshold says something of its own: of few thresholds it frees the loading instead."""
    return row.op != "|" or table.ordinal is None or table.ordinal.levels[row.lhs] >= TESTABLE_LEVELS


def _markers(table: ParameterTable) -> Iterator[str]:
    """Yield loadings that scale their factor and can be set free in the other groups."""
    for written, spans in _scaling_loadings(table):
        if spans == 1:
            yield written


def untested_markers(table: ParameterTable) -> tuple[str, ...]:
    """Return loadings that scale their factor and are left alone: a text in `group:` blocks writes one per group."""
    return tuple(written for written, spans in _scaling_loadings(table) if spans > 1)


def _scaling_loadings(table: ParameterTable) -> Iterator[tuple[str, int]]:
    """Yield each loading that is its factor's only fixed one, at the same value in all groups, others being equal.

    Beside it the number of places in the text that it comes from.
    """
    equal = equal_keys(table)
    for factor in table.variables.latent:
        loadings = [row for row in table if row.op == "=~" and row.lhs == factor]
        fixed = [row for row in loadings if row.value]
        is_marker = len({key_of(row) for row in fixed}) == 1 and key_of(fixed[0]) in equal
        if is_marker and any(row.is_free and key_of(row) in equal for row in loadings):
            yield fixed[0].written, len({row.origin.span for row in fixed})


def _open(fitted: FittedModel, markers: Sequence[str]) -> _Opened:
    table, estimate = fitted.table, fitted.estimate
    opened, matrix, block_of = _opened_table(table, markers)
    layout = build_layout(opened, fitted.moments)
    objective = objective_for(estimate.objective.discrepancy, layout, fitted.moments)
    values = dict(zip((row.key for row in table.free_rows), estimate.theta.tolist(), strict=True))
    fixed = {row.key: row.value for row in table if row.value is not None}
    theta = np.array([values[row.key] if row.key in values else fixed[row.key] for row in opened.free_rows])
    held = tuple(r for r in table.relations if r.is_equality or r in estimate.active.relations)
    for relation in evaluate_relations(held, opened, theta).jacobian if held else ():
        wider = np.vstack([matrix, relation])
        matrix = wider if np.linalg.matrix_rank(wider) == len(wider) else matrix
    nothing = ActiveConstraints(np.zeros((0, len(theta))), ())
    free = Estimate(theta, theta, objective, estimate.value, estimate.optimum, estimate.attempts, (), nothing)
    point = objective.expand(theta)
    # the exact Hessian away from a minimum depends on which item is the marker, the expected one does not; of
    # incomplete rows the expected one holds only where answers are missing completely at random
    observed = fitted.options.full_information and fitted.options.used_information is InformationKind.OBSERVED
    information = point.hessian() if observed else point.information()
    meat = _meat(free, fitted.options)
    closed = allowed_directions(matrix) if len(matrix) else np.eye(len(theta))
    basis = np.hstack([closed, np.linalg.pinv(matrix)])
    return _Opened(
        closed.shape[1],
        block_of,
        basis.T @ point.gradient(),
        basis.T @ information @ basis,
        None if meat is None else basis.T @ meat @ basis,
        fitted.moments.n_effective,
    )


def _opened_table(
    table: ParameterTable, markers: Sequence[str]
) -> tuple[ParameterTable, FloatArray, dict[str, list[int]]]:
    """Return the table with free markers and without constraints, the constraints, and theirs by parameter."""
    rows = tuple(replace(row, value=None) if row.group > 1 and row.written in markers else row for row in table)
    free = [row for row in rows if row.is_free]
    position = {row.key: index for index, row in enumerate(free)}
    old = table.constraints.matrix
    columns = [position[row.key] for row in table.free_rows]
    matrix = np.zeros((len(old), len(free)))
    matrix[:, columns] = old
    names = [row.written for row in free]
    groups = np.array([row.group for row in free])
    block_of: dict[str, list[int]] = {}
    for number, relation in enumerate(matrix):
        touched = np.flatnonzero(relation)
        written = {names[k] for k in touched}
        if len(touched) == 2 and len(written) == 1 and groups[touched[0]] != groups[touched[1]]:
            block_of.setdefault(written.pop(), []).append(number)
    for row in free:
        if row.group > 1 and row.written in markers:
            unit = np.zeros((1, len(free)))
            unit[0, position[row.key]] = 1.0
            block_of.setdefault(row.written, []).append(len(matrix))
            matrix = np.vstack([matrix, unit])
    nothing = LinearConstraints(np.zeros((0, len(free))), np.zeros(0), ())
    return replace(table, rows=rows, constraints=nothing), matrix, block_of


_FROM_SCORES = frozenset({TestKind.YUAN_BENTLER, TestKind.YUAN_BENTLER_MPLUS})


def _meat(estimate: Estimate, options: PipelineOptions) -> FloatArray | None:
    """Return the covariance of the scores that the fit's scaled test, or else its standard errors, take."""
    scaled = next((kind for kind in options.used_tests if kind.is_scaled), None)
    errors = options.used_errors
    if scaled is None and errors not in (ErrorKind.ROBUST_SEM, ErrorKind.ROBUST_HUBER_WHITE):
        return None
    pieces = robust_pieces(estimate, options.h1)
    from_scores = scaled in _FROM_SCORES if scaled is not None else errors is ErrorKind.ROBUST_HUBER_WHITE
    return pieces.score_meat() if from_scores else pieces.gamma_meat()


def _statistic(opened: _Opened, written: str) -> tuple[float, int]:
    block = np.array(opened.block_of[written], dtype=np.intp)
    index = np.concatenate([np.arange(opened.n_open), opened.n_open + block])
    bread, df = opened.information[np.ix_(index, index)], len(block)
    scaled = _scaled(bread)
    if not np.isfinite(scaled).all() or np.linalg.eigvalsh(scaled)[0] < _SINGULAR:
        return np.nan, df
    reached = np.linalg.solve(bread, np.eye(len(index))[:, -df:])  # A^-1 H': the relations are the last coordinates
    step = reached.T @ opened.gradient[index]
    size = reached[-df:]
    if opened.meat is not None:
        size = reached.T @ opened.meat[np.ix_(index, index)] @ reached
    return float(opened.n * step @ np.linalg.solve(size, step)), df


def _scaled(bread: FloatArray) -> FloatArray:
    """Return the matrix with a diagonal of 1, so that units do not decide what is singular."""
    diagonal = np.diag(bread)
    if diagonal.min(initial=1.0) <= 0:
        return np.full_like(bread, np.nan)
    scale = np.sqrt(diagonal)
    return bread / np.outer(scale, scale)


def holm(pvalues: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return p-values adjusted for choosing among them (Holm 1979).

    Example:
        >>> holm([0.01, 0.04, None])
        (0.02, 0.04, None)
    """
    known = sorted((value, index) for index, value in enumerate(pvalues) if value is not None)
    adjusted: list[float | None] = [None] * len(pvalues)
    largest = 0.0
    for rank, (value, index) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * value))
        adjusted[index] = largest
    return tuple(adjusted)
