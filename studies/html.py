"""HTML pages from the templates of this package: one file each that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape


def render(template: str, content: Mapping[str, Any]) -> str:
    """A template of ``studies/templates`` with its content; text is escaped, a missing name is an error."""
    environment = Environment(
        loader=PackageLoader("studies", "templates"),
        autoescape=select_autoescape(["html", "html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    return environment.get_template(template).render(**content)


def now() -> str:
    """When a page is made."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def breakable(name: str) -> Markup:
    """A dotted name that narrow columns may break between its words: <wbr> after dots and underscores."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))
