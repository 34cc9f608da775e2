"""One run of semopy on a parameter table: names made safe, every parameter written out, moments handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.inference.information import InformationKind
from trustsem.inference.standard_errors import ErrorKind
from trustsem.spec.table import ParameterTable

if TYPE_CHECKING:
    from trustsem.pipeline import FittedModel

PRECISION = {"ftol": 1e-13, "maxiter": 2000}  # semopy's default of 1e-6 leaves the third decimal open


@dataclass(frozen=True, slots=True)
class SemopyRun:
    """What semopy found.

    Args:
        version: semopy's version.
        estimates: One per free row of the table; NaN for intercepts, which semopy's model does not have.
        errors: Standard errors in the same order; None where they mean something else.
        errors_reason: Why there are none.
        discrepancy: F, log|Sigma| + tr(S Sigma^-1) - log|S| - p.
        df: Degrees of freedom of the model that semopy fitted.
        succeeded: Whether its optimiser says so.
        message: What its optimiser says.
    """

    version: str
    estimates: tuple[float, ...]
    errors: tuple[float, ...] | None
    errors_reason: str | None
    discrepancy: float
    df: int
    succeeded: bool
    message: str


def coupled_means(table: ParameterTable) -> list[str]:
    """Return mean parameters that tie means to the rest, so that the covariance part cannot be fitted alone.

    Means are free of the rest when every observed variable has an intercept of its own, no factor's mean is free and no
    constraint mentions an intercept: then any covariance structure leaves them at the sample's values.
    """
    if not table.meanstructure:
        return []
    observed = set(table.variables.observed)
    means = [row for row in table if row.op == "~1"]
    restricted = [row.written for row in means if (row.lhs in observed) == (not row.is_free and not row.exogenous)]
    missing = [f"{name}~1" for name in table.variables.observed if name not in {row.lhs for row in means}]
    positions = [index for index, row in enumerate(table.free_rows) if row.op == "~1"]
    is_bound = bool(np.any(table.constraints.matrix[:, positions] != 0))
    return [*restricted, *missing, *(["constraints on intercepts"] if is_bound else [])]


def run_semopy(fitted: FittedModel, kind: InformationKind, *, from_ours: bool = False) -> SemopyRun:
    """Fit with semopy.

    Args:
        fitted: Our fit, for its table and moments.
        kind: Information behind our standard errors.
        from_ours: Start from our estimates instead of plain values.
    """
    # semopy takes seconds to import: only when it is wanted.
    import semopy
    from threadpoolctl import threadpool_limits

    table, sample = fitted.table, fitted.moments.groups[0]
    short = {name: f"v{index}" for index, name in enumerate(table.variables.observed)}
    short |= {name: f"f{index}" for index, name in enumerate(table.variables.latent)}
    keys = parameter_keys(table)
    model = semopy.Model(describe_model(fitted, short, keys), cov_diag=True)
    for parameter in model.parameters.values():
        parameter.bound = (None, None)  # semopy keeps variances above zero, we do not
    starts = fitted.estimate.theta if from_ours else _loading_starts(fitted)
    for key, value in zip(keys, starts, strict=True):
        if key in model.parameters and np.isfinite(value):
            model.parameters[key].start = float(value)
    names = [short[name] for name in sample.names]
    cov = pd.DataFrame(sample.cov, index=names, columns=names)
    n = fitted.moments.n_effective
    # Its matrices are small: threads that wait for each other made it a hundred times slower.
    with threadpool_limits(limits=1):
        result = model.fit(cov=cov, n_samples=n, options=PRECISION)
    active = [key for key, parameter in model.parameters.items() if parameter.active]
    values = dict(zip(active, (float(value) for value in result.x), strict=True))
    if fitted.options.used_errors is ErrorKind.STANDARD:
        errors, reason = _standard_errors(kind, model, keys, active)
    else:
        errors, reason = None, f"ours are {fitted.options.used_errors.value}, which semopy does not have"
    return SemopyRun(
        version=str(semopy.__version__),
        estimates=tuple(values.get(key, float("nan")) for key in keys),
        errors=errors,
        errors_reason=reason,
        discrepancy=float(result.fun),
        df=_degrees(fitted, len(active) - len(model.constraints)),
        succeeded=bool(result.success),
        message=str(result.message),
    )


def _loading_starts(fitted: FittedModel) -> np.ndarray:
    """Return start values of the loadings, NaN where semopy's own rule is used.

    semopy's rule for loadings follows fixed loadings from factor to factor and never returns where a factor has none.
    """
    table, sample = fitted.table, fitted.moments.groups[0]
    spread = dict(zip(sample.names, np.sqrt(np.diag(sample.cov)), strict=True))
    scaled = {row.lhs for row in table if row.op == "=~" and not row.is_free}
    return np.array(
        [
            np.nan if row.op != "=~" else 1.0 if row.lhs in scaled else 0.6 * spread.get(row.rhs, 1.0)
            for row in table.free_rows
        ]
    )


def parameter_keys(table: ParameterTable) -> tuple[str, ...]:
    """Return semopy's name for each free row; rows that are equal by label share one, as semopy wants it."""
    first: dict[str, str] = {}
    keys = []
    for index, row in enumerate(table.free_rows):
        key = f"p{index}"
        keys.append(first.setdefault(row.label, key) if row.label else key)
    return tuple(keys)


