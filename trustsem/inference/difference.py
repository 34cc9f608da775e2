"""Test a model against a more general one: the difference of their chi-squares, corrected where theirs are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from trustsem.errors import UsageError
from trustsem.estimate import Estimate
from trustsem.estimate.categorical import CategoricalObjective
from trustsem.implied import sigma_jacobian
from trustsem.inference.chisquare import ChiSquare, chi_square_pvalue
from trustsem.inference.chisquares import ModelTest, TestContext, TestKind, model_test
from trustsem.inference.information import InformationKind, ObservedInformation, allowed_directions
from trustsem.inference.nested import find_nesting, ordinal_order
from trustsem.inference.robust import H1Information, RobustPieces, robust_pieces
from trustsem.inference.robust.pieces import open_directions
from trustsem.records import Finding, Severity
from trustsem.spec.table import ParameterTable
from trustsem.suggestions import suggest

FloatArray = NDArray[np.float64]

_WORSE = 1e-5  # a general model that fits worse by more than this is not rounding


class DifferenceMethod(Enum):
    """How the difference of two chi-squares is referred to a chi-square distribution."""

    STANDARD = "standard"
    SATORRA_BENTLER_2001 = "satorra_bentler_2001"
    SATORRA_BENTLER_2010 = "satorra_bentler_2010"
    SATORRA_2000 = "satorra_2000"
    SATORRA_2000_EXACT = "satorra_2000_exact"


@dataclass(frozen=True, eq=False, slots=True)
class DifferenceSide:
    """What the test needs of one of the two fits.

    Args:
        table: Parameter table.
        estimate: End of the optimisation.
        base: The unscaled chi-square.
        test: The fit's test: its scaled one where it has one, else the one that is printed.
        information: Which information the fit uses.
        h1: Where the saturated model's information is evaluated.
        observed_by: What the observed information of its test is.
    """

    table: ParameterTable
    estimate: Estimate
    base: ChiSquare
    test: ModelTest
    information: InformationKind
    h1: H1Information
    observed_by: ObservedInformation = ObservedInformation.HESSIAN

    @property
    def observed(self) -> bool:
        """Whether the fit uses the observed information."""
        return self.information is InformationKind.OBSERVED

    @property
    def statistic(self) -> float:
        """The chi-square whose differences are taken: the unscaled one of scaled tests."""
        return self.base.statistic if self.test.kind.is_scaled else self.test.statistic

    @property
    def weighted_scaling(self) -> float:
        """The scaling factor times df, 0 of a saturated model."""
        return 0.0 if self.base.df == 0 else self.base.df * (self.test.scaling_factor or math.nan)


@dataclass(frozen=True, slots=True)
class DifferenceTest:
    """A test of the restrictions that lead from the general to the restricted model.

    Args:
        method: How it was computed.
        statistic: Chi-square; NaN where it cannot be computed (the findings say why).
        df: Difference of the degrees of freedom.
        pvalue: Upper tail; None where the statistic is undefined or is no chi-square.
        unscaled: Difference of the unscaled chi-squares.
        scaling_factor: What the unscaled difference was divided by; None of the standard test.
        shift: What a scaled and shifted test adds; None of the others.
        rmsea: RMSEA of the restrictions alone (Savalei, Brace & Fouladi 2023), of ordinal items from the scaled
            statistic; None where the statistic is undefined.
        findings: What a reader must know.
    """

    method: DifferenceMethod
    statistic: float
    df: int
    pvalue: float | None
    unscaled: float
    scaling_factor: float | None = None
    shift: float | None = None
    rmsea: float | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scale:
    """The correction of a difference T: slope T + shift; `mean` is the expected T per df."""

    slope: float
    shift: float | None
    mean: float


def difference_test(
    restricted: DifferenceSide, general: DifferenceSide, method: str | DifferenceMethod | None = None
) -> DifferenceTest:
    """Test the restrictions of one model against a more general one in which it is nested.

    The caller answers for the models being nested and fitted to the same data (`find_nesting`).

    Args:
        restricted: The model with more degrees of freedom.
        general: The model that it is a special case of.
        method: "standard": T = T0 - T1. "satorra_bentler_2001": T / c with c = (df0 c0 - df1 c1) / (df0 - df1).
            "satorra_bentler_2010": the same with c1 of the general model at the restricted one's parameters, so that
            c is positive. "satorra_2000": T scaled and shifted by the traces of its own U Gamma, the restrictions
            found from both models' Jacobians, each at its own estimates (lavaan's A.method "delta");
            "satorra_2000_exact": found where both imply the same moments. None: 2001 for tests that are scaled by
            their mean, satorra_2000 for those that correct the variance too, else standard.

    Raises:
        UsageError: not fewer degrees of freedom, tests of different kinds, or a method that does not go with them.

    Sources: Satorra & Bentler (2001); Satorra & Bentler (2010); Satorra (2000); scaled and shifted: Asparouhov &
    Muthen (2010); docs/comparing-models.md.
    """
    _require_comparable(restricted, general)
    chosen = _method_of(method, restricted)
    df = restricted.base.df - general.base.df
    unscaled = restricted.statistic - general.statistic
    if unscaled < -_WORSE * max(1.0, abs(general.statistic)):
        return DifferenceTest(chosen, math.nan, df, None, unscaled, findings=(_worse(unscaled),))
    unscaled = max(unscaled, 0.0)
    if chosen is DifferenceMethod.STANDARD and _has_no_distribution(general):
        return DifferenceTest(chosen, unscaled, df, None, unscaled, findings=(_no_distribution(general),))
    if chosen is DifferenceMethod.STANDARD:
        findings = (_uncorrected(restricted.test.kind),) if restricted.test.kind.is_scaled else ()
        rmsea = _rmsea(unscaled - df, df, general)
        pvalue = chi_square_pvalue(unscaled, df)
        return DifferenceTest(chosen, unscaled, df, pvalue, unscaled, rmsea=rmsea, findings=findings)
    try:
        scale = _SCALES[chosen](restricted, general)
    except np.linalg.LinAlgError:
        return DifferenceTest(chosen, math.nan, df, None, unscaled, findings=(_singular(chosen),))
    if not scale.mean > 0:
        finding = _negative(chosen, scale.mean)
        return DifferenceTest(chosen, math.nan, df, None, unscaled, scale.mean, findings=(finding,))
    statistic = scale.slope * unscaled + (scale.shift or 0.0)
    # of ordinal items the unscaled difference has no population value of its own: weights decide its size
    is_ordinal = isinstance(general.estimate.objective, CategoricalObjective)
    rmsea = _rmsea(statistic - df if is_ordinal else unscaled - df * scale.mean, df, general)
    pvalue = chi_square_pvalue(statistic, df)
    return DifferenceTest(chosen, statistic, df, pvalue, unscaled, 1 / scale.slope, scale.shift, rmsea)


def _require_comparable(restricted: DifferenceSide, general: DifferenceSide) -> None:
    df0, df1 = restricted.base.df, general.base.df
    if _shape(restricted) != _shape(general):
        raise UsageError(
            "The fits have other variables or groups, or only one of them has means.",
            remedy="Fit both models to the same variables, groups and respondents; with means, meanstructure=True.",
            code="different-data",
        )
    if df0 <= df1:
        raise UsageError(
            f"The restricted model has {df0} degrees of freedom and the general one {df1}: there is nothing to test.",
            remedy="The restricted model needs more degrees of freedom; compare models with as many by AIC or BIC.",
            code="no-df-difference",
        )
    kinds = {restricted.test.kind, general.test.kind}
    if len(kinds) > 1:
        names = " and ".join(sorted(kind.value for kind in kinds))
        raise UsageError(
            f"The fits have different tests ({names}): their chi-squares have no common scale.",
            remedy="Fit both models with the same estimator and test.",
            code="different-tests",
        )


def _shape(side: DifferenceSide) -> tuple[object, ...]:
    objective = side.estimate.objective
    groups = tuple((sample.label, frozenset(sample.names), sample.n_obs) for sample in objective.moments.groups)
    return groups, objective.layout.meanstructure


def _method_of(method: str | DifferenceMethod | None, side: DifferenceSide) -> DifferenceMethod:
    kind = side.test.kind
    if method is None:
        if not kind.is_scaled:
            return DifferenceMethod.STANDARD
        return DifferenceMethod.SATORRA_2000 if kind in _BY_VARIANCE else DifferenceMethod.SATORRA_BENTLER_2001
    chosen = read_method(method)
    if chosen is not DifferenceMethod.STANDARD and not kind.is_scaled:
        raise UsageError(
            f'method="{chosen.value}" corrects scaled tests; these fits have the test "{kind.value}".',
            remedy='Leave method out, or fit both models with a robust estimator such as estimator="MLR".',
            code="difference-method",
        )
    if chosen in _FROM_FACTORS and kind in _BY_VARIANCE:
        raise UsageError(
            f'method="{chosen.value}" is for tests that are scaled by their mean only, not for "{kind.value}".',
            remedy='Use method="satorra_2000", the default of these tests.',
            code="difference-method",
        )
    return chosen


_BY_VARIANCE = frozenset({TestKind.SCALED_SHIFTED, TestKind.MEAN_VAR_ADJUSTED})
_FROM_FACTORS = frozenset({DifferenceMethod.SATORRA_BENTLER_2001, DifferenceMethod.SATORRA_BENTLER_2010})


def read_method(method: str | DifferenceMethod) -> DifferenceMethod:
    """Return the method that a name means; dots and hyphens may stand for underscores, "default" is no name.

    Raises:
        UsageError: another name.
    """
    if isinstance(method, DifferenceMethod):
        return method
    name = str(method).strip().lower().replace(".", "_").replace("-", "_")
    allowed = {kind.value: kind for kind in DifferenceMethod}
    if name not in allowed:
        raise UsageError(
            f"Unknown method {method!r}.{suggest(name, tuple(allowed))}",
            remedy=f"Use one of: {', '.join(allowed)}; or leave it out.",
            code="difference-method",
        )
    return allowed[name]


# --- corrections -------------------------------------------------------------------------------------------------


def _satorra_bentler_2001(restricted: DifferenceSide, general: DifferenceSide) -> _Scale:
    df = restricted.base.df - general.base.df
    mean = (restricted.weighted_scaling - general.weighted_scaling) / df
    return _Scale(1 / mean if mean else math.nan, None, mean)


def _satorra_bentler_2010(restricted: DifferenceSide, general: DifferenceSide) -> _Scale:
    df, df1 = restricted.base.df - general.base.df, general.base.df
    factor = 0.0
    if df1:
        estimate = _general_at_restricted(restricted, general)
        context = TestContext(estimate, general.base, general.information, lambda: _pieces(general, estimate))
        factor = model_test(general.test.kind, context).scaling_factor or math.nan
    mean = (restricted.weighted_scaling - df1 * factor) / df
    return _Scale(1 / mean if mean else math.nan, None, mean)


def _satorra_2000(restricted: DifferenceSide, general: DifferenceSide) -> _Scale:
    return _scaled_shifted(restricted, general, general.estimate)


def _satorra_2000_exact(restricted: DifferenceSide, general: DifferenceSide) -> _Scale:
    return _scaled_shifted(restricted, general, _general_at_restricted(restricted, general))


_SCALES: Mapping[DifferenceMethod, Callable[[DifferenceSide, DifferenceSide], _Scale]] = {
    DifferenceMethod.SATORRA_BENTLER_2001: _satorra_bentler_2001,
    DifferenceMethod.SATORRA_BENTLER_2010: _satorra_bentler_2010,
    DifferenceMethod.SATORRA_2000: _satorra_2000,
    DifferenceMethod.SATORRA_2000_EXACT: _satorra_2000_exact,
}


def _general_at_restricted(restricted: DifferenceSide, general: DifferenceSide) -> Estimate:
    """Return the general model at the parameters that imply the restricted model's moments (M10)."""
    nesting = find_nesting(restricted.estimate, restricted.table, general.estimate, general.table)
    if nesting.point is None:
        raise UsageError(
            "The restricted model is no special case of the general one: fitted to the moments that it implies, the "
            f"general model leaves a discrepancy of {2 * nesting.discrepancy:.2g}.",
            remedy="Compare models that are not nested by AIC or BIC.",
            code="not-nested",
        )
    return nesting.point


