"""The process that makes one long file: `python -m core.delivery.maker_process ID` (see files)."""

from __future__ import annotations

import gc
import sys

if __name__ == "__main__":
    gc.disable()  # it ends with its file, before garbage matters: looking for some takes a fifth of the loading
    from core.delivery import report_maker

    report_maker.main(int(sys.argv[1]))
