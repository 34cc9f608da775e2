"""Run a study again from its manifest, and name every number that changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from trustsem.errors import DataError, ReproductionError, StudyError
from trustsem.records import Finding, Severity
from trustsem.resources import samples_dir
from trustsem.study.differences import Difference, compare_numbers
from trustsem.study.manifest import NUMBERS_FILE, SCHEMA, package_versions, platform_name
from trustsem.study.reading import parse_study
from trustsem.study.result import SCHEMA as NUMBERS_SCHEMA
from trustsem.study.running import Progress, run_study
from trustsem.study.spec import StudySpec

_FROM_SETTINGS = ("language", "seed", "draws", "interval", "smallest_group")  # options may have overruled the file

_NEEDED = ("study", "files", "settings", "data", "versions", "platform")

WORDED = "checklists"  # written by the report, in its language, from numbers that are compared themselves


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of running a study again.

    Args:
        differences: Values that changed beyond their tolerance.
        findings: Versions and platform that are others now: no failure by itself.
    """

    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether every number is the same within its tolerance."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "reproduced": self.holds,
            "differences": [difference.to_dict() for difference in self.differences],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def reproduce_study(
    manifest: str | PathLike[str],
    data: str | PathLike[str] | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run a study again and compare every number with report.json beside the manifest.

    Args:
        manifest: The file manifest.json of a report.
        data: The data file; looked for where the study names it when None.
        workers: As for `run_study`.
        progress: As for `run_study`.

    Raises:
        StudyError: no manifest, or no report.json beside it.
        DataError: the data file is not found.
        ReproductionError: the data file is another one.
    """
    place = Path(manifest)
    record = _read_record(place, SCHEMA, "manifest")
    numbers = _read_record(place.parent / NUMBERS_FILE, NUMBERS_SCHEMA, "file of numbers")
    lacking = [name for name in _NEEDED if name not in record]
    if lacking:
        raise StudyError(
            f"{place} lacks {', '.join(lacking)}: the study cannot be run again from it.",
            remedy="Use the manifest.json as `trustsem report` wrote it.",
            code="manifest-unreadable",
        )
    if not record["study"]:
        raise StudyError(
            f"{place} records a study that was made in Python: there is no study file to run again.",
            remedy="Run the program that made it.",
            code="no-study-text",
        )
    table = tomllib.loads(record["study"])["study"]
    source = _find_data(place, table["data"], None if data is None else Path(data), record["data"]["sha256"])
    with tempfile.TemporaryDirectory() as folder:
        spec = _study(record, {table["data"]: source, **_write_texts(record["files"], Path(folder))}, place)
        result = run_study(spec, workers=workers, progress=progress)
    numbers = {key: value for key, value in numbers.items() if key != WORDED}
    found = compare_numbers(numbers, json.loads(json.dumps(result.to_dict())))
    return Reproduction(tuple(d for d in found if not d.is_version), _version_findings(record))


def _study(record: Mapping[str, Any], located: Mapping[str, Path], place: Path) -> StudySpec:
    spec = parse_study(record["study"], place.parent / "study.toml", located)
    return replace(spec, **{name: record["settings"][name] for name in _FROM_SETTINGS})


def _read_record(place: Path, schema: str, what: str) -> dict[str, Any]:
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(
            f"There is no {what} {place}: {error.strerror}.",
            remedy="`trustsem report STUDY` writes manifest.json and report.json into one folder.",
            code="manifest-not-found",
        ) from None
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("schema") != schema:
        raise StudyError(
            f"{place} is no {what} of trustsem.",
            remedy=f"It has the schema {schema}, as `trustsem report STUDY` writes it.",
            code="manifest-unreadable",
        )
    return content


def _find_data(manifest: Path, written: str, given: Path | None, digest: str) -> Path:
    """Return the data file of that digest: the one given, or one where the study's words may point to."""
    names = [samples_dir() / written, samples_dir() / f"{written}.csv"]
    folders = [*manifest.resolve().parents, Path.cwd()]
    candidates = [given] if given is not None else [*(folder / written for folder in folders), *names]
    present = [path for path in candidates if path.is_file()]
    if not present:
        where = f"There is no data file {given}." if given is not None else (
            f"The data file {written!r} is not found in the folders above the manifest, nor in the working folder."
        )  # fmt: skip
        raise DataError(where, remedy="Name it with --data FILE.", code="file-not-found")
    same = next((path for path in present if hashlib.sha256(path.read_bytes()).hexdigest() == digest), None)
    if same is None:
        raise ReproductionError(
            f"{present[0]} is another file than the one of the study: its SHA-256 is not {digest[:16]}...",
            remedy="Name the file of the study with --data FILE.",
            code="other-data",
        )
    return same


def _write_texts(texts: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Write the study's own models and codebook to a folder; those of one name lie together."""
    located = {}
    own: dict[str, Path] = {}
    for written, text in texts.items():
        stem = str(Path(written).with_suffix(""))
        home = own.setdefault(stem, folder / str(len(own)))
        home.mkdir(exist_ok=True)
        located[written] = home / Path(written).name
        located[written].write_text(text, encoding="utf-8")
    return located


def _version_findings(record: Mapping[str, Any]) -> tuple[Finding, ...]:
    now = {**package_versions(), "platform": platform_name()}
    before = {**record["versions"], "platform": record["platform"]}
    changed = [
        f"{name} {before.get(name, 'absent')} then, {now.get(name, 'absent')} now"
        for name in dict.fromkeys((*before, *now))
        if before.get(name) != now.get(name)
    ]
    if not changed:
        return ()
    message = f"The study was run with other versions: {'; '.join(changed)}."
    remedy = "Where numbers differ, install the versions of the manifest."
    return (Finding("other-versions", Severity.INFO, message, remedy),)
