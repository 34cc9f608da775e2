"""Write a report into a folder of its own, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trustsem.errors import UsageError
from trustsem.outputs import make_folder, write_files
from trustsem.report.building import build_document
from trustsem.report.formats import FORMATS
from trustsem.study import StudyResult
from trustsem.study.manifest import MANIFEST_FILE, NUMBERS_FILE, SCHEMA
from trustsem.suggestions import suggest

_STEM = "report"
# Also those of formats that this version does not write: an older report must not stay beside new numbers.
_NAMES = tuple(f"{_STEM}{suffix}" for suffix in (".html", ".docx", ".tex", ".md", ".json"))


def write_report(
    result: StudyResult,
    folder: str | Path | None = None,
    formats: str | Sequence[str] | None = None,
    *,
    language: str | None = None,
    beside: Iterable[str] = (),
) -> tuple[Path, ...]:
    """Write `report.*` in each format, all numbers as `report.json`, and `manifest.json`.

    Everything is made before the first file is written, and written beside its place before it is renamed. Reports of
    an earlier run in other formats are removed: their numbers may be others.

    Args:
        result: What the study found.
        folder: Made where it is not there; that of the study file when None.
        formats: Names from `trustsem.report.FORMATS`; those of the study file when None.
        language: "en" or "zh"; the study's when None.
        beside: Names of other files that may lie in the folder.

    Returns:
        The files, the manifest first.

    Raises:
        UsageError: an unknown format, or a folder that cannot be written to or holds other files.
    """
    place = Path(folder) if folder is not None else result.spec.output
    names = require_formats(result.spec.formats if formats is None else formats)
    require_report_folder(place, beside)
    document = build_document(result, language)
    contents = {
        MANIFEST_FILE: _json(result.manifest.to_dict()),
        NUMBERS_FILE: FORMATS["json"].render(document),
        **{f"{_STEM}{FORMATS[name].suffix}": FORMATS[name].render(document) for name in names},
    }
    make_folder(place)
    write_files({place / name: content for name, content in contents.items()})
    for name in _NAMES:
        if name not in contents:
            (place / name).unlink(missing_ok=True)
    return tuple(place / name for name in contents)


def require_formats(formats: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of formats, each once.

    Raises:
        UsageError: names of no format; all of them at once.
    """
    names = (formats,) if isinstance(formats, str) else tuple(dict.fromkeys(formats))
    faults = [f"{name!r} is no format.{suggest(name, FORMATS)}" for name in names if name not in FORMATS]
    if faults or not names:
        raise UsageError(
            "The report has no such format." if faults else "The report has no format.",
            faults=faults,
            remedy=f"Formats: {', '.join(FORMATS)}.",
            code="unknown-format",
        )
    return names


def require_report_folder(folder: Path, beside: Iterable[str] = ()) -> None:
    """Refuse a folder that holds anything but an earlier report.

    Raises:
        UsageError: it is a file, or other files lie in it.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Give the name of a folder with --output.", code="not-a-folder")
    present = {path.name for path in folder.iterdir()} - set(beside)
    if present and not (present <= {MANIFEST_FILE, *_NAMES} and _is_report(folder / MANIFEST_FILE)):
        raise UsageError(
            f"The folder {folder} holds other files than those of an earlier report; nothing was written.",
            remedy="Give another folder with --output.",
            code="folder-in-use",
        )


def _is_report(manifest: Path) -> bool:
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there or not JSON: not ours
        return False
    return isinstance(content, dict) and content.get("schema") == SCHEMA


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
