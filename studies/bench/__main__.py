"""One measurement in a process of its own: python -m studies.bench JOB.json RUN.json; stages go to stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from studies.bench import jobs
from studies.bench.processes import MARK
from studies.bench.run import Job, Kind


def main(job_file: str, run_file: str) -> None:
    """Read a job, do it, write what was measured."""
    values = json.loads(Path(job_file).read_text("utf-8"))
    job = Job(**{**values, "kind": Kind(values["kind"])})
    run = jobs.run(job, lambda text: print(MARK + text, flush=True))  # noqa: T201
    Path(run_file).write_text(json.dumps(run.as_dict()), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
