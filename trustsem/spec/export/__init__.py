"""The same model for other programs: one file per program and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trustsem.errors import UsageError
from trustsem.spec.export.lavaan import export_lavaan
from trustsem.spec.export.mplus import export_mplus
from trustsem.spec.export.request import Export, ExportRequest, FitMethod, RowRoles, component_columns, made_columns
from trustsem.suggestions import suggest

EXPORTERS: Mapping[str, Callable[[ExportRequest], Export]] = {
    "lavaan": export_lavaan,
    "mplus": export_mplus,
}


def export_model(request: ExportRequest, target: str) -> Export:
    """Write a model for another program, every parameter of the table spelled out.

    Raises:
        UsageError: no such program, or the model uses what the program cannot express; each such thing is named.

    Example:
        >>> from trustsem.spec import build_table
        >>> from trustsem.syntax import parse_model
        >>> table = build_table(parse_model("f =~ x1 + x2 + x3"))
        >>> "f BY x1@1" in export_model(ExportRequest(table, "One factor"), "mplus").text
        True
    """
    exporter = EXPORTERS.get(target.lower())
    if exporter is None:
        raise UsageError(
            f"There is no export to '{target}'.{suggest(target, tuple(EXPORTERS))}",
            remedy=f"Use one of: {', '.join(EXPORTERS)}.",
            code="unknown-target",
        )
    return exporter(request)


__all__ = [
    "EXPORTERS",
    "Export",
    "ExportRequest",
    "FitMethod",
    "RowRoles",
    "component_columns",
    "export_model",
    "made_columns",
]
