"""What is needed to get the same numbers again: hashes of what went in, options, seeds, versions."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trustsem.study.spec import StudySpec
from trustsem.version import __version__

SCHEMA = "trustsem.manifest/1"
MANIFEST_FILE = "manifest.json"
NUMBERS_FILE = "report.json"
_PACKAGES = ("numpy", "scipy", "pandas", "factor_analyzer", "plotly")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of a run.

    Args:
        study: Content of the study file; "" where a study was made in Python.
        files: Texts of the study's own models and codebook, by their paths as the study file writes them.
        settings: What the study was run with, defaults included.
        data: Name, digest and shape of the data file.
        codebook: Identifier and digest of the codebook; None where there is none.
        models: Digest of each model's text, by name.
        options: Options of each fit, defaults included.
        seed: Of everything that was drawn.
        versions: Of trustsem, Python and packages that numbers come from.
        platform: Operating system and processor.
    """

    study: str
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    codebook: Mapping[str, Any] | None
    models: Mapping[str, str]
    options: Mapping[str, Mapping[str, Any]]
    seed: int
    versions: Mapping[str, str]
    platform: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"schema": SCHEMA, **asdict(self)}


def own_files(spec: StudySpec) -> dict[str, str]:
    """Return the texts of models and codebooks that do not come with trustsem, by their paths as written.

    The description beside a model's text (`.toml`) belongs to it.
    """
    return {given: path.read_text(encoding="utf-8-sig") for given, path in _own_paths(spec) if path.is_file()}


def _own_paths(spec: StudySpec) -> Iterator[tuple[str, Path]]:
    content = tomllib.loads(spec.text)
    written = content.get("study", {}).get("codebook")
    if written is not None and spec.codebook is not None and written != spec.codebook:
        yield written, Path(spec.codebook)
    for entry, model in zip(content.get("models", []), spec.models, strict=False):
        if entry["model"] != model.model:
            path = Path(model.model)
            yield entry["model"], path
            yield str(Path(entry["model"]).with_suffix(".toml")), path.with_suffix(".toml")


def settings_of(spec: StudySpec) -> dict[str, Any]:
    """Return everything that numbers and words of a study depend on, defaults included."""
    content = asdict(spec)
    apart = ("data", "codebook", "models", "path", "text", "formats", "output")  # recorded by content, or of no weight
    settings = {name: value for name, value in content.items() if name not in apart}
    return {**settings, "design": spec.design.value}


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def package_versions() -> dict[str, str]:
    """Return the versions of trustsem, Python and the packages that numbers come from."""
    found = {"trustsem": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def platform_name() -> str:
    """Return operating system and processor, nothing that names the machine."""
    return f"{platform.system()} {platform.machine()}"
