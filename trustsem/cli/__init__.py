"""The command line: thin commands over the public functions, one file each under `commands`."""

from trustsem.cli.app import main

__all__ = ["main"]
