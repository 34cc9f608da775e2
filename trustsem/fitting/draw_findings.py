"""What a reader must know of bootstrap draws."""

from __future__ import annotations

import numpy as np

from trustsem.records import Finding, Severity
from trustsem.resample import DrawLedger, DrawPolicy
from trustsem.suggestions import count_of

_FEW_DRAWS = 1000  # below it the limits of 95 % intervals are rough (Davison & Hinkley 1997, sec. 5.2)


def draw_findings(ledger: DrawLedger, policy: DrawPolicy, interrupted_of: int | None) -> tuple[Finding, ...]:
    """Return findings on draws that failed, that are improper or at a boundary, that lack, or that are few.

    Args:
        ledger: What became of each draw.
        policy: What happened to improper ones.
        interrupted_of: Draws that were wanted, where the run was interrupted.
    """
    total, n_used = len(ledger.used), int(np.count_nonzero(ledger.used))
    failed = int(np.count_nonzero(~ledger.converged))
    improper = int(np.count_nonzero(ledger.converged & ~ledger.admissible))
    at_edge = int(np.count_nonzero(ledger.boundary))
    found = []
    if interrupted_of is not None:
        found.append(_interrupted(total, interrupted_of))
    if failed:
        found.append(
            Finding(
                "bootstrap-not-converged",
                Severity.WARNING if failed > total / 20 else Severity.INFO,
                f"{failed} of {count_of(total, 'bootstrap draw')} did not converge and are not used.",
                remedy="Intervals describe the draws that did; many failures speak against the model.",
            )
        )
    if improper:
        word_used = "kept" if policy is DrawPolicy.KEEP else "not used"
        found.append(
            Finding(
                "bootstrap-inadmissible",
                Severity.WARNING if improper > total / 20 else Severity.INFO,
                f"{improper} of {count_of(total, 'bootstrap draw')} have a negative variance or an improper "
                f"covariance matrix of factors: {word_used} (policy {policy.value}).",
                remedy="Compare the intervals of both policies where there are many.",
            )
        )
    if at_edge:
        found.append(
            Finding(
                "bootstrap-boundary",
                Severity.WARNING if at_edge > total / 20 else Severity.INFO,
                f"{at_edge} of {count_of(total, 'bootstrap draw')} lie on the edge of what the model allows: a "
                "variance at 0, or a bound or inequality that holds with equality.",
                remedy="Percentile intervals pile up at the edge there; read them with the ledger.",
            )
        )
    if n_used < _FEW_DRAWS:
        found.append(
            Finding(
                "bootstrap-few-draws",
                Severity.INFO,
                f"{n_used} draws: limits of intervals vary noticeably from seed to seed.",
                remedy=f"Use {_FEW_DRAWS:,} draws or more for a report.",
            )
        )
    return tuple(found)


def _interrupted(done: int, wanted: int) -> Finding:
    return Finding(
        "bootstrap-interrupted",
        Severity.WARNING,
        f"The run was interrupted: {done:,} of {wanted:,} draws were done, and all numbers rest on these.",
        remedy="Run it again with the same seed; with resume= (--resume FILE) it goes on where it stopped.",
    )
