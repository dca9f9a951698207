"""Become another program that ends when the one who started it ends: `launcher.py <parent's pid> <program> …`.

The kernel sends the signal when the *thread* that started us is gone; it is set here and not between fork and
exec, where Python code is not safe. The parent may have died before we asked: hence the second look.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The process that started this one has ended.")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
