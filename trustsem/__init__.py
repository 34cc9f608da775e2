"""trustsem: structural equation modelling of doctor-patient trust surveys.

>>> import trustsem as ts
>>> fit = ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv")
>>> fit.converged
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.errors import TrustSemError
    from trustsem.fitting import Comparison, Fit, compare, fit
    from trustsem.fitting.exploration import Exploration, explore
    from trustsem.fitting.impute import ImputedData, impute
    from trustsem.fitting.imputed import fit_imputed
    from trustsem.fitting.invariance import Invariance, invariance
    from trustsem.fitting.item_analysis import ItemAnalysis, item_analysis
    from trustsem.fitting.plotting import plot
    from trustsem.fitting.pooled import PooledFit
    from trustsem.fitting.recommend import recommend_estimator
    from trustsem.fitting.survey_moments import read_moments
    from trustsem.instruments import load_codebook
    from trustsem.measurement import DecisionRules
    from trustsem.records import Finding, Severity
    from trustsem.report.writing import write_report
    from trustsem.resample.workers import parallel
    from trustsem.resources import models_dir, samples_dir
    from trustsem.spec import TrustModel, list_models, load_model
    from trustsem.study import Reproduction, StudyResult, read_study, reproduce_study, run_study
    from trustsem.survey import Survey, describe_missing, read_survey
    from trustsem.survey.partitions.record import SurveyMoments
    from trustsem.theory import load_theory

# Names are imported when first used: `import trustsem` stays quick, and the command line pays only for what it calls.
_HOMES = {
    "Comparison": "trustsem.fitting.comparison",
    "DecisionRules": "trustsem.measurement",
    "Exploration": "trustsem.fitting.exploration",
    "Finding": "trustsem.records",
    "Fit": "trustsem.fitting",
    "ImputedData": "trustsem.fitting.impute",
    "Invariance": "trustsem.fitting.invariance",
    "PooledFit": "trustsem.fitting.pooled",
    "ItemAnalysis": "trustsem.fitting.item_analysis",
    "Reproduction": "trustsem.study",
    "Severity": "trustsem.records",
    "StudyResult": "trustsem.study",
    "Survey": "trustsem.survey",
    "SurveyMoments": "trustsem.survey.partitions.record",
    "TrustModel": "trustsem.spec",
    "TrustSemError": "trustsem.errors",
    "compare": "trustsem.fitting.comparison",
    "describe_missing": "trustsem.survey",
    "explore": "trustsem.fitting.exploration",
    "fit": "trustsem.fitting",
    "fit_imputed": "trustsem.fitting.imputed",
    "impute": "trustsem.fitting.impute",
    "invariance": "trustsem.fitting.invariance",
    "item_analysis": "trustsem.fitting.item_analysis",
    "list_models": "trustsem.spec",
    "load_codebook": "trustsem.instruments",
    "load_model": "trustsem.spec",
    "load_theory": "trustsem.theory",
    "models_dir": "trustsem.resources",
    "parallel": "trustsem.resample.workers",
    "plot": "trustsem.fitting.plotting",
    "read_moments": "trustsem.fitting.survey_moments",
    "read_study": "trustsem.study",
    "read_survey": "trustsem.survey",
    "recommend_estimator": "trustsem.fitting.recommend",
    "reproduce_study": "trustsem.study",
    "run_study": "trustsem.study",
    "samples_dir": "trustsem.resources",
    "write_report": "trustsem.report.writing",
}

__all__ = [
    "Comparison",
    "DecisionRules",
    "Exploration",
    "Finding",
    "Fit",
    "ImputedData",
    "Invariance",
    "ItemAnalysis",
    "PooledFit",
    "Reproduction",
    "Severity",
    "StudyResult",
    "Survey",
    "SurveyMoments",
    "TrustModel",
    "TrustSemError",
    "__version__",
    "compare",
    "describe_missing",
    "explore",
    "fit",
    "fit_imputed",
    "impute",
    "invariance",
    "item_analysis",
    "list_models",
    "load_codebook",
    "load_model",
    "load_theory",
    "models_dir",
    "parallel",
    "plot",
    "read_moments",
    "read_study",
    "read_survey",
    "recommend_estimator",
    "reproduce_study",
    "run_study",
    "samples_dir",
    "write_report",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trustsem' has no attribute '{name}'")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
