"""How much of a total effect is mediated, and when that question has no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects import EffectKey, EffectKind, delta_method, effect_functions, effect_ratios
from trustsem.errors import EffectError
from trustsem.records import Finding, Severity
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.intervals import IntervalMaker
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]
Names = str | Sequence[str] | None

SCHEMA = "trustsem.proportion_mediated/1"
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False, repr=False)
class ProportionMediated:
    """Shares of total effects that run through mediators. Made by `Fit.proportion_mediated`.

    Args:
        frame: One row per pair and group: x, y, through, group, group_label, est (NaN where the share is not defined),
            its intervals, reason (why it is not defined, else empty).
        findings: Which shares are not defined or not to be trusted, and what is to know of draws.
        seed: Of the draws; None without draws.
    """

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    seed: int | None

    def __repr__(self) -> str:
        return f"<ProportionMediated: {len(self.frame)} rows, {len(self.findings)} findings>"

    def to_dict(self) -> dict[str, Any]:
        """Return shares, findings and seed as JSON-ready values."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "proportions": records(self.frame),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def proportion_mediated(fit: Fit, maker: IntervalMaker, x: Names, y: Names, through: Names) -> ProportionMediated:
    """Return the shares of total effects that are mediated: indirect / total (Alwin & Hauser 1975).

    Args:
        fit: A converged fit.
        maker: Makes the intervals.
        x: Where effects start, as in `Fit.effects`.
        y: Where they end.
        through: Only what runs through all of these; all indirect effects when None.

    Raises:
        EffectError: as `Fit.effects`, or no indirect effect at all.
    """
    pairs = _parts_and_totals(fit, x, y, through)
    if not pairs:
        raise EffectError(
            "There is no indirect effect whose share could be computed.",
            remedy="`effects` lists the paths between two variables.",
            code="no-path",
        )
    functions = effect_ratios(fit.fitted.estimate, pairs)
    judged = [_judge(*parts) for parts in _estimates(fit, pairs)]
    reasons = [reason for reason, _ in judged]
    undefined = np.array([bool(reason) for reason in reasons])
    labels, via = group_names(fit.fitted.table), _listed(through)
    columns = {"est": functions.values, **maker.columns(functions)}
    frame = pd.DataFrame(
        {
            "x": [part.x for part, _ in pairs],
            "y": [part.y for part, _ in pairs],
            "through": [via] * len(pairs),
            "group": [part.group for part, _ in pairs],
            "group_label": [labels[part.group - 1] for part, _ in pairs],
            **{name: _blank(values, undefined) for name, values in columns.items()},
            "reason": reasons,
        }
    )
    named = [(f"{part.x} on {part.y}", labels[part.group - 1]) for part, _ in pairs]
    findings = [
        finding.in_group(label)
        for (name, label), (reason, doubts) in zip(named, judged, strict=True)
        for finding in _findings(name, reason, doubts)
    ]
    return ProportionMediated(frame, (*findings, *maker.findings), maker.seed)


def _blank(values: FloatArray, undefined: NDArray[np.bool_]) -> FloatArray:
    """Return a column without the numbers of shares that are not defined; counts of draws stay."""
    return values if values.dtype.kind != "f" else np.where(undefined, np.nan, values)


def _parts_and_totals(fit: Fit, x: Names, y: Names, through: Names) -> list[tuple[EffectKey, EffectKey]]:
    totals = {(row.x, row.y, row.group): row for row in fit.decompose(x, y).rows if row.kind is EffectKind.TOTAL}
    parts = [row for row in fit.decompose(x, y, through).rows if row.kind is EffectKind.TOTAL_INDIRECT]
    return [(part, totals[part.x, part.y, part.group]) for part in parts]


@dataclass(frozen=True, slots=True)
class _Sized:
    """A part of a total effect with its z-value."""

    value: float
    z: float

    @property
    def is_known(self) -> bool:
        """Whether there is a standard error to judge it by."""
        return not np.isnan(self.z)

    @property
    def is_clear(self) -> bool:
        """Whether its 95 % interval leaves 0 out."""
        return abs(self.z) > Z95


def _estimates(fit: Fit, pairs: Sequence[tuple[EffectKey, EffectKey]]) -> list[tuple[_Sized, _Sized, _Sized]]:
    """Return what is mediated, what is not, and the total of every pair."""
    estimate = fit.fitted.estimate
    functions = effect_functions(estimate, [key for pair in pairs for key in pair])
    both = functions.joined(functions.differences([(2 * k + 1, 2 * k) for k in range(len(pairs))]))
    result = delta_method(both.values, both.jacobian_at(estimate.theta), fit.fitted.covariance.matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = result.values / result.standard_errors
    sized = [_Sized(float(value), float(ratio)) for value, ratio in zip(result.values, z, strict=True)]
    ends = 2 * len(pairs)
    return [(sized[2 * k], sized[ends + k], sized[2 * k + 1]) for k in range(len(pairs))]


def _judge(mediated: _Sized, rest: _Sized, total: _Sized) -> tuple[str, tuple[Finding, ...]]:
    """Return why there is no share (empty where there is one), and doubts about it."""
    if not np.isfinite(total.value) or total.value == 0:
        return "the total effect is 0: nothing can be a share of it", ()
    opposite = mediated.value * rest.value < 0 and abs(rest.value) > _ROUNDING * abs(total.value)
    if opposite and mediated.is_clear and rest.is_clear:
        return (
            f"the mediated part ({mediated.value:.3f}) and the rest ({rest.value:.3f}) have opposite signs and cancel "
            "(inconsistent mediation): neither is a share of the total effect"
        ), ()
    doubts = []
    if abs(rest.value) <= _ROUNDING * abs(total.value):
        doubts.append(
            Finding(
                "proportion-by-assumption",
                Severity.INFO,
                "the model has no effect beside the mediated one: the proportion is 1 by assumption, not by the data.",
                remedy="Add the direct arrow if the proportion is of interest.",
            )
        )
    if opposite:
        doubts.append(
            Finding(
                "proportion-opposite-signs",
                Severity.WARNING,
                f"the mediated part ({mediated.value:.3f}) and the rest ({rest.value:.3f}) have opposite signs, which "
                "the data do not settle: the proportion lies outside 0 to 1.",
                remedy="Report the effects themselves.",
            )
        )
    if not total.is_known:
        doubts.append(
            Finding(
                "proportion-not-judged",
                Severity.WARNING,
                "there are no standard errors to say whether the total effect is told apart from 0, which the "
                "proportion mediated divides by.",
                remedy="Fit with standard errors.",
            )
        )
    elif not total.is_clear:
        doubts.append(
            Finding(
                "proportion-unstable",
                Severity.WARNING,
                f"the total effect ({total.value:.3f}, z = {total.z:.2f}) is not told apart from 0: the proportion "
                "mediated divides by it and may take any value in another sample.",
                remedy="Report the effects themselves; if the proportion is needed, with percentile or BCa intervals.",
            )
        )
    return "", tuple(doubts)


def _findings(name: str, reason: str, doubts: Sequence[Finding]) -> list[Finding]:
    if reason:
        return [
            Finding(
                "proportion-undefined",
                Severity.WARNING,
                f"The proportion mediated of {name} is not defined: {reason}.",
                remedy="Report the effects themselves.",
                parameter=name,
            )
        ]
    return [Finding(doubt.code, doubt.severity, f"Of {name}, {doubt.message}", doubt.remedy, name) for doubt in doubts]


def _listed(through: Names) -> str:
    return through if isinstance(through, str) else ", ".join(through or ())
