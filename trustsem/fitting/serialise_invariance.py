"""An analysis of invariance as JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustsem.fitting.serialise import plain, records
from trustsem.measurement import Attempt, Comparison, Step
from trustsem.tables.invariance import fit_columns
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.invariance import Invariance

SCHEMA = "trustsem.invariance/1"


def invariance_to_dict(result: Invariance) -> dict[str, Any]:
    """Return rules, levels, exceptions, effects and findings with null for what is absent; stable order."""
    configural = result.configural
    return {
        "schema": SCHEMA,
        "version": __version__,
        "model": {
            "name": result.model.name,
            "syntax": result.model.syntax.text,
            "instrument": result.model.instrument,
        },
        "data": {
            "source": configural.data.source,
            "n_total": configural.data.n_total,
            "n_obs": configural.n_obs,
            "groups": [
                {"label": label, "n_obs": sample.n_obs}
                for label, sample in zip(result.group_labels, configural.fitted.moments.groups, strict=True)
            ],
        },
        "options": {name: plain(value) for name, value in configural.options.to_dict().items()},
        "rules": result.ladder.rules.to_dict(),
        "decision": result.decision,
        "levels": [_level(step) for step in result.ladder.steps],
        "released": records(result.released),
        "structure": records(result.structure),
        "items": records(result.items),
        "scales": records(result.scales),
        "latent_means": records(result.latent_means),
        "findings": [finding.to_dict() for finding in result.findings],
    }


def _level(step: Step) -> dict[str, Any]:
    return {
        "level": step.level.name,
        "kind": step.level.kind.value,
        "equal": list(step.level.equal),
        "status": step.status.value,
        "reason": step.reason,
        "fits": [_fit(attempt) for attempt in step.attempts],
    }


def _fit(attempt: Attempt) -> dict[str, Any]:
    fitted, model = attempt.fitted, attempt.model
    return {
        "released": list(model.released),
        "markers_released": list(model.markers),
        "zero_means": list(model.zero_means),
        "converged": fitted.estimate.converged,
        "admissible": fitted.admissible,
        **{name: plain(value) for name, value in fit_columns(fitted).items()},
        "comparison": None if attempt.comparison is None else _comparison(attempt.comparison),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    test = comparison.test
    names = ("statistic", "df", "pvalue", "unscaled", "scaling_factor", "shift")
    return {
        "against": comparison.against,
        "method": None if test is None else test.method.value,
        **{name: None if test is None else plain(getattr(test, name)) for name in names},
        "indices": dict(comparison.indices),
        "changes": {name: plain(value) for name, value in comparison.changes.items()},
        "rejected": comparison.decision.rejected,
        "decided_by": list(comparison.decision.decided_by),
        "verdicts": [
            {"criterion": v.name, "value": plain(v.value), "limit": v.limit, "rejects": v.rejects}
            for v in comparison.decision.verdicts
        ],
        "reason": comparison.reason,
    }