def _scaled_shifted(restricted: DifferenceSide, general: DifferenceSide, where: Estimate) -> _Scale:
    """Return a T + b with a = sqrt(m / tr(M^2)), b = m - a tr(M), the mean and the variance of T being right.

    M = (A E^-1 A')^-1 A E^-1 B E^-1 A' has the nonzero eigenvalues of U_d Gamma; E and B are bread and meat of the
    general model, A (m, d1) its restrictions: A H = 0 where H solves J0 = J1 H for the Jacobians of the moments.

    Args:
        restricted: The model with more degrees of freedom.
        general: The other one; E and B are at its estimates.
        where: The general model at the point of J1.
    """
    pieces = _pieces(general, general.estimate)
    restrictions = _restrictions(restricted.estimate, where)
    solved = np.linalg.solve(pieces.bread(observed=general.observed), restrictions.T)
    product = np.linalg.solve(restrictions @ solved, solved.T @ pieces.gamma_meat() @ solved)
    trace, squared, m = float(np.trace(product)), float(np.sum(product * product.T)), len(restrictions)
    slope = math.sqrt(m / squared)
    return _Scale(slope, m - slope * trace, trace / m)


def _pieces(side: DifferenceSide, estimate: Estimate) -> RobustPieces:
    return robust_pieces(estimate, side.h1, observed_by=side.observed_by)


