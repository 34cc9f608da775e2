"""Questionnaires: items and the constructs they measure, scales, reversed keys, missing codes, both languages."""

from __future__ import annotations

from trustsem.instruments.codebook import (
    Accept,
    Category,
    Codebook,
    Covariate,
    CovariateKind,
    Item,
    LocalText,
    MissingCode,
    MissingIndex,
    OwnConstruct,
    Scale,
    canonical_cell,
    number_text,
)
from trustsem.instruments.loading import list_codebooks, load_codebook
from trustsem.instruments.matching import CodebookMatch, matching_codebooks

__all__ = [
    "Accept",
    "Category",
    "Codebook",
    "CodebookMatch",
    "Covariate",
    "CovariateKind",
    "Item",
    "LocalText",
    "MissingCode",
    "MissingIndex",
    "OwnConstruct",
    "Scale",
    "canonical_cell",
    "list_codebooks",
    "load_codebook",
    "matching_codebooks",
    "number_text",
]
