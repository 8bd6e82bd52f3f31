"""Programs for Y.js 13 in JavaScript. Y.js 14 and Ywasm extend them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.repro.javascript_helpers import FUNCTIONS
from conformance.repro.javascript_values import Values
from conformance.repro.literals import javascript_key
from conformance.repro.source import (
    VALUES,
    Loop,
    UntranslatedError,
    Writer,
    demanded,
    described,
    heard,
    is_flat,
    preferred,
)

if TYPE_CHECKING:
    from conformance.repro.part import Part, Step
    from conformance.repro.source import Library

KEYWORDS = frozenset(
    """
    Y bytes show compare outcome emitted view delta inspect isDeepStrictEqual of in do if for new let
    var const case this true false null with void delete return default class function import export
    numbers txn guids i
    """.split()  # noqa: SIM905 - a list of so many would be a page
)
_GETTERS = {"text": "getText", "array": "getArray", "map": "getMap", "xml": "getXmlFragment"}


def dialect() -> JavaScript:
    return JavaScript()


class JavaScript(Values):
    """Y.js 13: a class per kind of shared type."""

    fence = "js"
    view = """\
const view = type => {
  if (type instanceof Y.XmlText) return { xmltext: RICH, ...named('attributes', type.getAttributes()) }
  if (type instanceof Y.Text) return RICH
  if (type instanceof Y.Array) return type.toArray().map(view)
  if (type instanceof Y.Map) return plain([...type.entries()].map(([key, value]) => [key, view(value)]))
  if (type instanceof Y.XmlElement) {
    const children = type.toArray().map(view)
    return { element: type.nodeName, ...named('attributes', type.getAttributes()), ...named('children', children) }
  }
  if (type instanceof Y.XmlFragment) return type.toArray().map(view)
  return type instanceof Y.Doc ? { doc: type.guid } : type
}
const named = (name, value) => Object.keys(value).length > 0 ? { [name]: value } : {}
const plain = entries => {
  const property = value => ({ value, enumerable: true, configurable: true, writable: true })
  return entries.reduce((object, [key, one]) => Object.defineProperty(object, key, property(one)), {})
}"""
    text_view = ("String(type)", "type.toDelta()")

    def program(self, part: Part, library: Library) -> str:
        """A module for Node.js. It exits with 1 when what it sees is not what is expected."""
        writer = Writer(part, KEYWORDS, Loop("for (let i = 0; i < N; i++) {", "  "))
        writer.translate(self._step)
        for slot in part.sent:
            if slot in writer.slots:
                writer.use("base64")
                writer.lines.append(f"console.log({json.dumps(slot)}, base64({writer.slots[slot]}))")
        return "\n".join(self._assembled(writer, library)) + "\n"

    def _assembled(self, writer: Writer, library: Library) -> list[str]:
        part = writer.part
        received = [f"const {writer.slot(slot)} = bytes({json.dumps(data)})" for slot, data in part.received.items()]
        body = [*received, *(line for peer in part.peers for line in self.create(writer, peer)), *writer.lines]
        install = f"npm install {library.package}@{library.version}"
        imports = self.imports(writer, library)
        return [*writer.heading(library, install), *imports, "", *self._helpers(writer, "\n".join(body)), *body]

    def imports(self, writer: Writer, library: Library) -> list[str]:
        lines = [f"import * as Y from '{library.package}'"]
        if "compare" in writer.helpers:
            lines.append("import { inspect, isDeepStrictEqual } from 'node:util'")
        return lines

    def _helpers(self, writer: Writer, body: str) -> list[str]:
        for name in ("bytes", "base64"):
            if f"{name}(" in body:
                writer.use(name)
        found = [source for name, source in FUNCTIONS.items() if name in writer.helpers]
        if "view" in writer.helpers:
            found.append(self.view.replace("RICH", self.text_view[writer.part.rich]))
        return [*"\n".join(found).splitlines(), ""] if found else []

    # Documents

    def create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else "{ gc: false }"
        lines = [f"const {name} = new Y.Doc({gc})", f"{name}.clientID = {options['client']}"]
        if options.get("declare", True) and writer.part.roots:
            lines.append("; ".join(self.root(name, root, kind) for root, kind in writer.part.roots.items()))
        return lines

    def root(self, doc: str, name: str, kind: str) -> str:
        return f"{doc}.{_GETTERS[kind]}({json.dumps(name, ensure_ascii=False)})"

    def target(self, writer: Writer, step: Step) -> str:
        """The shared type at a step's path."""
        name, *rest = step["path"]
        found = self.root(writer.peer(step["peer"]), name, writer.part.roots[name])
        kinds = writer.part.roots[name]
        for item in rest:
            found = self.child(found, item, kinds)
            kinds = ""
        return found

    def child(self, parent: str, item: Any, _kind: str) -> str:
        return f"{parent}.get({json.dumps(item, ensure_ascii=False)})"

    # Steps

    def _step(self, writer: Writer, step: Step, place: int) -> list[str]:
        part = writer.part
        if place == part.goal and part.failure is not None:
            return self._goal(writer, step, part.failure.check)
        lines = self.statement(writer, step)
        if place in part.tolerated:
            return [f"try {{ {'; '.join(lines)} }} catch (error) {{ console.log(String(error)) }}"]
        return lines

    def _goal(self, writer: Writer, step: Step, check: str) -> list[str]:
        failure = writer.part.failure
        assert failure is not None
        writer.use("compare")
        what = json.dumps(described(writer.part, step), ensure_ascii=False)
        if check in ("refused", "accepted", "panic", "slot", "runner", "done"):
            writer.use("outcome")
            wanted = "refused" if check == "accepted" else "done"
            body = "; ".join(self.expression(writer, step) or self.statement(writer, {**step, "as": None}))
            return [f"compare({what}, outcome(() => {{ {body} }}), '{wanted}')"]
        if check == "state":
            return [f"compare({what}, {self.state(writer, step)}, {self._expected_state(writer, failure.expected)})"]
        (observed,) = self.expression(writer, step) or (None,)
        if observed is None or check not in VALUES:
            raise UntranslatedError(f"{step['op']}, looked at for its {check}")
        if check == "state_vector":
            writer.use("numbers")
            return [f"compare({what}, numbers({observed}), {self.value(preferred(failure.expected))})"]
        if check == "bytes":
            writer.use("base64")
            return [f"compare({what}, base64({observed}), {self._demanded(failure.expected, 'bytes')})"]
        return [f"compare({what}, {observed}, {self._demanded(failure.expected, 'value')})"]

    def _demanded(self, expected: Any, key: str) -> str:
        return self.value(demanded(expected, key))

    def _expected_state(self, writer: Writer, expected: Any) -> str:
        state = demanded(expected, "state")
        entries = {root: state[root] for root in writer.part.roots if root in state}
        shown = ", ".join(
            f"{javascript_key(root)}: {self.expected(value, writer.part.rich)}" for root, value in entries.items()
        )
        return f"{{ {shown} }}" if shown else "{}"

    def state(self, writer: Writer, step: Step) -> str:
        """The typed state of all roots: as it is where they are flat, else as `view` shows it."""
        doc, flat = writer.peer(step["peer"]), is_flat(writer.part)
        roots = []
        for name, kind in writer.part.roots.items():
            shown = self.flat(self.root(doc, name, kind), kind) if flat else ""
            if not shown:
                writer.use("view")
                shown = self.viewed(self.root(doc, name, kind), kind)
            roots.append(f"{javascript_key(name)}: {shown}")
        return f"{{ {', '.join(roots)} }}"

    def flat(self, root: str, kind: str) -> str:
        """A root that holds no shared types, as an expression; empty when there is no short one."""
        return {
            "text": f"String({root})",
            "array": f"{root}.toArray()",
            "map": f"Object.fromEntries({root}.entries())",
        }[kind]

    def viewed(self, root: str, kind: str) -> str:  # noqa: ARG002
        return f"view({root})"

    def statement(self, writer: Writer, step: Step) -> list[str]:
        """The lines of a step that is not the goal."""
        op = step["op"]
        if op == "transact" or op.split(".")[0] in ("text", "array", "map", "xml"):
            return self.local(writer, step)
        if op == "apply":
            return self.expression(writer, step)
        if op == "undo.track" and not {"origins", "timeout", "manager"} & step.keys():
            scope = ", ".join(self.target(writer, {**step, "path": path}) for path in step["paths"])
            name = writer.fill(f"undo {step['peer']}")
            return [f"const {name} = new Y.UndoManager([{scope}], {{ captureTimeout: 0 }})"]
        manager = writer.slots.get(f"undo {step['peer']}")
        if op in ("undo", "redo") and manager and "manager" not in step:
            return [f"{manager}.{op}()"]
        if op == "subdocs.observe":
            writer.use("guids")
            events = writer.fill(heard(step))
            return [f"const {events} = []", *self.observe_subdocs(writer.peer(step["peer"]), events)]
        lines = self.expression(writer, step)
        if not lines:
            raise UntranslatedError(op)
        return [f"const {writer.fill(step['as'])} = {lines[0]}"] if step.get("as") else lines

    def observe_subdocs(self, doc: str, events: str) -> list[str]:
        told = "added: guids(added), removed: guids(removed), loaded: guids(loaded)"
        return [f"{doc}.on('subdocs', ({{ added, removed, loaded }}) => {{ {events}.push({{ {told} }}) }})"]

    def local(self, writer: Writer, step: Step) -> list[str]:
        if {"doc", "origin"} & step.keys():
            raise UntranslatedError("an op with an origin or within a subdocument")
        ops = step["steps"] if step["op"] == "transact" else [step]
        lines = writer.each(ops, lambda op: self.change(writer, {**op, "peer": step["peer"]}))
        doc = writer.peer(step["peer"])
        if step.get("as"):
            writer.use("emitted")
            event = "updateV2" if step.get("format") == "v2" else "update"
            return [f"const {writer.fill(step['as'])} = emitted({doc}, '{event}', () => {{ {'; '.join(lines)} }})"]
        if step["op"] == "transact":
            return [f"{doc}.transact(() => {{", *(f"  {line}" for line in lines), "})"]
        return lines

    def change(self, writer: Writer, step: Step) -> list[str]:
        """A local op as one statement."""
        found = self.target(writer, step)
        index, length = step.get("index"), step.get("length")
        attributes = f", {self.object(step['attributes'])}" if "attributes" in step else ""
        match step["op"]:
            case "text.insert":
                return [f"{found}.insert({index}, {self.value(step['text'])}{attributes})"]
            case "text.embed":
                return [f"{found}.insertEmbed({index}, {self.value(step['value'])}{attributes or ', {}'})"]
            case "text.format":
                return [f"{found}.format({index}, {length}{attributes})"]
            case "text.delta":
                return [f"{found}.applyDelta({self._delta(step['delta'])})"]
            case "text.delete" | "array.delete" | "xml.delete":
                return [f"{found}.delete({index}, {length})"]
            case "array.insert":
                return [f"{found}.insert({index}, {self.value(step['values'])})"]
            case "xml.insert":
                return [f"{found}.insert({index}, {self.value(step['nodes'])})"]
            case "map.set":
                return [f"{found}.set({self.value(step['key'])}, {self.value(step['value'])})"]
            case "map.delete":
                return [f"{found}.delete({self.value(step['key'])})"]
            case "map.clear":
                return [f"{found}.clear()"]
            case "xml.set":
                return [f"{found}.setAttribute({self.value(step['name'])}, {self.value(step['value'])})"]
            case "xml.unset":
                return [f"{found}.removeAttribute({self.value(step['name'])})"]
        raise UntranslatedError(step["op"])

    def _delta(self, delta: list[dict[str, Any]]) -> str:
        ops = []
        for chunk in delta:
            parts = []
            for key, value in chunk.items():
                if key == "insert" and not isinstance(value, str):
                    value = value["$embed"]
                parts.append(f"{key}: {self.object(value) if key == 'attributes' else self.value(value)}")
            ops.append("{ " + ", ".join(parts) + " }")
        return "[" + ", ".join(ops) + "]"

    def operand(self, writer: Writer, value: Any) -> str:
        """Bytes that a step reads."""
        if isinstance(value, str):
            return writer.slot(value)
        writer.use("bytes")
        return f"bytes({json.dumps(value['base64'])})"

    def expression(self, writer: Writer, step: Step) -> list[str]:
        """What a step observes, as one expression; empty when it has no translation."""
        v2 = "V2" if step.get("format") == "v2" else ""
        doc = writer.peer(step["peer"]) if step["peer"] in writer.part.peers else ""

        def operand(key: str) -> str:
            return self.operand(writer, step[key])

        match step["op"]:
            case "encode":
                since = f", {operand('since')}" if "since" in step else ""
                return [f"Y.encodeStateAsUpdate{v2}({doc}{since})"]
            case "apply":
                return [f"Y.applyUpdate{v2}({doc}, {operand('update')})"]
            case "state_vector":
                return [f"Y.encodeStateVector({doc})"]
            case "state":
                return [self.state(writer, step)]
            case "subdocs.events" if events := writer.slots.get(heard(step)):
                return [f"{events}.splice(0)"]
            case "pending":
                return [f"({doc}.store.pendingStructs !== null || {doc}.store.pendingDs !== null)"]
            case "merge":
                updates = ", ".join(self.operand(writer, update) for update in step["updates"])
                return [f"Y.mergeUpdates{v2}([{updates}])"]
            case "diff":
                return [f"Y.diffUpdate{v2}({operand('update')}, {operand('since')})"]
            case "update_state_vector":
                return [f"Y.encodeStateVectorFromUpdate{v2}({operand('update')})"]
            case "convert" if step["from"] != step["to"]:
                way = "V1ToV2" if step["from"] == "v1" else "V2ToV1"
                return [f"Y.convertUpdateFormat{way}({operand('update')})"]
        return []
