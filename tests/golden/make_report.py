"""Write tests/golden/reports/study.md: the report of study.toml beside it, as it was read and approved.

Run from the root of a checkout after a change that is meant to show: `python tests/golden/make_report.py`. Read the
difference before you commit it. Versions and digests stand as `VERSION` and `DIGEST`.
"""

from __future__ import annotations

import re
from pathlib import Path

from trustsem.report import FORMATS, build_document
from trustsem.study import run_study

FOLDER = Path(__file__).parent / "reports"


def report_text() -> str:
    """Return the report without what changes from machine to machine."""
    document = build_document(run_study(FOLDER / "study.toml"))
    text = FORMATS["markdown"].render(document).decode()
    text = re.sub(r"\b[0-9a-f]{16,64}\b", "DIGEST", text)
    text = re.sub(r"trustsem [\d.]+, Python [\d.]+", "trustsem VERSION, Python VERSION", text)
    text = re.sub(r"^\| Versions \|.*$", "| Versions | VERSION |", text, flags=re.MULTILINE)
    return re.sub(r"^\| Platform \|.*$", "| Platform | PLATFORM |", text, flags=re.MULTILINE)


if __name__ == "__main__":
    (FOLDER / "study.md").write_text(report_text(), encoding="utf-8")
