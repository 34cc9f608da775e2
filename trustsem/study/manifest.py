"""What is needed to get the same numbers again: hashes of what went in, options, seeds, versions."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trustsem.version import __version__

SCHEMA = "trustsem.manifest/1"
_PACKAGES = ("numpy", "scipy", "pandas", "factor_analyzer", "plotly")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of a run.

    Args:
        study: Content of the study file.
        data: Name, digest and shape of the data file.
        codebook: Identifier and digest of the codebook; None where there is none.
        models: Digest of each model's text, by name.
        options: Options of each fit, defaults included.
        seed: Of everything that was drawn.
        versions: Of trustsem, Python and packages that numbers come from.
        platform: Operating system and processor.
    """

    study: str
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
