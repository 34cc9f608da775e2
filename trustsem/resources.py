"""Where the bundled models, samples and data tables are, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(*parts: str) -> Path:
    """Return the path of a bundled top-level folder or file such as `models` or `data/samples`.

    A wheel carries them inside the package; an editable install does not see the wheel's mapping, so the
    checkout's own folders are the second place to look.
    """
    in_wheel = _PACKAGE.joinpath("_bundled", *parts)
    return in_wheel if in_wheel.exists() else _PACKAGE.parent.joinpath(*parts)


def models_dir() -> Path:
    """Return the folder of shipped models."""
    return bundled("models")


def samples_dir() -> Path:
    """Return the folder of bundled sample surveys."""
    return bundled("data", "samples")


def examples_dir() -> Path:
    """Return the folder of example studies."""
    return bundled("examples")


def package_data(*parts: str) -> Path:
    """Return the path of a data file that lies inside the package, e.g. `theory/data/constructs.toml`."""
    return _PACKAGE.joinpath(*parts)
