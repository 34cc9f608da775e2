"""Evaluators by name: one function per kind of item, from a study's result to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trustsem.report.checklists.evaluators import estimation, measurement, mediation, model, rows
from trustsem.report.checklists.evaluators.answers import ask_author
from trustsem.report.checklists.records import Answer
from trustsem.report.wording import Wording
from trustsem.study import StudyResult

Evaluator = Callable[[StudyResult, Wording], Answer]

EVALUATORS: Mapping[str, Evaluator] = {
    "author": ask_author,
    "sample_size": rows.sample_size,
    "missing_amount": rows.missing_amount,
    "missing_causes": rows.missing_causes,
    "missing_treatment": rows.missing_treatment,
    "nesting": rows.nesting,
    "ground": model.ground,
    "directions": model.directions,
    "original": model.original,
    "strategy": model.strategy,
    "specification": model.specification,
    "degrees": model.degrees,
    "identification": model.identification,
    "means": model.means,
    "groups": model.groups,
    "software": estimation.software,
    "estimator": estimation.estimator,
    "assumptions": estimation.assumptions,
    "convergence": estimation.convergence,
    "admissibility": estimation.admissibility,
    "fit_indices": estimation.fit_indices,
    "local_fit": estimation.local_fit,
    "comparison": estimation.comparison,
    "estimates": estimation.estimates,
    "equivalent": estimation.equivalent,
    "factor_analysis": measurement.factor_analysis,
    "item_response": measurement.item_response,
    "items_ratio": measurement.items_ratio,
    "each_scale": measurement.each_scale,
    "alpha_omega": measurement.alpha_omega,
    "dichotomous": measurement.dichotomous,
    "flaws": measurement.flaws,
    "group_sizes": measurement.group_sizes,
    "invariance_levels": measurement.invariance_levels,
    "group_ratio": measurement.group_ratio,
    "design": mediation.design,
    "causal_assumptions": mediation.causal_assumptions,
    "confounders": mediation.confounders,
    "indirect": mediation.indirect,
    "sensitivity": mediation.sensitivity,
}
