"""How large an unmeasured confounder of mediator and outcome must be to explain an indirect effect away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.distributions import Z95
from trustsem.effects import find_loops, r_squared, structural_paths
from trustsem.effects.sensitivity import SensitivityModel, SensitivityPoint
from trustsem.errors import EffectError, UsageError
from trustsem.records import Finding, Severity

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.sensitivity/1"
GRID = tuple(k / 10 for k in range(-9, 10))
_SAME = 1e-6  # chi-square: one minimum found twice
_SPEAKS = 3.84  # chi-square of one parameter at the 5 % level


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity:
    """An indirect effect as a function of the correlation rho of two residuals. Made by `Fit.sensitivity`.

    Args:
        x: Where the effect starts.
        m: The mediator.
        y: The outcome.
        frame: One row per rho: rho, est, se, ci_lower, ci_upper, std_all, std_se, std_ci_lower, std_ci_upper, chisq,
            converged, admissible.
        rho_at_zero: The rho nearest to 0 at which the effect is 0; None where it does not change sign on the grid.
        residual_share: rho_at_zero^2: the product of the shares of both residual variances that a confounder must
            explain to bring the effect to 0.
        total_share: The same of both total variances.
        findings: What a reader must know.
    """

    x: str
    m: str
    y: str
    frame: pd.DataFrame
    rho_at_zero: float | None
    residual_share: float | None
    total_share: float | None
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        zero = "none on the grid" if self.rho_at_zero is None else f"{self.rho_at_zero:.3f}"
        return f"<Sensitivity: {self.x} -> {self.m} -> {self.y}, rho at zero {zero}>"

    def to_dict(self) -> dict[str, Any]:
        """Return curve, crossing and findings as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "x": self.x,
            "m": self.m,
            "y": self.y,
            "rho_at_zero": self.rho_at_zero,
            "residual_share": self.residual_share,
            "total_share": self.total_share,
            "curve": records(self.frame),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def sensitivity_of(fit: Fit, x: str, m: str, y: str, rho: Iterable[float] | None) -> Sensitivity:
    """Refit a model with residuals of mediator and outcome correlated by each rho (Imai, Keele & Yamamoto 2010).

    Args:
        fit: A converged fit of one group of continuous variables.
        x: Where the effect starts.
        m: The mediator.
        y: The outcome.
        rho: Correlations between -1 and 1; -.9, -.8, ..., .9 when None.

    Raises:
        UsageError: a model that the analysis is not made for, or a grid that means nothing.
        EffectError: no path from x to y through m.
    """
    grid = _read_grid(rho)
    for name in (x, m, y):
        fit.require_variable(name)
    _require_possible(fit, x, m, y)
    fit.decompose(x, y, m)
    model = SensitivityModel(fit.fitted, x, m, y)
    points = _curve(model, grid)
    zeros, jumps = _zeros(model, points)
    zero = min(zeros, key=abs, default=None)
    shares: dict[str, float | None] = {"residual": None, "total": None}
    if zero is not None:
        (explained,) = r_squared(fit.fitted.estimate)
        left = [1 - (explained.get(name) or 0.0) for name in (m, y)]
        shares = {"residual": zero**2, "total": zero**2 * left[0] * left[1]}
    findings = (*jumps, *_findings(points, zero, x, m, y))
    return Sensitivity(x, m, y, _frame(points), zero, shares["residual"], shares["total"], findings)


def _read_grid(rho: Iterable[float] | None) -> tuple[float, ...]:
    given = GRID if rho is None else rho
    values = list(given) if isinstance(given, Iterable) else [given]
    faults = [
        f"{value!r} is no correlation between -1 and 1."
        for value in values
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not abs(float(value)) < 1
    ]
    if not values:
        faults.append("the grid has no value.")
    if faults:
        raise UsageError(
            "The grid of correlations cannot be used.",
            faults=faults,
            remedy="For example rho=[-.5, 0, .5].",
            code="rho",
        )
    return tuple(sorted({float(value) for value in values}))


def _require_possible(fit: Fit, x: str, m: str, y: str) -> None:
    fitted, table, faults = fit.fitted, fit.fitted.table, []
    if not fit.converged:
        raise EffectError("The fit did not converge: there are no effects to report.", code="not-converged")
    if len({x, m, y}) < 3:
        faults.append("x, m and y must be three variables.")
    if fit.resampled is not None:
        faults.append("The fit has standard errors from bootstrap draws, its refits would not. Leave bootstrap= out.")
    if fit.group_labels:
        faults.append("The fit has several groups. Fit one group at a time.")
    if table.ordinal is not None:
        faults.append("Ordinal items are not available. Treat the answers as numbers (ordered=False) to look at it.")
    if table.relations:
        faults.append("Nonlinear constraints, inequalities and bounds are not available. Leave them out.")
    layout, free = fitted.estimate.objective.layout, {row.key: k for k, row in enumerate(table.free_rows)}
    for row in table.rows:
        if row.op == "~~" and {row.lhs, row.rhs} == {m, y} and (row.is_free or row.value):
            faults.append(
                f"The model has a residual covariance of {m} and {y} ({row.key}) already: what the analysis would vary "
                "is estimated or fixed by the model. Take it out to see how much depends on it."
            )
        is_own = row.op == "~~" and row.lhs == row.rhs and row.lhs in (m, y)
        if is_own and row.is_free and table.constraints.matrix[:, free[row.key]].any():
            faults.append(f"The residual variance {row.key} is bound by a constraint. Leave the constraint out.")
        if is_own and row.value is not None and row.value <= 0:
            faults.append(
                f"The residual variance {row.key} is fixed at {row.value:g}: there is no residual to correlate."
            )
    matrices = fitted.estimate.objective.implied(fitted.estimate.x)
    if any(
        find_loops(group, implied, layout.n_free, None).loops
        for group, implied in zip(layout.groups, matrices, strict=True)
    ):
        faults.append("The model has a feedback loop; the analysis is made for models without.")
    if not faults and not structural_paths(layout.groups[0], x, m):
        faults.append(f"No arrow leads from {x} to {m}: {m} is no mediator of {x}.")
    if faults:
        raise UsageError("The sensitivity analysis cannot be run.", faults=faults, code="sensitivity")


