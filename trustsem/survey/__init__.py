"""From a survey file to scored numbers: reading, codebook, description, screening, selection of cases."""

from __future__ import annotations

from trustsem.survey.describe import (
    AnswerShare,
    CovariateDescription,
    ItemDescription,
    RowDescription,
    describe_covariates,
    describe_item,
    describe_rows,
    describe_survey,
)
from trustsem.survey.missing import CoveredPair, MissingDescription, PatternRow, describe_missing
from trustsem.survey.plain import suspicious_codes, suspicious_codes_in
from trustsem.survey.reading import read_survey
from trustsem.survey.scored import LogAction, LogEntry, Survey
from trustsem.survey.scoring import apply_codebook, survey_without_codebook
from trustsem.survey.screening import screen_items, screen_values
from trustsem.survey.selection import AnalysisArrays, analysis_arrays
from trustsem.survey.source import DataSource, RawTable

__all__ = [
    "AnalysisArrays",
    "AnswerShare",
    "CovariateDescription",
    "CoveredPair",
    "DataSource",
    "ItemDescription",
    "LogAction",
    "LogEntry",
    "MissingDescription",
    "PatternRow",
    "RawTable",
    "RowDescription",
    "Survey",
    "analysis_arrays",
    "apply_codebook",
    "describe_covariates",
    "describe_item",
    "describe_missing",
    "describe_rows",
    "describe_survey",
    "read_survey",
    "screen_items",
    "screen_values",
    "survey_without_codebook",
    "suspicious_codes",
    "suspicious_codes_in",
]
