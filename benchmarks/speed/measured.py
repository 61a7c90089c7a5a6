"""Runs a command and writes what it took, as JSON, to the file that is named first.

A small process of its own: the resident maximum of a process is at least that of the process that
started it (Linux, getrusage(2), "ru_maxrss", and execve).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    begun = time.monotonic()
    process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    Path(sys.argv[1]).write_text(json.dumps([seconds, cpu, megabytes, process.returncode]))


if __name__ == "__main__":
    main()