def _curve(model: SensitivityModel, grid: Sequence[float]) -> list[SensitivityPoint]:
    """Refit from 0 outwards on both sides and back, each time from the neighbour; the lower minimum counts."""
    found: dict[float, SensitivityPoint] = {}
    for side in ([rho for rho in grid if rho >= 0], [rho for rho in reversed(grid) if rho < 0]):
        start = model.start()
        for rho in (*side, *reversed(side)):
            point = model.at(rho, start)
            start = point.x
            known = found.get(rho)
            if known is None or known.effect is None or point.chisq < known.chisq - _SAME:
                found[rho] = point
    return [found[rho] for rho in grid]


def _zeros(model: SensitivityModel, points: Sequence[SensitivityPoint]) -> tuple[list[float], list[Finding]]:
    """Return where the curve crosses 0, and where it jumps over it."""
    jumps = []
    known = [point for point in points if point.effect is not None]
    zeros = [point.rho for point in known if point.effect is not None and point.effect.est == 0]
    for below, above in pairwise(known):
        assert below.effect is not None
        assert above.effect is not None
        if below.effect.est * above.effect.est < 0:
            zero = model.zero_between(below, above)
            if zero is None:
                jumps.append(_jump(below.rho, above.rho))
            else:
                zeros.append(zero)
    return zeros, jumps


def _jump(below: float, above: float) -> Finding:
    return Finding(
        "sensitivity-jump",
        Severity.WARNING,
        f"Between rho = {below:g} and {above:g} the effect changes its sign without passing 0: the refits reach "
        "different minima, or none.",
        remedy="Do not read a crossing there; a finer grid shows where the curve breaks.",
    )


def _frame(points: Sequence[SensitivityPoint]) -> pd.DataFrame:
    nan = float("nan")
    columns: dict[str, list[Any]] = {"rho": [point.rho for point in points]}
    for prefix, value, error in (("", "est", "se"), ("std_", "std_all", "std_se")):
        values = np.array([nan if p.effect is None else getattr(p.effect, value) for p in points])
        errors = np.array([nan if p.effect is None else getattr(p.effect, error) for p in points])
        columns |= {value: values.tolist(), error: errors.tolist()}
        columns[f"{prefix}ci_lower"] = (values - Z95 * errors).tolist()
        columns[f"{prefix}ci_upper"] = (values + Z95 * errors).tolist()
    columns["chisq"] = [point.chisq for point in points]
    columns["converged"] = [point.effect is not None for point in points]
    columns["admissible"] = [point.admissible for point in points]
    return pd.DataFrame(columns)


def _findings(points: Sequence[SensitivityPoint], zero: float | None, x: str, m: str, y: str) -> list[Finding]:
    found = []
    failed = [point.rho for point in points if point.effect is None]
    improper = [point.rho for point in points if point.effect is not None and not point.admissible]
    if failed:
        found.append(
            Finding(
                "sensitivity-not-converged",
                Severity.WARNING,
                f"No minimum was found at rho = {_listed(failed)}: the curve has no value there.",
                remedy="Use a finer grid, so that each refit starts nearer to its solution.",
            )
        )
    if improper:
        found.append(
            Finding(
                "sensitivity-inadmissible",
                Severity.WARNING,
                f"Solutions at rho = {_listed(improper)} have a negative variance or improper residuals: no confounder "
                "can be that strong in this model.",
                remedy="Read the curve without these.",
            )
        )
    signs = {point.effect.est > 0 for point in points if point.effect is not None}
    if zero is None and len(signs) < 2:
        found.append(
            Finding(
                "sensitivity-no-zero",
                Severity.INFO,
                f"The indirect effect of {x} on {y} through {m} does not change its sign between rho = "
                f"{points[0].rho:g} and {points[-1].rho:g}.",
                remedy="Extend the grid towards -1 and 1, unless one of its arrows does not depend on rho at all.",
            )
        )
    chisq = [(point.chisq, point.rho) for point in points if np.isfinite(point.chisq)]
    if chisq and max(chisq)[0] - min(chisq)[0] > _SPEAKS:
        best = min(chisq)
        found.append(
            Finding(
                "sensitivity-data-speak",
                Severity.INFO,
                f"The chi-square depends on rho (lowest, {best[0]:.2f}, at {best[1]:g}; highest {max(chisq)[0]:.2f}): "
                "the model's restrictions say something about it.",
                remedy=f"{m} ~~ {y} may be estimable: free it and look whether the model stays identified.",
            )
        )
    return found


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
