"""Levers compared: how much each moves an outcome, and how much room it has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trustsem.effects.graph import structural_graph
from trustsem.effects.scenario import Intervention, change_of, downstream
from trustsem.effects.scenario_draws import change_draws
from trustsem.effects.scenario_records import NOTHING, LeverRow, Span, spans
from trustsem.effects.scenario_steps import GroupScenario, Step, StepUnit, room
from trustsem.errors import EffectError
from trustsem.fitting.scenario import fit_facts, monte_carlo, no_path, require_construct
from trustsem.fitting.scenario_findings import assumptions_of, no_score_findings, scenario_findings
from trustsem.fitting.scenario_levers import Amount, Lever, Move, lever_of_theory, read_amounts, require_ci
from trustsem.fitting.scenario_model import ScenarioModel, scenario_model
from trustsem.records import Finding, Severity
from trustsem.resample.batch import Stack
from trustsem.suggestions import shortened
from trustsem.tables.scenario import levers_frame
from trustsem.theory import load_theory
from trustsem.version import __version__

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from trustsem.fitting.result import Fit
    from trustsem.plots.scenario_ranking import LeversPlot

SCHEMA = "trustsem.levers/1"


@dataclass(frozen=True, eq=False, repr=False)
class LeverRanking:
    """Levers by what they could do for an outcome. Made by `Fit.levers`.

    Args:
        fit: The fit behind it.
        outcome: What is to rise.
        step: The common step that `gain` is for.
        ci: "delta" or "monte_carlo".
        seed: Of the draws; None for the delta method.
        n_draws: Draws that enter the intervals; None for the delta method.
        rows: Levers, the most important first, of one group after the other.
        assumptions: What has to be true for the numbers to be causes, as sentences.
        findings: What else a reader must know.
    """

    fit: Fit
    outcome: str
    step: str
    ci: str
    seed: int | None
    n_draws: int | None
    rows: tuple[LeverRow, ...]
    assumptions: tuple[str, ...]
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"<LeverRanking: {len(self.rows)} levers on {self.outcome}>"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per lever and group: importance, headroom and gains with their intervals."""
        return levers_frame(self.rows)

    def plot(self) -> LeversPlot:
        """Return importance and headroom as a figure: `.figure()` for plotly, `.svg()`, `.text()`, `.to_dict()`.

        Raises:
            EffectError: there is no lever to show.
        """
        from trustsem.plots.scenario_ranking import levers_plot

        return levers_plot(self.rows, self.outcome)

    def figure(self) -> Figure:
        """Return importance and headroom as a plotly figure; its numbers are those of `frame`.

        Raises:
            EffectError: there is no lever to show.
        """
        return self.plot().figure()

    def summary(self, *, width: int = 80) -> str:
        """Return the ranking as text."""
        from trustsem.fitting.summarise_scenario import summarise_levers

        return summarise_levers(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the ranking as JSON-ready values, schema `trustsem.levers/1`."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "version": __version__,
            **fit_facts(self.fit),
            "outcome": self.outcome,
            "step": self.step,
            "ci": self.ci,
            "seed": self.seed,
            "n_draws_used": self.n_draws,
            "levers": records(self.frame),
            "assumptions": list(self.assumptions),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def rank_levers(
    fit: Fit, outcome: str, step: str | float, ci: str, draws: int | None, seed: int | None
) -> LeverRanking:
    """Rank levers; arguments as those of `Fit.levers`.

    Raises:
        UsageError: a step or options that cannot be used.
        EffectError: an outcome that no lever reaches, a loop that does not settle.
    """
    amount = read_amounts({"step": step})["step"]
    require_ci(ci, draws, seed)
    model = scenario_model(fit)
    require_construct(model, outcome)
    target = model.constructs.index(outcome)
    levers, findings = _candidates(fit, model, target)
    if not levers:
        raise no_path(model, ["an exogenous construct"], outcome)
    drawn = monte_carlo(fit, ci, draws, seed)
    stacks: Sequence[Stack | None] = [None] * len(model.groups) if drawn is None else drawn.raw.stacks
    rows: list[LeverRow] = []
    for number, (group, stack) in enumerate(zip(model.groups, stacks, strict=True), start=1):
        ranker = _Ranker(model, group, number, target, fit.fitted.covariance.matrix, stack)
        found = [ranker.row(lever, amount) for lever in levers if ranker.reaches(lever)]
        rows.extend(sorted(found, key=lambda row: -abs(row.importance.value)))
    return LeverRanking(
        fit, outcome, str(amount), ci, None if drawn is None else drawn.seed, None if drawn is None else drawn.n_used,
        tuple(rows), assumptions_of(fit, model, levers, Intervention.PUSH),
        (
            *model.findings,
            *scenario_findings(fit, [lever for lever in levers if lever.is_of_theory], (), ()),
            *_missing_gains(fit, model, levers, outcome),
            *findings,
            *(() if drawn is None else drawn.findings),
        ),
    )  # fmt: skip


def _missing_gains(fit: Fit, model: ScenarioModel, levers: Sequence[Lever], outcome: str) -> Iterator[Finding]:
    """Say why gains or headrooms are absent."""
    yield from no_score_findings(
        {name: model.notes[name] for name in (outcome, *_moved(levers)) if name in model.notes}
    )
    if fit.fitted.table.ordinal is not None:
        yield Finding(
            "no-gain-of-headroom",
            Severity.INFO,
            "No gain of the whole headroom: no shift brings all answers to ordinal items to the end of their scale.",
        )


def _moved(levers: Sequence[Lever]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(move.construct for lever in levers for move in lever.moves))


def _candidates(fit: Fit, model: ScenarioModel, target: int) -> tuple[list[Lever], list[Finding]]:
    """Return the levers that are compared: exogenous constructs and levers of the theory that reach the outcome."""
    covariates = () if fit.data.codebook is None else tuple(item.name for item in fit.data.codebook.covariates)
    own = [
        name for name in _exogenous(model, covariates) if name not in covariates and name != model.constructs[target]
    ]
    left = [name for name in _exogenous(model, covariates) if name in covariates]
    of_theory = [lever_of_theory(lever, model.constructs, None) for lever in load_theory().levers]
    every = [*(Lever(name, (Move(name, 1),)) for name in own), *(lever for lever in of_theory if lever.moves)]
    reaching = [lever for lever in every if _reaches(model, lever, target)]
    silent = [lever.name for lever in every if lever not in reaching]
    findings = []
    if left:
        message = f"Not ranked, because they are covariates of the codebook and no levers: {shortened(left)}."
        findings.append(Finding("covariates-not-ranked", Severity.INFO, message))
    if silent:
        message = f"Not ranked, because no path leads from them to {model.constructs[target]}: {shortened(silent, 20)}."
        findings.append(Finding("no-path-to-outcome", Severity.INFO, message))
    return reaching, findings


def _exogenous(model: ScenarioModel, covariates: Sequence[str]) -> list[str]:
    """Return the constructs that no arrow leads to in any group, those from covariates aside."""
    caused: set[str] = set()
    for group in model.groups:
        names = group.layout.names
        for source, targets in structural_graph(group.layout).items():
            if names[source] not in covariates:
                caused.update(names[target] for target in targets)
    return [name for name in model.constructs if name not in caused]


def _reaches(model: ScenarioModel, lever: Lever, target: int) -> bool:
    moved = [model.constructs.index(move.construct) for move in lever.moves]
    return any(group.constructs[target] in downstream(group, moved, Intervention.PUSH) for group in model.groups)


@dataclass(frozen=True, eq=False, slots=True)
class _Ranker:
    """What the rows of one group are made with."""

    model: ScenarioModel
    group: GroupScenario
    number: int
    target: int
    covariance: np.ndarray | None
    stack: Stack | None

    def reaches(self, lever: Lever) -> bool:
        """Return whether the lever has a path to the outcome in this group."""
        moved = [self.model.constructs.index(move.construct) for move in lever.moves]
        return self.group.constructs[self.target] in downstream(self.group, moved, Intervention.PUSH)

    def row(self, lever: Lever, amount: Amount) -> LeverRow:
        """Return importance, headroom and gains of one lever."""
        importance = self._of_outcome(lever, Amount(1.0, StepUnit.SD), in_points=False)
        raises = importance.value >= 0
        directions = [(move, move.sign if lever.is_of_theory or raises else -move.sign) for move in lever.moves]
        rooms = [self._room(move.construct, direction) for move, direction in directions]
        scores = [float(self.group.mean_scores[self._index(move.construct)]) for move in lever.moves]
        signs = "".join("+" if move.sign > 0 else "-" for move in lever.moves)
        return LeverRow(
            lever.name,
            "lever of the theory" if lever.is_of_theory else "construct",
            ", ".join(f"{move.construct} {sign}" for move, sign in zip(lever.moves, signs, strict=True)),
            importance,
            float(np.mean(scores)),
            float(np.mean(rooms)),
            self._gain(lever, amount),
            self._gain_of_room(lever, 1.0 if lever.is_of_theory or raises else -1.0),
            self.number,
            self.group.label,
        )

    def _index(self, construct: str) -> int:
        return self.model.constructs.index(construct)

    def _room(self, construct: str, direction: int) -> float:
        try:
            return room(self.group, self._index(construct), direction)
        except EffectError:
            return float("nan")

    def _gain_of_room(self, lever: Lever, direction: float) -> Span:
        known = all(np.isfinite(self.group.mean_scores[self._index(move.construct)]) for move in lever.moves)
        if not known or self.group.scores.categories:  # no shift brings the answers of ordinal items to the very end
            return NOTHING
        return self._of_outcome(lever, Amount(direction, StepUnit.SHARE), in_points=True)

    def _gain(self, lever: Lever, amount: Amount) -> Span:
        scored = all(self.group.scores.known[self._index(move.construct)] for move in lever.moves)
        if amount.unit in (StepUnit.POINTS, StepUnit.SHARE) and not scored:
            return NOTHING
        return self._of_outcome(lever, amount, in_points=True)

    def _of_outcome(self, lever: Lever, amount: Amount, *, in_points: bool) -> Span:
        steps = [Step(self._index(move.construct), move.sign * amount.value, amount.unit) for move in lever.moves]
        change = change_of(self.group, steps, Intervention.PUSH, self.covariance)
        result = change.points if in_points else change.sd
        draws = None
        if self.stack is not None:
            sample = change_draws(self.group, steps, Intervention.PUSH, self.stack)
            draws = sample.points if in_points else sample.sd
        return spans(result, draws)[self.target]


def last_outcome(fit: Fit) -> str | None:
    """Return the last outcome of the model's paths that is a latent variable, else the last of all."""
    outcomes = list(dict.fromkeys(fit.estimates.loc[fit.estimates["op"] == "~", "lhs"]))
    latent = [name for name in outcomes if name in fit.fitted.table.variables.latent]
    return (latent or outcomes or [None])[-1]
