"""From a model text to a parameter table; models built from the theory; the model library."""

from trustsem.spec.auxiliary import is_auxiliary, with_auxiliary
from trustsem.spec.build import build_table
from trustsem.spec.groups import group_labels_in_text, groups_in_text
from trustsem.spec.library import LibraryModel, list_models, load_model, model_names
from trustsem.spec.options import (
    GROUP_EQUAL,
    Bounds,
    Preset,
    ProductIndicators,
    Rules,
    SpecOptions,
    preset_of,
    read_group_equal,
)
from trustsem.spec.refused import REFUSED, RefusedFeature
from trustsem.spec.table import LinearConstraints, Origin, OriginKind, ParameterTable, Row
from trustsem.spec.trust_model import TrustModel
from trustsem.spec.variables import Variables, classify_variables

__all__ = [
    "GROUP_EQUAL",
    "REFUSED",
    "Bounds",
    "LibraryModel",
    "LinearConstraints",
    "Origin",
    "OriginKind",
    "ParameterTable",
    "Preset",
    "ProductIndicators",
    "RefusedFeature",
    "Row",
    "Rules",
    "SpecOptions",
    "TrustModel",
    "Variables",
    "build_table",
    "classify_variables",
    "group_labels_in_text",
    "groups_in_text",
    "is_auxiliary",
    "list_models",
    "load_model",
    "model_names",
    "preset_of",
    "read_group_equal",
    "with_auxiliary",
]
