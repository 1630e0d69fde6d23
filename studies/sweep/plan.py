"""A sweep: a case, what of it is varied, and the points that follow; read from TOML."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Strict, Tag, ValidationError

from geometry.designs import Design
from studies import case
from studies.case import Case
from studies.errors import CaseError, sentences
from studies.fields import Table, objection
from studies.sweep import axes
from studies.sweep.axes import MOST_POINTS, Ends, Range, Value, Varied
from studies.sweep.changes import changed, require_one_place
from studies.sweep.study import Axis

SHIPPED = resources.files("studies") / "sweeps"


def _shape(given: Any) -> str:
    return "list" if isinstance(given, (list, tuple)) else "range"


Values = Annotated[
    Annotated[list[Any], Tag("list")] | Annotated[Range, Tag("range")],
    Discriminator(_shape),
]


class Hypercube(Table):
    """Latin hypercube of ``points`` samples between the ends of its axes (McKay et al. 1979,
    10.1080/00401706.1979.10489755)."""

    points: Annotated[int, Strict(), Field(ge=2, le=MOST_POINTS, examples=["64"])]
    seed: Annotated[int, Strict(), Field(ge=0, examples=["1"])] = 1
    axes: Annotated[dict[str, Ends], Field(min_length=1)]


def _relative(value: float) -> float:
    if value == 0.0:
        raise objection("is 0; it must not be zero, since the width of a target is relative")
    return value


class Target(Table):
    """A value of a metric that combinations may be compatible with, within a relative width."""

    name: Annotated[str, Field(min_length=1, examples=['"6 ohm cm2, whole cell"'])]
    metric: Annotated[str, Field(examples=['"cell_resistance_ohm_m2"'])]
    value: Annotated[
        float, Strict(), Field(allow_inf_nan=False, examples=["6e-4"]), AfterValidator(_relative)
    ]
    within: Annotated[float, Strict(), Field(gt=0.0, lt=1.0, examples=["0.1"])]


class Sweep(Table):
    """A checked sweep; `load`, `shipped`, `from_toml` and `from_dict` read it, CaseError says what is wrong.

    case: the tables of the case that is varied; fixed: other values for some of its fields, ``set`` in a
    file. axes are crossed with each other; the axes under zipped advance together; those of the hypercube are
    sampled together; the three are crossed. fields: whether every point keeps its fields for ParaView.
    compatible: targets of the report.
    """

    title: Annotated[str, Field(max_length=200)] = "Parametric study"
    about: str = ""
    case: dict[str, Any]
    fixed: Annotated[dict[str, Any], Field(default_factory=dict, alias="set")]
    designs: (
        Annotated[tuple[Design, ...], Field(min_length=1, examples=['["framework", "bilayer"]'])] | None
    ) = None
    axes: Annotated[dict[str, Values], Field(default_factory=dict)]
    zipped: Annotated[dict[str, Values], Field(default_factory=dict)]
    hypercube: Hypercube | None = None
    fields: Annotated[bool, Strict()] = False
    compatible: tuple[Target, ...] = ()

    @classmethod
    def load(cls, path: Path | str) -> Sweep:
        """The sweep in a TOML file; a case it names counts from the folder of that file."""
        path = Path(path)
        return cls.from_toml(case.read(path, "sweep"), folder=path.parent, name=str(path))

    @classmethod
    def shipped(cls, name: str) -> Sweep:
        """A sweep that comes with the program, by name."""
        if name not in shipped_names():
            raise CaseError(f'there is no shipped sweep "{name}"; use one of: {", ".join(shipped_names())}.')
        return cls.from_toml((SHIPPED / f"{name}.toml").read_text("utf-8"), name=name)

    @classmethod
    def from_toml(cls, text: str, *, folder: Path | str = ".", name: str = "the sweep") -> Sweep:
        """The sweep in TOML text."""
        return cls.from_dict(case.parsed(text, name), folder=folder)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: Path | str = ".") -> Sweep:
        """The sweep in nested tables; ``case`` is a shipped name, a file, or the tables themselves."""
        given = dict(data)
        changes = given.get("set", {})
        if "case" not in given:
            raise CaseError('case is missing; add it, for example case = "bilayer" or case = "my-case.toml".')
        if not isinstance(changes, Mapping):
            raise CaseError(
                f'set is {changes!r}; it must be a table of fields, such as "mesh.size" = "0.5 um".'
            )
        given["case"] = _tables(given["case"], Path(folder))
        for name in ("axes", "zipped"):
            table = given.get(name, {})
            if not isinstance(table, Mapping):
                raise CaseError(
                    f"{name} is {table!r}; it must be a table of fields, such as "
                    '"operation.current_density" = ["5 mA/cm^2", "10 mA/cm^2"].'
                )
            for field, values in table.items():
                axes.require_shape(field, values)
        axes.require_ends(given.get("hypercube"))
        try:
            sweep = cls.model_validate(given)
        except ValidationError as error:
            raise CaseError(sentences(error, cls, given)) from error
        for field, value in sweep.fixed.items():
            axes.read(axes.lookup(field, sweep.tables), value)
        sweep._check()
        return sweep

    def to_dict(self) -> dict[str, Any]:
        """Tables that `from_dict` reads back to the same sweep."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    # --- what it amounts to ---

    @cached_property
    def tables(self) -> dict[str, Any]:
        """The tables of the case after the changes under ``set``."""
        return changed(self.case, self.fixed)

    @cached_property
    def groups(self) -> tuple[tuple[Varied, ...], ...]:
        """Axes that advance together; the groups are crossed, the first one slowest."""
        single = [(axes.listed(field, given, self.tables),) for field, given in self.axes.items()]
        zipped = tuple(axes.listed(field, given, self.tables) for field, given in self.zipped.items())
        cube = self.hypercube
        if cube is None:
            return (*single, *([zipped] if zipped else []))
        from scipy.stats import qmc  # takes half a second to load, which every worker would pay for

        samples = qmc.LatinHypercube(d=len(cube.axes), rng=cube.seed).random(cube.points)
        sampled = tuple(
            axes.sampled(field, ends, samples[:, n], self.tables)
            for n, (field, ends) in enumerate(cube.axes.items())
        )
        return (*single, *([zipped] if zipped else []), sampled)

    @property
    def ways(self) -> tuple[str, ...]:
        """How the axes of each group get their values; the groups are crossed."""
        crossed = ["crossed"] * len(self.axes)
        return (
            *crossed,
            *(["zipped"] if self.zipped else []),
            *(["Latin hypercube"] if self.hypercube else []),
        )

    def ends(self, varied: Varied) -> tuple[Value, Value]:
        """Least and largest value of an axis, of text the first and the last; of a hypercube's, the ends that
        it is sampled between."""
        field, values = varied.axis.field, varied.values
        if self.hypercube and field in self.hypercube.axes:
            given = self.hypercube.axes[field]
            return given.start, given.to
        found = {axes.read(axes.lookup(field, self.tables), value): value for value in values}
        if all(isinstance(number, (int, float)) for number in found):
            return found[min(found)], found[max(found)]
        return values[0], values[-1]

    @property
    def varied(self) -> tuple[Varied, ...]:
        """All axes with their values."""
        return tuple(varied for group in self.groups for varied in group)

    @property
    def axis_columns(self) -> tuple[Axis, ...]:
        """All axes as columns of the table."""
        return tuple(varied.axis for varied in self.varied)

    @property
    def which(self) -> tuple[Design, ...]:
        """Designs of every combination: those of the sweep, else of the case."""
        return self.designs or Case.from_dict(self.tables).designs

    @property
    def combinations(self) -> int:
        """How many combinations of values there are; each is run for every design."""
        return math.prod(len(group[0].values) for group in self.groups)

    def settings(self) -> Iterator[dict[str, Value]]:
        """Field -> value of every combination, in the order of the table."""
        rows = [
            [
                dict(zip((v.axis.field for v in group), values, strict=True))
                for values in zip(*(v.values for v in group), strict=True)
            ]
            for group in self.groups
        ]
        for parts in itertools.product(*rows):
            yield {field: value for part in parts for field, value in part.items()}

    def _check(self) -> None:
        """Raise CaseError for what cannot be a sweep; nothing is enumerated before its size is known."""
        varied = [*self.axes, *self.zipped, *(self.hypercube.axes if self.hypercube else ())]
        require_one_place(varied, list(self.fixed))
        if not self.groups:
            raise CaseError(
                "the sweep varies nothing; add axes, for example [axes] with "
                '"operation.current_density" = ["5 mA/cm^2", "10 mA/cm^2"].'
            )
        for group in self.groups:
            lengths = {v.axis.field: len(v.values) for v in group}
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{field} has {n}" for field, n in lengths.items())
                raise CaseError(f"zipped axes advance together and need equally many values: {told}.")
        designs = self.which
        if len(set(designs)) < len(designs):
            raise CaseError("designs of the sweep names one of them twice; remove it.")
        points = self.combinations * len(designs)
        if points > MOST_POINTS:
            raise CaseError(
                f"the sweep has {points:,} points ({self.combinations:,} combinations of {len(designs)} "
                f"designs), more than {MOST_POINTS:,}; shorten the axes or sample them in a [hypercube]."
            )
        for group in self.groups:
            axes.require_different(group, self.tables)


def shipped_names() -> tuple[str, ...]:
    """Names of the sweeps that come with the program."""
    return tuple(
        sorted(
            entry.name.removesuffix(".toml") for entry in SHIPPED.iterdir() if entry.name.endswith(".toml")
        )
    )


def _tables(given: Any, folder: Path) -> dict[str, Any]:
    """The tables of the case that a sweep names or holds; given fibres are read from their file."""
    if isinstance(given, str) and given in case.shipped_names() and not (folder / given).is_file():
        tables = case.parsed((case.SHIPPED / f"{given}.toml").read_text("utf-8"), given)
    elif isinstance(given, str):
        path = folder / given
        tables, folder = case.parsed(case.read(path, "case"), str(path)), path.parent
    elif isinstance(given, Mapping):
        tables = copy.deepcopy(dict(given))
    else:
        raise CaseError(f"case is {given!r}; it must be a shipped name, a file, or a table.")
    checked = Case.from_dict(tables, folder=folder).to_dict()
    if "csv" in tables.get("cell", {}).get("framework", {}):
        tables["cell"]["framework"] = checked["cell"]["framework"]
    return tables
