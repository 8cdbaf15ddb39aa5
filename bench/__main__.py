"""`make bench`: all benchmarks, each in a process of its own; `python -m bench NAME…` runs some."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import bench

__all__ = ["main"]

_HELPERS = {"pages", "__main__"}


def main() -> int:
    """Run the named benchmarks, or all. Returns how many failed."""
    known = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in _HELPERS)
    unknown = [name for name in sys.argv[1:] if name not in known]
    if unknown:
        sys.exit(f"no benchmark is called {unknown[0]}; there are: {', '.join(known)}")
    failed = 0
    for name in sys.argv[1:] or known:
        print(f"\n=== bench.{name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
