"""Readers of survey files: one module per format, one table of suffixes, one function to call."""

from __future__ import annotations

from trustsem.survey.readers.contract import Reader, ReadOptions
from trustsem.survey.readers.registry import READERS, read_raw

__all__ = ["READERS", "ReadOptions", "Reader", "read_raw"]
