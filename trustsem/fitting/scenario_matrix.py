"""All effects of constructs on each other with their joint covariance, for pages that compute scenarios themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trustsem.effects.scenario import Intervention
from trustsem.effects.scenario_matrix import EffectMatrix, effect_matrix
from trustsem.fitting.scenario import fit_facts
from trustsem.fitting.scenario_findings import assumptions_of, scenario_findings
from trustsem.fitting.scenario_model import scenario_model
from trustsem.records import Finding
from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

SCHEMA = "trustsem.scenario_matrix/1"


@dataclass(frozen=True, eq=False, slots=True)
class ScenarioMatrix:
    """All effects of constructs on each other with their joint covariance. Made by `scenario_matrix`."""

    fit: Fit
    groups: tuple[EffectMatrix, ...]
    notes: Mapping[str, str]
    assumptions: tuple[str, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the matrices as JSON-ready values, schema `trustsem.scenario_matrix/1`."""
        return {
            "schema": SCHEMA,
            "version": __version__,
            **fit_facts(self.fit),
            "intervention": Intervention.PUSH.value,
            "groups": [_matrix_record(group) for group in self.groups],
            "without_score": dict(self.notes),
            "assumptions": list(self.assumptions),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def scenario_matrix(fit: Fit) -> ScenarioMatrix:
    """Return what pushes of one standard deviation do, construct by construct, with joint covariances.

    A push of several constructs by s standard deviations changes a target by the sum of s times its cells; its variance
    is s' C s, C the covariance of these cells. A page with sliders needs no more than this.

    Raises:
        EffectError: the fit did not converge, or has a loop that does not settle.

    Example:
        >>> import trustsem as ts
        >>> matrix = scenario_matrix(ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv"))
        >>> len(matrix.groups[0].constructs), len(matrix.groups[0].cells)
        (7, 22)
    """
    model = scenario_model(fit)
    groups = tuple(effect_matrix(group, fit.fitted.covariance.matrix) for group in model.groups)
    return ScenarioMatrix(
        fit,
        groups,
        model.notes,
        assumptions_of(fit, model, (), Intervention.PUSH),
        (*model.findings, *scenario_findings(fit, (), (), ())),
    )


def _matrix_record(group: EffectMatrix) -> dict[str, Any]:
    from trustsem.fitting.serialise import plain

    def listed(array: np.ndarray | None) -> Any:
        return None if array is None else plain(array.tolist())

    return {
        "group_label": group.label,
        "constructs": list(group.constructs),
        "mean_scores": listed(group.mean_scores),
        "cells": [[group.constructs[source], group.constructs[target]] for source, target in group.cells],
        "sd": listed(group.sd),
        "sd_covariance": listed(group.sd_covariance),
        "points": listed(group.points),
        "points_covariance": listed(group.points_covariance),
    }
