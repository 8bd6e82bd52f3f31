"""Values in programs for Yrs: what is written into a document, and what `view` shows of one."""

from __future__ import annotations

from typing import Any

from conformance.repro.literals import rust, rust_string
from conformance.repro.source import UntranslatedError, chunks, tag_of, tagged


def attrs(attributes: dict[str, Any]) -> str:
    pairs = ", ".join(f"({rust_string(key)}.into(), {rust(value)})" for key, value in attributes.items())
    return f"Attrs::from([{pairs}])"


def insert_values(array: str, index: int, values: list[Any]) -> list[str]:
    if not any(_is_shared(value) for value in values):
        return [f"{array}.insert_range(&mut txn, {index}, vec![{', '.join(map(rust, values))}]);"]
    return [f"{array}.insert(&mut txn, {place}, {prelim(value)});" for place, value in enumerate(values, index)]


def prelim(value: Any) -> str:
    """A value of a map or an array."""
    if not _is_shared(value):
        return rust(value)
    tag, content = tag_of(value)
    if tag == "$text" and isinstance(content, str):
        return f"TextPrelim::new({rust_string(content)})"
    if tag == "$array" and not any(map(_is_shared, content)):
        return f"ArrayPrelim::from(vec![{', '.join(map(rust, content))}] as Vec<Any>)"
    if tag == "$map" and not any(map(_is_shared, content.values())):
        pairs = ", ".join(f"({rust_string(key)}, {rust(item)})" for key, item in content.items())
        return f"MapPrelim::from([{pairs}] as [(&str, Any); {len(content)}])"
    if tag == "$doc":
        return f"Doc::with_options(Options {{ guid: {rust_string(content)}.into(), ..Options::default() }})"
    raise UntranslatedError(f"{tag} as a value")


def node(value: Any) -> str:
    tag, content = tag_of(value)
    if set(value) == {"$element"}:
        return f"XmlElementPrelim::empty({rust_string(content)})"
    if set(value) == {"$xmltext"} and isinstance(content, str):
        return f"XmlTextPrelim::new({rust_string(content)})"
    raise UntranslatedError(f"{tag} with attributes or children")


def _is_shared(value: Any) -> bool:
    found = tagged(value)
    return found is not None and found[0] in (
        "$text", "$array", "$map", "$fragment", "$element", "$xmltext", "$doc",
    )  # fmt: skip


def plain(value: Any, *, rich: bool) -> Any:
    """A typed value with its shared types as plain data."""
    if isinstance(value, list):
        return [plain(item, rich=rich) for item in value]
    if not isinstance(value, dict):
        return value
    found = tagged(value)
    if found is None:
        return {key: plain(item, rich=rich) for key, item in value.items()}
    tag, content = found
    more = {key: plain(value[key], rich=rich) for key in ("attributes", "children") if value.get(key)}
    match tag:
        case "$text" | "$xmltext":
            text: Any = _chunks(content, rich=rich) if rich else content
            return {"xmltext": text, **more} if tag == "$xmltext" else text
        case "$array" | "$fragment":
            return [plain(item, rich=rich) for item in content]
        case "$map":
            return {"$object": {key: plain(item, rich=rich) for key, item in content.items()}}
        case "$element":
            return {"element": content, **more}
    return value


def _chunks(content: Any, *, rich: bool) -> list[Any]:
    shown = []
    for chunk in chunks(content):
        insert = chunk["insert"] if isinstance(chunk["insert"], str) else plain(chunk["insert"]["$embed"], rich=rich)
        shown.append({"insert": insert, **({"attributes": chunk["attributes"]} if chunk.get("attributes") else {})})
    return shown
