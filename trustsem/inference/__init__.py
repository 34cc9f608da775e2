"""Standard errors, tests and fit measures of an estimate."""

from trustsem.inference.baseline import Baseline, independence_baseline
from trustsem.inference.casewise import case_deviations, casewise_scores
from trustsem.inference.chisquare import ChiSquare, chi_square, chi_square_pvalue
from trustsem.inference.information import InformationKind, ObservedInformation, ParameterCovariance
from trustsem.inference.likelihood import Likelihood, LogLikelihood, log_likelihood
from trustsem.inference.measures import MEASURES, FitContext, MeasureSet, Noncentral, fit_measures
from trustsem.inference.residuals import ResidualMoments, ResidualType, residual_moments, residual_type

__all__ = [
    "MEASURES",
    "Baseline",
    "ChiSquare",
    "FitContext",
    "InformationKind",
    "Likelihood",
    "LogLikelihood",
    "MeasureSet",
    "Noncentral",
    "ObservedInformation",
    "ParameterCovariance",
    "ResidualMoments",
    "ResidualType",
    "case_deviations",
    "casewise_scores",
    "chi_square",
    "chi_square_pvalue",
    "fit_measures",
    "independence_baseline",
    "log_likelihood",
    "residual_moments",
    "residual_type",
]
