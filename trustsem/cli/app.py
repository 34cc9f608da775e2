"""The program `trustsem`: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from trustsem.cli.commands import (
    check,
    compare,
    constructs,
    demo,
    describe,
    diagram,
    effects,
    explain,
    explore,
    export,
    fit,
    fit_imputed,
    init,
    instruments,
    invariance,
    loops,
    models,
    report,
    reproduce,
    scales,
    scenario,
)
from trustsem.cli.console import flush_results, open_closed_streams, print_error, print_text, unwritable_stdout
from trustsem.cli.failures import (
    INTERRUPTED,
    out_of_memory,
    report_bug,
    report_error,
    report_usage,
    silence_broken_pipe,
)
from trustsem.errors import TrustSemError, UsageError
from trustsem.version import __version__

PROGRAM = "trustsem"

app = typer.Typer(
    name=PROGRAM,
    help="Structural equation models of doctor-patient trust surveys.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich panels would cost half of the time that --help takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("constructs")(constructs.constructs)
app.add_typer(models.app, name="models")
app.add_typer(instruments.app, name="instruments")
app.command("check")(check.check)
app.command("describe")(describe.describe)
app.command("fit")(fit.fit)
app.command("fit-imputed")(fit_imputed.fit_imputed)
app.command("compare")(compare.compare)
app.command("invariance")(invariance.invariance)
app.command("effects")(effects.effects)
app.command("scales")(scales.scales)
app.command("explore")(explore.explore)
app.command("scenario")(scenario.scenario)
app.command("loops")(loops.loops)
app.command("diagram")(diagram.diagram)
app.command("report")(report.report)
app.command("reproduce")(reproduce.reproduce)
app.command("explain")(explain.explain)
app.command("export")(export.export)


def _print_version(wanted: bool) -> None:
    if wanted:
        print_text(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Structural equation models of doctor-patient trust surveys.

    Start with `trustsem demo`. Results go to stdout, messages to stderr; every command has --json. Exit codes: 0 fine,
    1 bug, 2 usage, 10 data file, 11 codebook, 12 model text, 13 not identified, 14 did not converge, 15 inadmissible
    under --strict, 16 effect undefined, 17 study file, 18 reproduction differs, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code; no traceback reaches a user.

    Args:
        arguments: Words after the program's name; those of the process when None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    open_closed_streams()
    try:
        code = _run(words, as_json=as_json)
        flush_results()
    except BrokenPipeError:
        return silence_broken_pipe()
    except UsageError as error:
        return report_error(error, as_json=False)
    except KeyboardInterrupt:
        return _interrupted()
    return code


def _run(words: list[str], *, as_json: bool) -> int:
    command = typer.main.get_command(app)
    try:
        code = int(command.main(words, prog_name=PROGRAM, standalone_mode=False) or 0)
    except TrustSemError as error:
        return report_error(error, as_json=as_json)
    except typer.Abort:
        return _interrupted()
    except SystemExit:  # typer's own answer to a closed pipe
        raise BrokenPipeError from None
    except BrokenPipeError:
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's errors of use; their class has moved between versions
            return report_usage(error, as_json=as_json)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # the text of --help on a full disk
            return report_error(unwritable_stdout(error), as_json=False)
        if isinstance(error, MemoryError):
            return report_error(out_of_memory(), as_json=as_json)
        return report_bug(error, as_json=as_json)
    return _interrupted() if code == INTERRUPTED else code


def _interrupted() -> int:
    print_error("Interrupted; nothing more was written.")
    return INTERRUPTED