def _restrictions(restricted: Estimate, general: Estimate) -> FloatArray:
    """Return A (m, d1): an orthonormal basis of the directions of the general model that the restricted one closes.

    Raises:
        numpy.linalg.LinAlgError: A has not as many rows as the models differ in parameters.
    """
    wide, narrow = _jacobian(general), _jacobian(restricted)
    ordered = narrow[_moment_order(restricted, general)]
    inside = np.asarray(np.linalg.lstsq(wide, ordered, rcond=None)[0], dtype=np.float64)
    basis = allowed_directions(inside.T).T if inside.shape[1] else np.eye(wide.shape[1])
    if len(basis) != wide.shape[1] - narrow.shape[1]:
        raise np.linalg.LinAlgError("the Jacobian of the restricted model has not full rank")
    return basis


def _jacobian(estimate: Estimate) -> FloatArray:
    """Return the Jacobian of all groups' moments in the directions that the model leaves open."""
    objective = estimate.objective
    if isinstance(objective, CategoricalObjective):
        rows = list(objective.expand_at(objective.implied(estimate.x)).jacobians)
    else:
        means = objective.layout.meanstructure
        groups = objective.expand(estimate.x).groups
        rows = [sigma_jacobian(group.derivatives, meanstructure=means) for group in groups]
    return np.vstack(rows) @ open_directions(estimate)


