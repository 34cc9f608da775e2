"""JSON: every number of the study, schema trustsem.study/1; two runs give the same bytes."""

from __future__ import annotations

import json

from trustsem.report.document import Document


def render(document: Document) -> bytes:
    """Return the numbers of the report as JSON, UTF-8."""
    return (json.dumps(document.data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
