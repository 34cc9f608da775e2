"""What a verdict on a feedback loop is made of: arrows, variants, draws, effects at equilibrium."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trustsem.distributions import Z95
from trustsem.effects.graph import arrow_pattern, reachable, structural_graph
from trustsem.effects.loop_arrows import LoopArrow, LoopBasis
from trustsem.effects.loop_draws import DrawnInterval, LoopDraws, drawn_interval, loop_draws, stability_among
from trustsem.fitting.loop_refits import CovarianceVariants
from trustsem.fitting.miiv import Miiv
from trustsem.fitting.monte_carlo import MonteCarlo
from trustsem.fitting.theory import theory_behind

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]

_NO_INTERVAL = DrawnInterval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class JudgedArrow:
    """One arrow of a loop with everything that speaks for or against it.

    Args:
        arrow: Estimate and instruments.
        ci_lower: 95 % limit, delta method.
        ci_upper: The other.
        expected_sign: Of the theory; None where it has none.
        free: Estimate and standard error with the disturbance covariance free; NaN where there is no such fit.
        zero: With it fixed at zero.
        miiv: MIIV-2SLS estimate and standard error; None where there is none.
        miiv_f: First-stage F of that equation's instruments.
        sargan: Sargan's statistic of the equation; None where it is just identified or not estimated.
        sargan_df: Its degrees of freedom.
        sargan_pvalue: Its p-value.
    """

    arrow: LoopArrow
    ci_lower: float
    ci_upper: float
    expected_sign: int | None
    free: tuple[float, float]
    zero: tuple[float, float]
    miiv: tuple[float, float] | None
    miiv_f: float | None
    sargan: float | None
    sargan_df: int | None
    sargan_pvalue: float | None

    @property
    def name(self) -> str:
        """The arrow as a reader knows it."""
        return f"{self.arrow.predictor} -> {self.arrow.outcome}"

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.ci_lower > 0 or self.ci_upper < 0

    @property
    def largest_std(self) -> float:
        """Largest standardised effect that the interval holds."""
        return self.arrow.scale * max(abs(self.ci_lower), abs(self.ci_upper))


@dataclass(frozen=True, slots=True)
class EquilibriumEffect:
    """Total effect after the loop has settled, with the interval of the draws that settle."""

    x: str
    y: str
    est: float
    interval: DrawnInterval


@dataclass(frozen=True, eq=False, slots=True)
class LoopEvidence:
    """What a verdict is made of.

    Args:
        basis: The loop in the fit.
        group: Counted from 1.
        arrows: In order of the members.
        variants: Fits with the disturbance covariance free and at zero.
        gain_se: Delta method.
        stability_se: Delta method; NaN where its interval would reach below 0, as sqrt|f g| has no slope at 0.
        gain_draws: Interval of the gain in the draws.
        stability_draws: Interval of the stability index, draws that do not settle included.
        unstable_share: Of the draws; None without draws.
        settled_share: Of the draws, in which the loop and those before it settle; None without draws.
        effects: Equilibrium effects; without estimates where the loop, or one before it, does not settle.
        rmsea: Of the model; None where it is undefined.
        admissible: Whether the solution is.
        gaps: What could not be looked at, and why.
    """

    basis: LoopBasis
    group: int
    arrows: tuple[JudgedArrow, ...]
    variants: CovarianceVariants
    gain_se: float
    stability_se: float
    gain_draws: DrawnInterval
    stability_draws: DrawnInterval
    unstable_share: float | None
    settled_share: float | None
    effects: tuple[EquilibriumEffect, ...]
    rmsea: float | None
    admissible: bool
    gaps: tuple[str, ...]


def gather_evidence(
    fit: Fit,
    basis: LoopBasis,
    group: int,
    variants: CovarianceVariants,
    miiv: Miiv | None,
    drawn: MonteCarlo | None,
    gaps: tuple[str, ...],
) -> LoopEvidence:
    """Gather what a verdict on a loop needs.

    Args:
        fit: The fit.
        basis: The loop in it.
        group: Counted from 1.
        variants: Fits with the disturbance covariance free and at zero.
        miiv: MIIV-2SLS estimates; None where there are none.
        drawn: Monte-Carlo draws; None where there are none.
        gaps: Why something is missing.
    """
    covariance = fit.fitted.covariance.matrix
    draws, effects = _equilibrium(fit, basis, group, drawn)
    arrows = tuple(_judged_arrow(fit, arrow, group, variants, miiv) for arrow in basis.arrows)
    reason = (f"Disturbance covariance: {variants.reason}",) if variants.reason else ()
    return LoopEvidence(
        basis,
        group,
        arrows,
        variants,
        _delta_error(basis.gain_gradient, covariance),
        _stability_error(basis, covariance),
        _NO_INTERVAL if draws is None else drawn_interval(draws.gain),
        _NO_INTERVAL if draws is None else drawn_interval(draws.stability),
        None if draws is None else draws.unstable_share,
        None if draws is None else draws.settled_share,
        effects,
        _rmsea(fit),
        fit.admissible,
        (*gaps, *reason),
    )


def _delta_error(gradient: FloatArray, covariance: FloatArray | None) -> float:
    if covariance is None:
        return math.nan
    variance = float(gradient @ covariance @ gradient)
    return math.sqrt(variance) if variance > 0 else math.nan


def _stability_error(basis: LoopBasis, covariance: FloatArray | None) -> float:
    error = _delta_error(basis.stability_gradient, covariance)
    return error if Z95 * error < basis.stability_index else math.nan


def _judged_arrow(
    fit: Fit, arrow: LoopArrow, group: int, variants: CovarianceVariants, miiv: Miiv | None
) -> JudgedArrow:
    theory = theory_behind(fit.fitted.table, with_concepts=True)
    expected = None if theory is None else theory.expected_sign(arrow.predictor, arrow.outcome)
    equation = None if miiv is None or not arrow.is_free else miiv.equation(arrow.outcome, group)
    result = None if equation is None else equation.result
    return JudgedArrow(
        arrow,
        arrow.est - Z95 * arrow.se,
        arrow.est + Z95 * arrow.se,
        None if expected is None else expected.sign,
        variants.arrow(arrow.predictor, arrow.outcome, group, free=True),
        variants.arrow(arrow.predictor, arrow.outcome, group, free=False),
        None if equation is None else equation.coefficient(arrow.predictor),
        None if equation is None or equation.strength is None else equation.strength.f,
        None if result is None else result.sargan,
        None if result is None else result.sargan_df,
        None if result is None else result.sargan_pvalue,
    )


def _equilibrium(
    fit: Fit, basis: LoopBasis, group: int, drawn: MonteCarlo | None
) -> tuple[LoopDraws | None, tuple[EquilibriumEffect, ...]]:
    """Return the draws of a loop, and effects of its members and of what enters it on its members."""
    estimate = fit.fitted.estimate
    layout = estimate.objective.layout.groups[group - 1]
    implied = estimate.objective.implied(estimate.x)[group - 1]
    names = layout.names
    members, block = ([names.index(name) for name in part] for part in (basis.members, basis.block))
    entering = np.flatnonzero(arrow_pattern(layout)[block].any(axis=0))
    sources = [*members, *(int(k) for k in entering if int(k) not in block)]
    graph = structural_graph(layout)
    upstream = [node for node in range(len(names)) if node in block or block[0] in reachable(graph, node)]
    settles = bool(stability_among(implied.paths[None], upstream)[0] < 1)
    stack = None if drawn is None else drawn.raw.stacks[group - 1]
    draws = None if stack is None else loop_draws(stack, members, block, upstream, sources)
    effects = []
    for i, x in enumerate(sources):
        for j, y in enumerate(members):
            if x != y:
                est = float(implied.inverse[y, x]) if settles else math.nan
                interval = _NO_INTERVAL if draws is None else drawn_interval(draws.totals[:, i, j])
                effects.append(EquilibriumEffect(names[x], names[y], est, interval))
    return draws, tuple(effects)


def _rmsea(fit: Fit) -> float | None:
    measures: Sequence[float | None] = [
        fit.fit_measures.get(name) for name in ("rmsea_robust", "rmsea_scaled", "rmsea")
    ]
    return next((value for value in measures if value is not None), None)