def _moment_order(source: Estimate, target: Estimate) -> NDArray[np.intp]:
    """Return where each moment of the target's order of variables stands in the source's."""
    means = target.objective.layout.meanstructure
    order, offset = [], 0
    for one, other in zip(source.objective.moments.groups, target.objective.moments.groups, strict=True):
        if one.categorical is not None:
            moments = ordinal_order(one, other)
            order.append(moments + offset)
            offset += len(moments)
            continue
        p = len(one.names)
        column, row = np.triu_indices(p)
        position = np.zeros((p, p), dtype=np.intp)
        position[row, column] = position[column, row] = np.arange(len(row))
        index = np.array([one.names.index(name) for name in other.names], dtype=np.intp)
        moments = position[index[row], index[column]]
        if means:
            moments = np.concatenate([moments, len(row) + index])
        order.append(moments + offset)
        offset += len(moments)
    return np.concatenate(order)


def _rmsea(excess: float, df: int, side: DifferenceSide) -> float:
    """Return sqrt(G max(T - c m, 0) / (n m)), on the scale of the model's own RMSEA: n - G of ordinal items."""
    objective = side.estimate.objective
    moments, n_groups = objective.moments, len(objective.moments.groups)
    n = moments.mass - n_groups if isinstance(objective, CategoricalObjective) else moments.n_effective
    return math.sqrt(max(excess, 0.0) / (n * df) * n_groups)


# --- findings ----------------------------------------------------------------------------------------------------


def _worse(unscaled: float) -> Finding:
    return Finding(
        "difference-negative",
        Severity.ERROR,
        f"The general model fits worse than the restricted one (chi-square difference {unscaled:.3f}): either one fit "
        "is not at its minimum or the models are not nested.",
        remedy="Look at the findings of both fits; try start values.",
    )


def _uncorrected(kind: TestKind) -> Finding:
    return Finding(
        "difference-uncorrected",
        Severity.WARNING,
        f'The difference is that of unscaled chi-squares although the fits have the robust test "{kind.value}": with '
        "answers that are not normal its p-value is wrong.",
        remedy="Leave method out for the correction that goes with the test.",
    )


def _has_no_distribution(side: DifferenceSide) -> bool:
    """Return whether n F of ordinal items is no chi-square: only the full weight matrix makes it one."""
    objective = side.estimate.objective
    return isinstance(objective, CategoricalObjective) and objective.discrepancy.name != "WLS"


def _no_distribution(side: DifferenceSide) -> Finding:
    return Finding(
        "difference-no-distribution",
        Severity.WARNING,
        f"The difference of unscaled chi-squares follows no chi-square distribution with ordinal items and "
        f"{side.estimate.objective.discrepancy.name}: it has no p-value.",
        remedy='Use a fit with a scaled test, estimator="WLSMV" or "ULSMV", and leave method out.',
    )


def _negative(method: DifferenceMethod, factor: float) -> Finding:
    others = {
        DifferenceMethod.SATORRA_BENTLER_2001: '"satorra_bentler_2010"',
        DifferenceMethod.SATORRA_BENTLER_2010: '"satorra_2000"',
    }
    other = others.get(method, '"satorra_bentler_2001"')
    return Finding(
        "difference-scaling-negative",
        Severity.ERROR,
        f"The scaling factor of the difference is {factor:.3f}, not positive: {method.value} gives no test here, and "
        "none is shown.",
        remedy=f"Use method={other}.",
    )


def _singular(method: DifferenceMethod) -> Finding:
    return Finding(
        "difference-undefined",
        Severity.ERROR,
        f"{method.value} cannot be computed: where it is evaluated, the general model's information matrix cannot be "
        "inverted, or some parameters of a model do not move its moments.",
        remedy="Look at the findings of both fits; of tests that are scaled by their mean, "
        'method="satorra_bentler_2001" needs neither.',
    )
