"""What a user did wrong in a case, as sentences; pydantic's findings are translated here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from studies.units import Unit


class CaseError(ValueError):
    """A case that cannot be run; each of ``problems`` says field, value, what is allowed, what to do."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Known:
    """A key that a case may have: where, an example in TOML, the kinds or laws that it belongs to."""

    table: str
    key: str
    example: str
    variants: tuple[str, ...]  # empty: any
    info: FieldInfo

    @property
    def dotted(self) -> str:
        """Table and key in one."""
        return f"{self.table}.{self.key}" if self.table else self.key

    @property
    def unit(self) -> Unit | None:
        """The unit of its values, if they have one."""
        return next((part for part in metadata_of(self.info) if isinstance(part, Unit)), None)


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` if something is near, else nothing."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def known_keys(model: type[BaseModel], table: str = "", variants: tuple[str, ...] = ()) -> Iterator[Known]:
    """Every key of a model and its sub-tables, with examples, read off the model itself."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield Known(table, key, example_of(field), variants, field)
        inner = f"{table}.{key}" if table else key
        subs = _models(field.annotation)
        for sub in subs:
            tags = [
                get_args(sub.model_fields[t].annotation) for t in ("kind", "law") if t in sub.model_fields
            ]
            yield from known_keys(sub, inner, tags[0] if tags and len(subs) > 1 else ())


def metadata_of(field: FieldInfo) -> list[Any]:
    """What is annotated to a field or to a member of its union (Unit, Source, ...)."""
    inner = [part for member in _flat(field.annotation) for part in getattr(member, "__metadata__", ())]
    return [*field.metadata, *inner]


def example_of(field: FieldInfo) -> str:
    """An example of a field's value as TOML text."""
    unit = next((part for part in metadata_of(field) if isinstance(part, Unit)), None)
    if field.examples:
        return str(field.examples[0])
    return f'"{unit.example}"' if unit is not None else ""


def _flat(annotation: Any) -> list[Any]:
    """The members of a union, or the annotation itself."""
    if get_origin(annotation) is Annotated:
        return [annotation, *_flat(get_args(annotation)[0])]
    if get_origin(annotation) in (Union, type(int | str)):
        return [member for part in get_args(annotation) for member in _flat(part)]
    if get_origin(annotation) is tuple:
        return _flat(get_args(annotation)[0])
    return [annotation]


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [part for part in _flat(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]


def sentences(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]) -> list[str]:
    """Pydantic's findings as one sentence each."""
    known = list(known_keys(model))
    told: list[str] = []
    findings = error.errors(include_url=False)
    places = [finding["loc"] for finding in findings]
    for finding in findings:
        loc = finding["loc"]
        follows = finding["type"] == "too_short" and any(o[: len(loc)] == loc and o != loc for o in places)
        if not follows and finding["type"] != "default_factory_not_called":
            told += _told(finding, known, data)
    return [text.removesuffix(".") if text.endswith("?.") else text for text in dict.fromkeys(told)]


def objection_to(error: ValidationError) -> str:
    """The first of pydantic's findings about one value, as a half sentence that continues a field's name."""
    finding = error.errors(include_url=False)[0]
    return _objection(finding["type"], finding.get("ctx", {}), finding["input"], finding["msg"])


def _told(finding: Any, known: Sequence[Known], data: Mapping[str, Any]) -> list[str]:
    kind, context, given = finding["type"], finding.get("ctx", {}), finding["input"]
    if kind == "case":
        return list(context["sentences"])
    name, place = _dotted(finding["loc"], data, kind)
    table, _, key = place.rpartition(".")
    if kind == "missing":
        example = next((k.example for k in known if (k.table, k.key) == (table, key)), "")
        written = example if " with " in example else f"{key} = {example}"
        hint = f", for example {written}" if example else ""
        return [f"{name} is missing; add it{hint}."]
    if kind == "extra_forbidden":
        return [_unknown_key(name, table, key, known, finding["loc"])]
    if kind == "union_tag_not_found" and isinstance(given, Mapping):
        key = str(context["discriminator"]).strip("'")
        allowed = [v for k in known if (k.table, k.key) == (place, key) for v in k.variants]
        return [f"{name} needs the key {key} to say which one it is: {', '.join(dict.fromkeys(allowed))}."]
    return [f"{name} {_objection(kind, context, given, finding['msg'])}."]


def _unknown_key(name: str, table: str, key: str, known: Sequence[Known], loc: Sequence[Any]) -> str:
    here = [k for k in known if k.table == table]
    mine = [k.key for k in here if not k.variants or set(k.variants) & set(loc)]
    elsewhere = dict.fromkeys(v for k in here if k.key == key for v in k.variants)
    if elsewhere:
        variants = " or ".join(f'"{v}"' for v in elsewhere)
        return f"{name} goes with {variants} only; remove it, or use one of: {', '.join(mine)}."
    hint = nearest(key, mine) or f"; remove it, or use one of: {', '.join(mine)}."
    if hint.endswith("?"):
        hint += f" (known here: {', '.join(mine)})"
    return f"{name} is not a known key{hint}"


def _objection(kind: str, context: Mapping[str, Any], given: Any, message: str) -> str:
    shown = f'"{given}"' if isinstance(given, str) else _short(given)
    if kind == "quantity":
        return str(context["sentence"])
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        allowed = (
            str(context.get("expected", context.get("expected_tags"))).replace("'", "").replace(" or ", ", ")
        )
        tag = context.get("tag", given)
        verb = (
            f"has {context['discriminator']} =".replace("'", "").replace("()", "")
            if "discriminator" in context
            else "is"
        )
        named = f'"{tag}"' if isinstance(tag, str) else _short(tag)
        choices = allowed.split(", ")
        if isinstance(tag, str) and tag in choices:
            return f"{verb} {named}, a text; write {tag} without quotes"
        return f"{verb} {named}, which is unknown; use one of: {allowed}{nearest(str(tag), choices)}"
    if kind == "union_tag_not_found":
        return f"is {shown}; it must be a table of keys"
    limits = {"greater_than": ("above", "gt"), "greater_than_equal": ("at least", "ge"),
              "less_than": ("below", "lt"), "less_than_equal": ("at most", "le")}  # fmt: skip
    if kind in limits:
        word, key = limits[kind]
        return f"is {shown}; it must be {word} {context[key]:g}"
    wanted = {"float_type": "a number without a unit, such as 0.85",
              "int_type": "a whole number", "int_from_float": "a whole number",
              "string_type": "text", "tuple_type": "a list", "model_type": "a table of keys",
              "model_attributes_type": "a table of keys", "too_short": "a list with at least one entry",
              "too_long": "a shorter list", "finite_number": "a finite number",
              "dict_type": "a table of keys"}  # fmt: skip
    if kind in wanted:
        return f"is {shown}; it must be {wanted[kind]}"
    if kind == "value_error":
        return f"is {shown}: {message.removeprefix('Value error, ').rstrip('.')}"
    return f"is {shown}: {message[0].lower()}{message[1:]}"


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _dotted(loc: Sequence[Any], data: Any, kind: str) -> tuple[str, str]:
    """A finding's place as a dotted name, with and without list positions; tags of variants are left out."""
    name: list[str] = []
    place: list[str] = []
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(part, int) and isinstance(data, (list, tuple)):
            name[-1] += f"[{part}]"
            data = data[part] if part < len(data) else None
            if last and kind == "missing":
                break
        elif isinstance(data, Mapping) and part in data:
            name.append(str(part))
            place.append(str(part))
            data = data[part]
        elif last and kind in ("missing", "extra_forbidden"):
            name.append(str(part))
            place.append(str(part))
    return ".".join(name) or "the case", ".".join(place)