def describe_model(fitted: FittedModel, short: dict[str, str], keys: Sequence[str]) -> str:
    """Return the model in semopy's language: no default of semopy's is left to decide anything.

    Moments of fixed predictors are written as the sample's values; intercepts are left out.
    """
    table, sample = fitted.table, fitted.moments.groups[0]
    position = {name: index for index, name in enumerate(sample.names)}
    lines = []
    for row, index in zip(table.rows, table.free_index, strict=True):
        if row.op == "~1":
            continue
        if row.is_free:
            factor = keys[index]
        elif row.value is not None:
            factor = repr(float(row.value))
        else:
            factor = repr(float(sample.cov[position[row.lhs], position[row.rhs]]))
        lines.append(f"{short[row.lhs]} {row.op} {factor}*{short[row.rhs]}")
    lines += [f"{short[name]} ~~ 0.0*{short[name]}" for name in _without_variance(table)]
    return "\n".join([*lines, *_constraint_lines(table, keys)])


def _without_variance(table: ParameterTable) -> list[str]:
    known = {row.lhs for row in table if row.op == "~~" and row.lhs == row.rhs}
    return [name for name in (*table.variables.latent, *table.variables.observed) if name not in known]


def _constraint_lines(table: ParameterTable, keys: Sequence[str]) -> list[str]:
    lines = []
    for vector, constant in zip(table.constraints.matrix, table.constraints.constant, strict=True):
        weights: dict[str, float] = {}
        for index in np.flatnonzero(vector).tolist():
            weights[keys[index]] = weights.get(keys[index], 0.0) + float(vector[index])
        terms = [f"({weight!r})*{key}" for key, weight in weights.items() if weight != 0]
        if terms:
            lines.append(f"CONSTRAINT({'+'.join(terms)}=({float(constant)!r}))")
    return lines


def _degrees(fitted: FittedModel, n_parameters: int) -> int:
    """Count as everywhere: moments of fixed predictors are none that the model explains."""
    p, k = len(fitted.table.variables.observed), 0
    if any(row.exogenous for row in fitted.table):
        k = len(fitted.table.variables.exogenous)
    return p * (p + 1) // 2 - k * (k + 1) // 2 - n_parameters


def _standard_errors(
    kind: InformationKind, model: Any, keys: Sequence[str], active: Sequence[str]
) -> tuple[tuple[float, ...] | None, str | None]:
    if model.constraints:
        return None, "semopy leaves the constraints out of them"
    if kind is not InformationKind.EXPECTED:
        return None, "compared for expected information only"
    _, inverse = model.calc_fim(inverse=True)
    variances = dict(zip(active, np.diag(inverse), strict=True))
    return tuple(float(np.sqrt(max(variances.get(key, np.nan), 0.0))) for key in keys), None
