"""How to get these numbers again."""

from __future__ import annotations

from trustsem.report.document import Align, Column, Paragraph, Section, TableBlock
from trustsem.report.wording import Wording
from trustsem.study import StudyResult
from trustsem.study.manifest import MANIFEST_FILE


def manifest(result: StudyResult, words: Wording) -> Section:
    """Return the section."""
    record = result.manifest
    rows = [(words("manifest.data"), f"{record.data.get('file', '')} {record.data.get('sha256', '')}".strip())]
    if record.codebook is not None:
        rows.append((words("manifest.codebook"), f"{record.codebook['id']} {record.codebook['sha256']}"))
    rows += [(words("manifest.model", name=name), digest) for name, digest in record.models.items()]
    rows.append((words("manifest.seed"), str(record.seed)))
    versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
    rows += [(words("manifest.versions"), versions), (words("manifest.platform"), record.platform)]
    columns = (Column(words("manifest.item"), Align.LEFT), Column(words("manifest.value"), Align.LEFT))
    blocks = (
        Paragraph(words("manifest.how", file=MANIFEST_FILE)),
        TableBlock(words("manifest.table"), columns, tuple(rows)),
    )
    return Section("manifest", words("manifest.title"), blocks)
