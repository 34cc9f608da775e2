"""On a continuous-integration machine that has the shared data, a skipped test is a failure.

Tests that need a program of the machine (a browser, fonts, TeX, R) may be skipped where it is not there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
_OF_THE_MACHINE = (
    "no Chromium",
    "no fonts are installed",
    "R with lavaan",
    "latex is not installed",
    "a package of LaTeX",
)
_skipped: list[str] = []

# The same examples in every run; `HYPOTHESIS_PROFILE=default pytest tests/property` looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and not _needs_the_machine(report):
        _skipped.append(report.nodeid)


def _needs_the_machine(report: pytest.TestReport) -> bool:
    return any(reason in str(report.longrepr) for reason in _OF_THE_MACHINE)


def _skips_are_faults() -> bool:
    return os.environ.get("CI", "").lower() == "true" and SHARED.is_dir()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and _skips_are_faults():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and _skips_are_faults():
        terminalreporter.write_line(f"skipped although the shared data are there: {', '.join(_skipped)}", red=True)
