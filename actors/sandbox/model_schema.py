"""Answers that fit a JSON schema: the subset that strict structured output allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_DEPTH = 12


class SchemaError(ValueError):
    """The schema cannot be filled."""


def fill(schema: dict[str, Any], texts: Iterator[str], known: Mapping[str, Any] | None = None) -> Any:
    """Make a value that fits the schema: what is `known` in its places, all else made up.

    What is known and fits no place of its name is left out. Free strings are taken from `texts` in order.

    Raises:
        SchemaError: the schema is not an object's, nests too deep, or has a type or reference that is not known.
    """
    if _resolved(schema, schema).get("type") != "object":
        raise SchemaError("the root of a schema must be an object")
    try:
        return _value(schema, schema, texts, 0, known)
    except (AttributeError, IndexError, TypeError) as error:
        raise SchemaError(f"it is not a JSON schema: {error}") from error


def _value(node: dict[str, Any], root: dict[str, Any], texts: Iterator[str], depth: int, known: Any = None) -> Any:
    """Make a value of one node of the schema."""
    if depth > _MAX_DEPTH:
        raise SchemaError(f"the schema nests deeper than {_MAX_DEPTH} levels")
    node = _resolved(node, root)
    if "const" in node:
        return node["const"]
    if node.get("enum"):
        return known if known in node["enum"] else node["enum"][0]
    if node.get("anyOf"):
        fitting = (option for option in node["anyOf"] if _takes(_resolved(option, root), known))
        return _value(next(fitting, node["anyOf"][0]), root, texts, depth + 1, known)
    match node.get("type"):
        case "object":
            given = known if isinstance(known, dict) else {}
            return {
                name: _value(child, root, texts, depth + 1, given.get(name))
                for name, child in node.get("properties", {}).items()
            }
        case "array":
            values = known[: node.get("maxItems", len(known))] if isinstance(known, list) else []
            values += [None] * (node.get("minItems", 0 if isinstance(known, list) else 1) - len(values))
            return [_value(node.get("items", {}), root, texts, depth + 1, value) for value in values]
        case "string":
            return known if isinstance(known, str) else next(texts)
        case "number" | "integer":
            return _number(node, known)
        case "boolean":
            return known is True
        case "null":
            return None
        case [first, *_]:
            return _value({**node, "type": first}, root, texts, depth + 1, known)
        case other:
            raise SchemaError(f"type {other!r} is not supported")


def _number(node: dict[str, Any], known: Any) -> float:
    """Return the known number within the node's bounds, if it has any, or the least one."""
    if isinstance(known, bool) or not isinstance(known, int | float):
        return node.get("minimum", 0)  # type: ignore[no-any-return]
    value = max(node.get("minimum", known), min(known, node.get("maximum", known)))
    return round(value) if node["type"] == "integer" else value  # type: ignore[no-any-return]


_PYTHON: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


def _takes(node: dict[str, Any], known: Any) -> bool:
    """Tell whether a node is of the known value's type."""
    return known is not None and isinstance(known, _PYTHON.get(node.get("type", ""), ()))


def _resolved(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow the node's reference into the schema's own definitions, if it has one."""
    for _ in range(_MAX_DEPTH):
        reference = node.get("$ref")
        if reference is None:
            return node
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise SchemaError(f"reference {reference!r} does not point into the schema")
        node = root
        for step in reference.removeprefix("#").split("/")[1:]:
            if step not in node:
                raise SchemaError(f"reference {reference!r} points nowhere")
            node = node[step]
    raise SchemaError("references go in a circle")
