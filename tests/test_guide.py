"""The guide tells the truth: its files are read, its commands run, its Python runs, page by page in order.

Catches a renamed key, option, function or file that a tutorial still shows.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "studies" / "guide"
PAGES = sorted(page.stem for page in GUIDE.glob("*.md") if page.stem != "README")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+)\n")


@pytest.mark.gmsh
@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_runs(page: str, tmp_path: Path):
    blocks = BLOCK.findall((GUIDE / f"{page}.md").read_text())
    assert blocks
    script = 0
    for language, text in blocks:
        if language in ("toml", "csv"):
            name = NAMED.match(text)
            assert name, f"{page}: say in the first line of the block which file it is"
            (tmp_path / name[1]).write_text(text[name.end() :] if language == "csv" else text)
        elif language == "sh":
            for line in text.splitlines():
                _run(_command(line, tmp_path), tmp_path)
        else:
            script += 1
            earlier = [code for kind, code in blocks if kind == "python"][: script - 1]
            (tmp_path / f"script{script}.py").write_text("\n".join([*earlier, text]))
    if script:  # the blocks of a page are one script
        _run([sys.executable, "-W", "error", f"script{script}.py"], tmp_path)


def _command(line: str, folder: Path) -> list[str]:
    program, *arguments = shlex.split(line)
    assert program == "bilayer"
    if any("POINT" in argument for argument in arguments):
        point = next((folder / "study" / "points").glob("*.json")).stem
        arguments = [argument.replace("POINT", point) for argument in arguments]
    return [sys.executable, "-c", "from studies.cli import main; main()", *arguments]


def _run(command: list[str], folder: Path) -> None:
    run = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{' '.join(command)}\n{run.stdout}\n{run.stderr}"


def test_links_lead_somewhere():
    for page in GUIDE.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
