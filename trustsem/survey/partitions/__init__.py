"""Moments of surveys that do not fit memory: files are read in parts, and only the sums of each part are kept."""

from __future__ import annotations

from trustsem.survey.partitions.reading import Executor, Progress, sum_survey
from trustsem.survey.partitions.record import SurveyMoments
from trustsem.survey.partitions.wanted import CHUNK_ROWS, Wanted

__all__ = ["CHUNK_ROWS", "Executor", "Progress", "SurveyMoments", "Wanted", "sum_survey"]
