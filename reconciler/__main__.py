"""`python -m reconciler` is `reconcile`."""

import gc
import signal


def main() -> None:
    """Run `reconcile`, and end the process with its exit code."""
    # Ctrl-C ends the imports as it ends other programs: without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A command builds large trees without cycles and ends: looking through them again and again
    # for garbage would make its time grow faster than its work (benchmarks/scale.py). Importing
    # builds such trees, too.
    gc.disable()
    from reconciler.cli.main import main as run  # noqa: PLC0415

    try:
        run()
    finally:
        gc.freeze()  # Python looks for garbage once more when it ends, even so


if __name__ == "__main__":
    main()
