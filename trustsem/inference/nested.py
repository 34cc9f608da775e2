"""Whether one model is a special case of another, and where in the general model the restricted one sits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustsem.discrepancy import ML
from trustsem.estimate import Estimate, estimate_parameters
from trustsem.estimate.categorical import CategoricalObjective, objective_for
from trustsem.estimate.scoring import minimise_by_scoring
from trustsem.estimate.status import OptimStatus
from trustsem.implied import build_layout, ordinal_moments
from trustsem.moments import SampleGroup, SampleMoments
from trustsem.spec.table import ParameterTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# F/2 of a perfect fit is rounding: 1e-13 and less after Newton steps. A gap that is real but smaller than this would
# move the chi-square of 100,000 respondents by .002.
NESTED_BELOW = 1e-8


@dataclass(frozen=True, eq=False, slots=True)
class Nesting:
    """Result of fitting the general model to the moments that the restricted one implies.

    Args:
        discrepancy: F/2 that is left, over all groups: of maximum likelihood, with ordinal items of the general
            model's own least squares; infinite where no run ended.
        point: The general model, on its own data, at the parameters that reproduce the restricted model's moments;
            None where there are none.
    """

    discrepancy: float
    point: Estimate | None

    @property
    def is_nested(self) -> bool:
        """Whether the general model reproduces the moments of the restricted one."""
        return self.point is not None


def find_nesting(
    restricted: Estimate, restricted_table: ParameterTable, general: Estimate, general_table: ParameterTable
) -> Nesting:
    """Fit the general model to the implied moments of the restricted one: nested if nothing is left.

    Group by group, means included; the models need not share a single parameter. The variables and groups of both
    must be the same. It answers for the restricted model's estimates: a model that is nested at them by coincidence
    (say, because an estimate is exactly 0) passes as well. Of ordinal items the moments are thresholds, means, slopes,
    variances and correlations of the latent responses, and the weights those of the general fit.

    Source: Bentler & Satorra (2010), the NET procedure.
    """
    if isinstance(restricted.objective, CategoricalObjective):
        discrepancy = general.objective.discrepancy
        population = ordinal_population(restricted, general)
    else:
        discrepancy = ML
        population = implied_population(restricted, general_table.variables.observed)
    layout = build_layout(general_table, population)
    objective = objective_for(discrepancy, layout, population)
    runs: list[tuple[float, FloatArray, Estimate | None]] = []
    if not general_table.relations:
        starts = (_shared_values(restricted, restricted_table, general, general_table), general.theta)
        for start in starts:
            run = minimise_by_scoring(objective, start[layout.reduction.kept])
            if run.status is OptimStatus.CONVERGED:
                runs.append((run.value, run.x, None))
                if run.value < NESTED_BELOW:
                    break
    if not runs or min(run[0] for run in runs) >= NESTED_BELOW:
        full = estimate_parameters(general_table, layout, population, discrepancy)
        runs.append((full.value, full.x, full))
    value, x, full = min(runs, key=lambda run: run[0])
    if not value < NESTED_BELOW:
        return Nesting(value, None)
    active = general.active if full is None else full.active
    own = general.objective
    theta = own.layout.reduction.expand(x)
    return Nesting(max(value, 0.0), replace(general, theta=theta, x=x, value=own.value(x), active=active))


def implied_population(estimate: Estimate, names: tuple[str, ...]) -> SampleMoments:
    """Return the moments that an estimate implies, as if they were a sample.

    Means that the model says nothing of are those of the sample.

    Args:
        estimate: A fitted model.
        names: Its observed variables in the order that is wanted.
    """
    groups = []
    objective = estimate.objective
    for sample, implied in zip(objective.moments.groups, objective.implied(estimate.x), strict=True):
        mean = np.array(implied.mu) if objective.layout.meanstructure else sample.mean
        sigma = (implied.sigma + implied.sigma.T) / 2
        group = SampleGroup(sample.names, sigma, mean, sample.n_obs, label=sample.label, is_unbiased=sample.is_unbiased)
        groups.append(group.ordered(names))
    return SampleMoments(tuple(groups))


def ordinal_population(restricted: Estimate, general: Estimate) -> SampleMoments:
    """Return the statistics of ordinal data that an estimate implies, in the general fit's order and weights.

    Only the vector of statistics is the implied one: start values may come from the sample as well.

    Args:
        restricted: A fit of ordinal items.
        general: Another fit to the same statistics.
    """
    source = restricted.objective
    groups = []
    for layout, implied, sample, target in zip(
        source.layout.groups,
        source.implied(restricted.x),
        source.moments.groups,
        general.objective.moments.groups,
        strict=True,
    ):
        assert target.categorical is not None
        vector = ordinal_moments(layout, implied, implied.theta, derivatives=False).vector
        statistics = replace(target.categorical, vector=vector[ordinal_order(sample, target)])
        groups.append(replace(target, categorical=statistics))
    return SampleMoments(tuple(groups))


def ordinal_order(source: SampleGroup, target: SampleGroup) -> IntArray:
    """Return where each statistic of the target's order of variables stands in the source's, (M,).

    Both must have the same variables, categories and covariates.
    """
    assert source.categorical is not None
    assert target.categorical is not None
    one, other = source.categorical.layout, target.categorical.layout
    p, k = other.n_variables, other.n_covariates
    variable = np.array([source.names.index(name) for name in target.names[:p]], dtype=np.intp)
    covariate = np.array([source.names.index(name) - p for name in target.names[p : p + k]], dtype=np.intp)
    first = {(v, level): at for at, (v, level) in enumerate(one.threshold_of.tolist())}
    continuous = {v: at for at, v in enumerate(one.continuous.tolist())}
    pair = np.zeros((p, p), dtype=np.intp)
    pair[one.row, one.column] = pair[one.column, one.row] = np.arange(len(one.row))
    return np.concatenate(
        [
            np.array([first[variable[v], level] for v, level in other.threshold_of.tolist()], dtype=np.intp),
            one.slopes.start + (variable[:, None] * k + covariate).ravel(),
            one.variances.start + np.array([continuous[variable[v]] for v in other.continuous], dtype=np.intp),
            one.pairs.start + pair[variable[other.row], variable[other.column]],
        ]
    ).astype(np.intp)


def _shared_values(
    restricted: Estimate, restricted_table: ParameterTable, general: Estimate, general_table: ParameterTable
) -> FloatArray:
    """Return a start for the general model's free rows: values of rows of the same name, 0 for what was left out.

    Where the restricted model only fixes or equates parameters of the general one, this is the solution.
    """
    known = {
        row.key: restricted.theta[index] if index >= 0 else row.value
        for row, index in zip(restricted_table.rows, restricted_table.free_index, strict=True)
    }
    start = np.array(general.theta)
    for position, row in enumerate(general_table.free_rows):
        value = known.get(row.key)
        if value is not None:
            start[position] = value
        elif row.key not in known and not (row.op == "~~" and row.lhs == row.rhs):
            start[position] = 0.0
    return start
