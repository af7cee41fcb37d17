"""Answers that fit a JSON schema: the subset that strict structured output allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 12


class SchemaError(ValueError):
    """The schema cannot be filled."""


def fill(schema: dict[str, Any], texts: Iterator[str]) -> Any:
    """Make a value that fits the schema, its free strings taken from `texts` in order.

    Raises:
        SchemaError: the schema is not an object's, nests too deep, or has a type or reference that is not known.
    """
    if _resolved(schema, schema).get("type") != "object":
        raise SchemaError("the root of a schema must be an object")
    try:
        return _value(schema, schema, texts, 0)
    except (AttributeError, IndexError, TypeError) as error:
        raise SchemaError(f"it is not a JSON schema: {error}") from error


def _value(node: dict[str, Any], root: dict[str, Any], texts: Iterator[str], depth: int) -> Any:
    """Make a value of one node of the schema."""
    if depth > _MAX_DEPTH:
        raise SchemaError(f"the schema nests deeper than {_MAX_DEPTH} levels")
    node = _resolved(node, root)
    if "const" in node:
        return node["const"]
    if node.get("enum"):
        return node["enum"][0]
    if node.get("anyOf"):
        return _value(node["anyOf"][0], root, texts, depth + 1)
    match node.get("type"):
        case "object":
            return {name: _value(child, root, texts, depth + 1) for name, child in node.get("properties", {}).items()}
        case "array":
            return [_value(node.get("items", {}), root, texts, depth + 1) for _ in range(node.get("minItems", 1))]
        case "string":
            return next(texts)
        case "number" | "integer":
            return node.get("minimum", 0)
        case "boolean":
            return False
        case "null":
            return None
        case [first, *_]:
            return _value({**node, "type": first}, root, texts, depth + 1)
        case other:
            raise SchemaError(f"type {other!r} is not supported")


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
