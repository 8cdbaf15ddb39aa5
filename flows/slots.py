"""A name for who holds locks, which the process that comes after a dead one gets again.

A run that is killed leaves its documents locked. Were its name its own, the next run would have to skip them until the
locks run out. So a run's name is that of a file in the data folder which it holds locked: the system lets go of the
file when the process ends, however it ends, and the next run that takes the file has the dead one's locks, too.
"""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

__all__ = ["run_slot"]


@contextmanager
def run_slot(folder: Path) -> Iterator[str]:
    """Hold the first free slot of a data folder. Gives the name of the slot, which no other live run has.

    Raises:
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        with (folder / f"run-{number}.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # a run that is alive
            yield f"{socket.gethostname()}:{folder}:{number}"
            return
