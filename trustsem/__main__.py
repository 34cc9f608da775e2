"""The program as a process: `trustsem`, `python -m trustsem` and `python cli.py` start here."""

from __future__ import annotations

import gc
import sys

_INTERRUPTED = 130
# A command lives for a second and makes few cycles: at Python's own 700 new objects the collector runs hundreds of
# times while pandas is imported and finds nothing. Rare collections still bound the memory of long fits.
_OBJECTS_PER_COLLECTION = (100_000, 20, 50)


def main() -> int:
    """Run the command line as a process of its own and return its exit code.

    Only what belongs to a process is done here; `trustsem.cli.app.main` is the program.
    """
    gc.set_threshold(*_OBJECTS_PER_COLLECTION)
    try:
        # Imported here, so that Ctrl-C before the program has started ends without a traceback too.
        from trustsem.cli.app import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("Error: Interrupted; nothing was written.\n")
        return _INTERRUPTED
    finally:
        gc.freeze()  # the system takes everything back at once; looking for cycles first would cost a tenth of a second


if __name__ == "__main__":
    sys.exit(main())
