"""Parts of a study beside its fits: one function each, one line in the table; a part that does not apply is None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from trustsem.study.parts.context import Context, Part
from trustsem.study.parts.estimators import estimators
from trustsem.study.parts.groups import group_effects, group_paths
from trustsem.study.parts.loops import loops
from trustsem.study.parts.measurement import measurement
from trustsem.study.parts.mediation import proportions, sensitivities
from trustsem.study.parts.misfit import modification, residuals
from trustsem.study.parts.respondents import covariates
from trustsem.study.parts.scales import exploration, items, reliability, validity
from trustsem.study.parts.scenarios import levers, scenarios

PARTS: Mapping[str, Callable[[Context], Part | None]] = MappingProxyType(
    {
        "covariates": covariates,
        "items": items,
        "reliability": reliability,
        "validity": validity,
        "exploration": exploration,
        "measurement": measurement,
        "proportions": proportions,
        "sensitivities": sensitivities,
        "loops": loops,
        "group_paths": group_paths,
        "group_effects": group_effects,
        "scenarios": scenarios,
        "levers": levers,
        "residuals": residuals,
        "modification": modification,
        "estimators": estimators,
    }
)

__all__ = ["PARTS", "Context", "Part"]
