"""Draws a paper from stdin in a process that has loaded what the press has; tells CPU seconds and peak memory."""

from __future__ import annotations

import gc
import json
import pickle
import re
import sys
import time
from pathlib import Path

from core.documents import credentials, student_account_info, worker


def main(what: str) -> None:
    if what in ("ours", "slips"):
        draw = credentials.render if what == "slips" else student_account_info.render
    else:
        from tests.benchmarks import pdf_others

        draw = getattr(pdf_others, what)
    paper = pickle.load(sys.stdin.buffer)
    worker.load_everything()
    gc.freeze()
    gc.disable()
    begin = time.process_time()
    draw(paper)
    cpu = time.process_time() - begin
    print(json.dumps({"cpu": cpu, "mb": _peak_mb()}))


def _peak_mb() -> float:
    """Of this program only: getrusage would count what the parent had before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1])
