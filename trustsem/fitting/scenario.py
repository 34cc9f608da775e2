"""Scenarios: what the model expects of every construct when levers are moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.effects.scenario import Change, Intervention, change_of, downstream
from trustsem.effects.scenario_draws import ChangeDraws, change_draws
from trustsem.effects.scenario_records import ChangeRow, Span, StepRow, spans
from trustsem.effects.scenario_steps import GroupScenario, Step, points_of_size
from trustsem.errors import EffectError, UsageError
from trustsem.fitting.scenario_findings import assumptions_of, draw_findings, scenario_findings
from trustsem.fitting.scenario_levers import (
    DRAWS,
    Lever,
    find_levers,
    read_amounts,
    read_intervention,
    require_ci,
)
from trustsem.fitting.scenario_model import ScenarioModel, scenario_model
from trustsem.records import Finding
from trustsem.resample.batch import Stack
from trustsem.suggestions import suggest
from trustsem.tables.scenario import changes_frame, steps_frame
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.monte_carlo import MonteCarlo
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.scenario/1"


@dataclass(frozen=True, eq=False, repr=False)
class Scenario:
    """What levers are expected to change. Made by `Fit.scenario`.

    Args:
        fit: The fit behind it.
        levers: What was moved, with what a lever of the theory acts on outside the model.
        intervention: Push or hold.
        ci: "delta" or "monte_carlo".
        seed: Of the draws; None for the delta method.
        n_draws: Draws that enter the intervals; None for the delta method.
        steps: One row per construct that is moved and group.
        rows: One row per construct and group: levers first, then what lies downstream.
        assumptions: What has to be true for the numbers to be causes, as sentences.
        findings: What else a reader must know.
    """

    fit: Fit
    levers: tuple[Lever, ...]
    intervention: Intervention
    ci: str
    seed: int | None
    n_draws: int | None
    steps: tuple[StepRow, ...]
    rows: tuple[ChangeRow, ...]
    assumptions: tuple[str, ...]
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        moved = ", ".join(f"{lever.name} {lever.amount}" for lever in self.levers)
        return f"<Scenario: {moved}; {len(self.changes)} changes>"

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Expected changes: construct, role, units, sd and points with se and limits, mean_score, note, group."""
        return changes_frame(self.rows)

    @cached_property
    def moved(self) -> pd.DataFrame:
        """What each lever moves and how far: lever, construct, amount, units, sd, points, mean_score, basis, group."""
        return steps_frame(self.steps)

    def summary(self, *, width: int = 80) -> str:
        """Return the scenario as text: steps, changes, assumptions, findings."""
        from trustsem.fitting.summarise_scenario import summarise_scenario

        return summarise_scenario(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as JSON-ready values, schema `trustsem.scenario/1`."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "version": __version__,
            **fit_facts(self.fit),
            "intervention": self.intervention.value,
            "ci": self.ci,
            "seed": self.seed,
            "n_draws_used": self.n_draws,
            "levers": [lever_record(lever) for lever in self.levers],
            "steps": records(self.moved),
            "changes": records(self.changes),
            "assumptions": list(self.assumptions),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def fit_facts(fit: Fit) -> dict[str, Any]:
    """Return what identifies a fit in the JSON of its scenarios."""
    return {"model": fit.model.name, "data": fit.data.source, "n_obs": fit.n_obs, "admissible": fit.admissible}


def lever_record(lever: Lever) -> dict[str, Any]:
    """Return a lever as JSON-ready values."""
    return {
        "lever": lever.name,
        "amount": None if lever.amount is None else str(lever.amount),
        "actor": lever.actor or None,
        "what": lever.what or None,
        "moves": [
            {"construct": move.construct, "sign": move.sign, "basis": move.basis or None} for move in lever.moves
        ],
        "not_in_model": list(lever.absent),
    }


def scenario_of(
    fit: Fit,
    levers: Mapping[str, str | float],
    outcome: str | Sequence[str] | None,
    intervention: str,
    ci: str,
    draws: int | None,
    seed: int | None,
) -> Scenario:
    """Compute a scenario; arguments as those of `Fit.scenario`.

    Raises:
        UsageError: amounts or options that cannot be used.
        EffectError: unknown levers, an outcome that they do not reach, a loop that does not settle.
    """
    amounts, kind = read_amounts(levers), read_intervention(intervention)
    require_ci(ci, draws, seed)
    model = scenario_model(fit)
    found = find_levers(amounts, model.constructs, fit.fitted.table.variables.observed)
    shown = _shown(model, found, kind, outcome)
    drawn = monte_carlo(fit, ci, draws, seed)
    steps = tuple(step for lever in found for step in lever.steps(model.constructs))
    covariance = fit.fitted.covariance.matrix
    changes = [change_of(group, steps, kind, covariance) for group in model.groups]
    samples = _samples(drawn, model, steps, kind)
    step_rows, rows = _step_rows(model, found, changes), _change_rows(model, found, shown, changes, samples)
    return Scenario(
        fit, found, kind, ci, None if drawn is None else drawn.seed, None if drawn is None else drawn.n_used,
        step_rows, rows, assumptions_of(fit, model, found, kind),
        (
            *model.findings,
            *scenario_findings(fit, found, step_rows, rows),
            *draw_findings(model, samples),
            *(() if drawn is None else drawn.findings),
        ),
    )  # fmt: skip


def monte_carlo(fit: Fit, ci: str, draws: int | None, seed: int | None) -> MonteCarlo | None:
    """Return the draws that the intervals need; None for the delta method.

    Raises:
        UsageError: a fit without draws.
    """
    if ci == "delta":
        return None
    if fit.fitted.table.ordinal is not None:
        raise UsageError(
            "Monte-Carlo intervals of ordinal items are not available.",
            remedy='Use ci="delta": points of ordinal items have delta-method intervals.',
            code="monte-carlo",
        )
    return fit.monte_carlo(DRAWS if draws is None else draws, seed=seed)


def _samples(
    drawn: MonteCarlo | None, model: ScenarioModel, steps: Sequence[Step], kind: Intervention
) -> list[ChangeDraws | None]:
    """Return the changes of every group in each draw, holding the matrices of a few draws at a time."""
    if drawn is None:
        return [None] * len(model.groups)

    def quantity(_: np.ndarray, stacks: Sequence[Stack]) -> np.ndarray:
        parts = [change_draws(group, steps, kind, stack) for group, stack in zip(model.groups, stacks, strict=True)]
        return np.hstack([array for part in parts for array in (part.units, part.sd, part.points)])

    arrays = iter(np.split(drawn.raw.compute(quantity), 3 * len(model.groups), axis=1))
    return [ChangeDraws(next(arrays), next(arrays), next(arrays)) for _ in model.groups]


def _shown(
    model: ScenarioModel, levers: Sequence[Lever], kind: Intervention, outcome: str | Sequence[str] | None
) -> list[list[int]]:
    """Return, of each group, the constructs that get a row: the levers, then those downstream (or the outcomes).

    Raises:
        EffectError: an outcome that is unknown or that no lever reaches.
    """
    moved = [model.constructs.index(move.construct) for lever in levers for move in lever.moves]
    moved = list(dict.fromkeys(moved))
    wanted = (outcome,) if isinstance(outcome, str) else tuple(outcome or ())
    for name in wanted:
        require_construct(model, name)
    reached = [downstream(group, moved, kind) for group in model.groups]
    for name in wanted:
        place = model.constructs.index(name)
        if place not in moved and not any(
            group.constructs[place] in found for group, found in zip(model.groups, reached, strict=True)
        ):
            raise no_path(model, [model.constructs[number] for number in moved], name)
    result = []
    for group, found in zip(model.groups, reached, strict=True):
        others = [k for k, position in enumerate(group.constructs) if position in found and k not in moved]
        result.append([*moved, *(k for k in others if not wanted or model.constructs[k] in wanted)])
    return result


def require_construct(model: ScenarioModel, name: str) -> None:
    """Refuse a name that is no construct of the model.

    Raises:
        EffectError: with names that are close.
    """
    if name not in model.constructs:
        raise EffectError(
            f"The model has no construct '{name}'.{suggest(name, model.constructs)}",
            remedy=f"Constructs: {', '.join(model.constructs[:14])}.",
            code="unknown-variable",
        )


def no_path(model: ScenarioModel, sources: Sequence[str], outcome: str) -> EffectError:
    """Return the error for an outcome that lies downstream of no lever."""
    reaching = [
        name
        for number, name in enumerate(model.constructs)
        if name != outcome
        and any(
            group.constructs[model.constructs.index(outcome)] in downstream(group, (number,), Intervention.PUSH)
            for group in model.groups
        )
    ]
    remedy = f"Constructs that reach it: {', '.join(reaching)}." if reaching else "No arrow leads there."
    return EffectError(
        f"No path leads from {', '.join(sources)} to {outcome}: the model expects no change of it.",
        remedy=remedy,
        code="no-path",
    )


def _step_rows(model: ScenarioModel, levers: Sequence[Lever], changes: Sequence[Change]) -> tuple[StepRow, ...]:
    rows = []
    for number, (group, change) in enumerate(zip(model.groups, changes, strict=True), start=1):
        moves = [(lever, move) for lever in levers for move in lever.moves]
        for (lever, move), units in zip(moves, change.steps.tolist(), strict=True):
            k = model.constructs.index(move.construct)
            assert lever.amount is not None
            rows.append(
                StepRow(
                    lever.name, move.construct, str(lever.amount.times(move.sign)), units,
                    units / float(group.sd[k]), own_points(group, k, units), float(group.mean_scores[k]),
                    move.basis, number, group.label,
                )
            )  # fmt: skip
    return tuple(rows)


def own_points(group: GroupScenario, construct: int, units: float) -> float:
    """Return what a shift of a construct does to its own score along the measurement model; NaN without a score."""
    return points_of_size(group, construct, units)[0] if group.scores.known[construct] else float("nan")


def _change_rows(
    model: ScenarioModel,
    levers: Sequence[Lever],
    shown: Sequence[Sequence[int]],
    changes: Sequence[Change],
    samples: Sequence[ChangeDraws | None],
) -> tuple[ChangeRow, ...]:
    moved = {move.construct for lever in levers for move in lever.moves}
    rows = []
    for number, (group, change, sample) in enumerate(zip(model.groups, changes, samples, strict=True), start=1):
        found: list[list[Span]] = [
            spans(change.units, None if sample is None else sample.units),
            spans(change.sd, None if sample is None else sample.sd),
            spans(change.points, None if sample is None else sample.points),
        ]
        for k in shown[number - 1]:
            name = model.constructs[k]
            units, sd, points = (column[k] for column in found)
            role = "lever" if name in moved else "downstream"
            rows.append(
                ChangeRow(
                    name, role, units, sd, points, float(group.mean_scores[k]), model.notes.get(name, ""),
                    number, group.label,
                )
            )  # fmt: skip
    return tuple(rows)
