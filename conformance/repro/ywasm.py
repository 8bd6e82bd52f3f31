"""Programs for Ywasm in JavaScript. A program is short, so nothing of what Ywasm hands out is freed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.repro.javascript import JavaScript
from conformance.repro.source import UntranslatedError, tag_of

if TYPE_CHECKING:
    from conformance.repro.part import Step
    from conformance.repro.source import Writer


def dialect() -> Ywasm:
    return Ywasm()


class Ywasm(JavaScript):
    """Ywasm 0.16 and newer, whose names begin with Y and whose calls take a transaction."""

    view = """\
const view = type => {
  const named = (name, value) => Object.keys(value).length > 0 ? { [name]: value } : {}
  const each = entries => Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, view(value)]))
  const children = node => {
    const found = []
    for (let child = node.firstChild(); child; child = child.nextSibling()) found.push(view(child))
    return found
  }
  if (type instanceof Y.YXmlText) return { xmltext: RICH, ...named('attributes', each(type.attributes())) }
  if (type instanceof Y.YText) return RICH
  if (type instanceof Y.YArray) return type.values().map(view)
  if (type instanceof Y.YMap) return each(type.entries())
  if (type instanceof Y.YXmlElement) {
    const attributes = named('attributes', each(type.attributes()))
    return { element: type.name(), ...attributes, ...named('children', children(type)) }
  }
  if (type instanceof Y.YXmlFragment) return children(type)
  return type instanceof Y.YDoc ? { doc: type.guid } : type
}"""
    text_view = ("type.toString()", "type.toDelta()")

    def create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else ", gc: false"
        lines = [f"const {name} = new Y.YDoc({{ clientID: {options['client']}{gc} }})"]
        if options.get("declare", True) and writer.part.roots:
            lines.append("; ".join(self.root(name, root, kind) for root, kind in writer.part.roots.items()))
        return lines

    def flat(self, root: str, kind: str) -> str:
        return {
            "text": f"{root}.toString()",
            "array": f"{root}.values()",
            "map": f"{root}.entries()",
        }[kind]

    def child(self, parent: str, item: Any, kind: str) -> str:
        if kind == "xml":
            return f"{parent}.firstChild()" + ".nextSibling()" * int(item)
        return super().child(parent, item, kind)

    def shared(self, value: dict[str, Any]) -> str:
        tag, content = tag_of(value)
        if tag == "$text" and isinstance(content, str):
            return f"new Y.YText({self.value(content)})"
        if tag == "$xmltext" and isinstance(content, str):
            return f"new Y.YXmlText({self.value(content)}, {self.object(value.get('attributes', {}))})"
        if tag == "$array":
            return f"new Y.YArray({self.value(content)})"
        if tag == "$map":
            return f"new Y.YMap({self.object(content)})"
        if tag == "$fragment":
            return f"new Y.YXmlFragment({self.value(content)})"
        if tag == "$element":
            attributes, children = value.get("attributes", {}), value.get("children", [])
            return f"new Y.YXmlElement({json.dumps(content)}, {self.object(attributes)}, {self.value(children)})"
        if tag == "$doc":
            return f"new Y.YDoc({{ guid: {json.dumps(content)} }})"
        raise UntranslatedError(f"{tag} as a value")

    def change(self, writer: Writer, step: Step) -> list[str]:
        lines = self._change(writer, step)
        # A line inside a transaction of the program takes it as its last argument.
        return lines if "txn" not in writer.slots else [f"{line[:-1]}, txn)" for line in lines]

    def _change(self, writer: Writer, step: Step) -> list[str]:
        if step["op"] == "xml.insert":
            found = self.target(writer, step)
            return [
                f"{found}.insert({index}, {self.value(node)})"
                for index, node in enumerate(step["nodes"], step["index"])
            ]
        if step["op"] in ("text.delta", "map.clear"):
            raise UntranslatedError(step["op"])
        if step["op"] == "text.insert" and "attributes" not in step and "txn" in writer.slots:
            return [line[:-1] + ", undefined)" for line in super().change(writer, step)]
        return super().change(writer, step)

    def local(self, writer: Writer, step: Step) -> list[str]:
        if step["op"] != "transact" and not step.get("as"):
            return super().local(writer, step)
        if {"doc", "origin"} & step.keys():
            raise UntranslatedError("an op with an origin or within a subdocument")
        ops = step["steps"] if step["op"] == "transact" else [step]
        writer.slots["txn"] = "txn"
        try:
            lines = writer.each(ops, lambda op: self.change(writer, {**op, "peer": step["peer"]}))
        finally:
            del writer.slots["txn"]
        doc = writer.peer(step["peer"])
        before = []
        for root in dict.fromkeys(op["path"][0] for op in ops):
            # A root cannot be named while a transaction is open.
            handle = writer.name(f"{doc} {root}")
            getter = self.root(doc, root, writer.part.roots[root])
            before.append(f"const {handle} = {getter}")
            lines = [line.replace(getter, handle, 1) for line in lines]
        body = [f"const txn = {doc}.beginTransaction()", *lines, "txn.commit()"]
        if not step.get("as"):
            return [*before, "{", *(f"  {line}" for line in [*body, "txn.free()"]), "}"]
        name = writer.fill(step["as"])
        encode = "encodeUpdateV2" if step.get("format") == "v2" else "encodeUpdate"
        body += [f"{name} = txn.{encode}()", "txn.free()"]
        return [*before, f"let {name}", "{", *(f"  {line}" for line in body), "}"]

    def statement(self, writer: Writer, step: Step) -> list[str]:
        if step["op"] == "undo.track" and not {"origins", "timeout", "manager"} & step.keys():
            scope = [self.target(writer, {**step, "path": path}) for path in step["paths"]]
            name, doc = writer.fill(f"undo {step['peer']}"), writer.peer(step["peer"])
            lines = [f"const {name} = new Y.YUndoManager({doc}, {scope[0]}, {{ captureTimeout: 0 }})"]
            return lines + ([f"{name}.addToScope([{', '.join(scope[1:])}])"] if scope[1:] else [])
        return super().statement(writer, step)

    def observe_subdocs(self, doc: str, events: str) -> list[str]:
        told = "added: guids(event.added), removed: guids(event.removed), loaded: guids(event.loaded)"
        return [f"const {events}_subscription = {doc}.onSubdocs(event => {{ {events}.push({{ {told} }}) }})"]

    def expression(self, writer: Writer, step: Step) -> list[str]:
        if step["op"] in ("merge", "diff", "update_state_vector", "convert"):
            return []
        if step["op"] == "pending":
            doc = writer.peer(step["peer"])
            waits = "(txn.pendingStructs ?? null) !== null || txn.pendingDeleteSet !== undefined"
            return [f"(txn => {waits})({doc}.beginTransaction())"]
        return super().expression(writer, step)
