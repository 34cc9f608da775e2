"""`Fit.loop_analysis`: every feedback loop with what it rests on, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from trustsem.errors import EffectError, UsageError
from trustsem.fitting.drawn import require_draws
from trustsem.fitting.loop_evidence import LoopEvidence, gather_evidence
from trustsem.fitting.loop_findings import group_loops, loop_name
from trustsem.fitting.loop_refits import CovarianceVariants, covariance_variants
from trustsem.fitting.loop_verdict import Judgement, Verdict, judge_loop, miiv_note
from trustsem.fitting.miiv import Miiv, miiv_fit
from trustsem.fitting.monte_carlo import MonteCarlo, monte_carlo_fit
from trustsem.records import Finding, Severity
from trustsem.tables.groups import group_names

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False, slots=True)
class JudgedLoop:
    """A loop, what it rests on, and the verdict."""

    evidence: LoopEvidence
    judgement: Judgement

    @property
    def name(self) -> str:
        """The loop as a reader knows it."""
        return loop_name(self.evidence.basis.members)


@dataclass(frozen=True, eq=False, repr=False)
class LoopAnalysis:
    """Every loop of a fit with its verdict. Made by `Fit.loop_analysis`."""

    fit: Fit
    loops: tuple[JudgedLoop, ...]
    n_draws: int
    seed: int | None

    def __repr__(self) -> str:
        verdicts = "; ".join(f"{loop.name}: {loop.judgement.verdict.value}" for loop in self.loops)
        return f"<LoopAnalysis: {verdicts}>"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per arrow of every loop; see docs/loops.md for the columns."""
        from trustsem.fitting.loop_frames import arrows_frame

        return arrows_frame(self)

    @cached_property
    def equilibrium(self) -> pd.DataFrame:
        """Total effects at equilibrium: loop, x, y, est, se, ci_lower, ci_upper, share_stable, group, group_label."""
        from trustsem.fitting.loop_frames import equilibrium_frame

        return equilibrium_frame(self)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Verdicts that call a loop out, draws that do not settle, and what could not be looked at."""
        labels = group_names(self.fit.fitted.table)
        found: list[Finding] = []
        for loop in self.loops:
            found.extend(item.in_group(labels[loop.evidence.group - 1]) for item in _findings_of(loop))
        return tuple(dict.fromkeys(found))

    def summary(self, *, width: int = 80) -> str:
        """Return the analysis as text."""
        from trustsem.fitting.summarise_loops import summarise_loops

        return summarise_loops(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as JSON-ready values, schema `trustsem.loops/1`."""
        from trustsem.fitting.loop_frames import loops_to_dict

        return loops_to_dict(self)


def analyse_loops(fit: Fit, n_draws: int, seed: int | None) -> LoopAnalysis:
    """Judge every feedback loop of a fit.

    Raises:
        UsageError: draws or a seed that mean nothing.
        EffectError: no loop, or a fit that did not converge.
    """
    require_draws(n_draws, seed, "The loops cannot be analysed.")
    if not fit.converged:
        raise EffectError("The fit did not converge: there is no loop to judge.", code="not-converged")
    groups = group_loops(fit.fitted)
    if not any(groups):
        raise EffectError(
            "The model has no feedback loop: no variable comes back to itself along its arrows.",
            remedy="A loop needs arrows both ways, such as y1 ~ y2 and y2 ~ y1, each with an instrument of its own "
            "(docs/loops.md).",
            code="no-loop",
        )
    second, drawn = _or_reason(lambda: miiv_fit(fit)), _or_reason(lambda: monte_carlo_fit(fit, n_draws, seed))
    miiv = second if isinstance(second, Miiv) else None
    draws = drawn if isinstance(drawn, MonteCarlo) else None
    gaps = tuple(
        f"{what}: {reason}"
        for what, reason in (("No MIIV-2SLS estimates", second), ("No draws", drawn))
        if isinstance(reason, str)
    )
    variants: dict[tuple[str, ...], CovarianceVariants] = {}
    loops = []
    for group, bases in enumerate(groups, start=1):
        for basis in bases:
            key = tuple(sorted(basis.members))
            if key not in variants:
                variants[key] = covariance_variants(fit, basis.members)
            evidence = gather_evidence(fit, basis, group, variants[key], miiv, draws, gaps)
            loops.append(JudgedLoop(evidence, judge_loop(evidence)))
    return LoopAnalysis(fit, tuple(loops), n_draws if draws else 0, None if draws is None else draws.seed)


def _or_reason(compute: Callable[[], _T]) -> _T | str:
    """Return what a computation gives, or the sentence with which it is refused."""
    try:
        return compute()
    except UsageError as error:
        return ("; ".join(error.faults) or error.message).rstrip(".")


def _findings_of(loop: JudgedLoop) -> list[Finding]:
    evidence, judgement = loop.evidence, loop.judgement
    parameter = loop_name(evidence.basis.members)
    found = []
    if judgement.verdict is Verdict.CANNOT_TELL:
        found.append(
            Finding(
                "loop-cannot-tell",
                Severity.WARNING,
                f"These data cannot tell whether {loop.name} is a loop. {' '.join(judgement.reasons)}",
                remedy="Do not report the loop's arrows as findings; report the recursive variants beside each other.",
                parameter=parameter,
            )
        )
    share = evidence.unstable_share
    if share:
        found.append(
            Finding(
                "loop-unstable-draws",
                Severity.WARNING if judgement.verdict is Verdict.CANNOT_TELL else Severity.INFO,
                f"{share:.1%} of the draws of {loop.name} do not settle (stability index 1 or more): they have no "
                "effects at equilibrium, and intervals of these are those of the other draws.",
                parameter=parameter,
            )
        )
    note = miiv_note(evidence)
    found += [Finding("loop-many-instruments", Severity.INFO, note, parameter=parameter)] if note else []
    found += [Finding("loop-not-looked-at", Severity.INFO, f"{text}.", parameter=parameter) for text in evidence.gaps]
    return found
