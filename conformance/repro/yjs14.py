"""Programs for Y.js 14 in JavaScript."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.repro.javascript import JavaScript
from conformance.repro.source import UntranslatedError, tag_of

if TYPE_CHECKING:
    from conformance.repro.part import Step
    from conformance.repro.source import Writer


def dialect() -> Yjs14:
    return Yjs14()


class Yjs14(JavaScript):
    """Y.js 14: one class for every shared type. What a type is shows in its reference on the wire."""

    fragment, element, attribute = "Y.Type", "Y.Type", "setAttr"

    view = """\
const view = (type, kind = ['array', 'map', 'text', 'element', 'array', 'map', 'xmltext'][type?._legacyTypeRef]) => {
  if (type instanceof Y.Doc) return { doc: type.guid }
  if (!(type instanceof Y.Type)) return type
  const attributes = {}
  const property = value => ({ value: view(value), enumerable: true, configurable: true, writable: true })
  type.forEachAttr((value, key) => { Object.defineProperty(attributes, key, property(value)) })
  const named = (name, value) => Object.keys(value).length > 0 ? { [name]: value } : {}
  if (kind === 'map') return attributes
  if (kind === 'text') return text(type)
  if (kind === 'xmltext') return { xmltext: text(type), ...named('attributes', attributes) }
  const children = type.slice().map(child => view(child))
  if (kind !== 'element') return children
  return { element: type.name, ...named('attributes', attributes), ...named('children', children) }
}
const text = RICH"""
    text_view = (
        "type => type.slice().join('')",
        """type => [...type.toDelta().children].flatMap(({ insert, format }) =>
  (typeof insert === 'string' ? [insert] : insert)
    .map(item => format ? { insert: item, attributes: format } : { insert: item }))""",
    )

    def root(self, doc: str, name: str, kind: str) -> str:  # noqa: ARG002
        return f"{doc}.get({json.dumps(name, ensure_ascii=False)})"

    def flat(self, root: str, kind: str) -> str:
        return {"text": f"{root}.slice().join('')", "array": f"{root}.slice()", "map": ""}[kind]

    def viewed(self, root: str, kind: str) -> str:
        return f"view({root}, '{'array' if kind == 'xml' else kind}')"

    def child(self, parent: str, item: Any, _kind: str) -> str:
        return f"{parent}.{'get' if isinstance(item, int) else 'getAttr'}({json.dumps(item, ensure_ascii=False)})"

    def shared(self, value: dict[str, Any]) -> str:
        tag, content = tag_of(value)
        if tag == "$doc":
            return f"new Y.Doc({{ guid: {json.dumps(content)} }})"
        if tag not in ("$element", "$fragment"):
            raise UntranslatedError(f"{tag} as a value")
        return self.node(tag, content, value)

    def change(self, writer: Writer, step: Step) -> list[str]:
        found = self.target(writer, step)
        attributes = f", {self.object(step['attributes'])}" if "attributes" in step else ""
        match step["op"]:
            case "text.embed":
                return [f"{found}.insert({step['index']}, [{self.value(step['value'])}]{attributes})"]
            case "map.set":
                return [f"{found}.setAttr({self.value(step['key'])}, {self.value(step['value'])})"]
            case "map.delete":
                return [f"{found}.deleteAttr({self.value(step['key'])})"]
            case "xml.set":
                return [f"{found}.setAttr({self.value(step['name'])}, {self.value(step['value'])})"]
            case "xml.unset":
                return [f"{found}.deleteAttr({self.value(step['name'])})"]
            case "text.delta" | "map.clear":
                raise UntranslatedError(step["op"])
        return super().change(writer, step)
