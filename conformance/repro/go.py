"""Programs for ygo in Go: a `main.go` with no other module than ygo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps
from conformance.repro.go_helpers import functions, imports, used
from conformance.repro.go_values import attributes, delta, go, go_string, seen
from conformance.repro.part import FUNCTIONS
from conformance.repro.source import Loop, UntranslatedError, Writer, demanded, described, is_flat, preferred, tag_of

if TYPE_CHECKING:
    from conformance.repro.part import Part, Step
    from conformance.repro.source import Library

KEYWORDS = frozenset(
    """
    break case chan const continue default defer else fallthrough for func go goto if import interface map package
    range return select struct switch type var any bool byte error false int nil string true uint append len make
    new panic crdt base64 json math fmt os main bytes compare emitted must outcome text track view txn
    """.split()  # noqa: SIM905 - a list of so many would be a page
)
_GETTERS = {"text": "GetText", "array": "GetArray", "map": "GetMap", "xml": "GetXmlFragment"}
_TYPES = {"text": "YText", "array": "YArray", "map": "YMap"}
_FAILING = ("refused", "accepted", "panic", "slot", "runner", "done")


def dialect() -> Go:
    return Go()


class Go:
    """ygo 1.0."""

    fence = "go"

    def program(self, part: Part, library: Library) -> str:
        """A `main.go`. It exits with 1 when what it sees is not what is expected, and with 2 when ygo panics."""
        writer = Writer(part, KEYWORDS, Loop("for range N {", "\t"))
        writer.translate(self._step)
        for slot in part.sent:
            if slot in writer.slots:
                encoded = f"base64.StdEncoding.EncodeToString({writer.slots[slot]})"
                writer.lines.append(f"fmt.Println({go_string(slot)}, {encoded})")
        received = [f'{writer.slot(slot)} := bytes("{data}")' for slot, data in part.received.items()]
        documents = [line for peer in part.peers for line in self._create(writer, peer)]
        body = used([*received, *documents, *writer.lines])
        helpers = functions("\n".join(body), rich=part.rich)
        source = "\n".join([*(f"{helper}\n" for helper in helpers), "func main() {", *(f"\t{line}" for line in body)])
        get = f"go mod init repro && go get {library.package}@v{library.version}, and this as main.go"
        uses = imports(source, library.package)
        return "\n".join([*writer.heading(library, get), "package main", "", *uses, source, "}"]) + "\n"

    def _create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else ", crdt.WithGC(false)"
        lines = [f"{name} := crdt.New(crdt.WithClientID({options['client']}){gc})"]
        if options.get("declare", True):
            lines += [self._root(writer, peer, root) for root in writer.part.roots]
        return lines

    def _root(self, writer: Writer, peer: str, root: str) -> str:
        return f"{writer.peer(peer)}.{_GETTERS[writer.part.roots[root]]}({go_string(root)})"

    def _target(self, writer: Writer, peer: str, op: str, path: list[Any]) -> str:
        """The shared type at a path, for an op."""
        root, *rest = path
        found, kind = self._root(writer, peer, root), writer.part.roots[root]
        for number, item in enumerate(rest):
            last = number == len(rest) - 1
            if kind == "xml":
                into = "YXmlText" if last and op.startswith("text.") else "YXmlElement"
                found = f"{found}.Children()[{item}].(*crdt.{into})"
            elif isinstance(item, str):
                raise UntranslatedError("a shared type under a key, which the library does not give")
            else:
                into = _TYPES[op.split(".")[0]] if last else "YArray"
                found = f"{found}.Get({item}).(*crdt.{into})"
        return found

    # Steps

    def _step(self, writer: Writer, step: Step, place: int) -> list[str]:
        part = writer.part
        if "doc" in step:
            raise UntranslatedError("a subdocument")
        if place == part.goal and part.failure is not None:
            return self._goal(writer, step, part.failure.check, part.failure.expected)
        if place in part.tolerated and step["op"] == "apply":
            return [f"outcome(nil, {self._apply(writer, step)})"]
        return self._statement(writer, step)

    def _statement(self, writer: Writer, step: Step) -> list[str]:
        op = step["op"]
        if op == "transact" or op.split(".")[0] in ("text", "array", "map", "xml"):
            return self._local(writer, step)
        if op == "apply":
            return [f"must[any](nil, {self._apply(writer, step)})"]
        if op == "undo.track":
            return self._track(writer, step)
        source = self._undone(writer, step) or self._bytes_of(writer, step)
        return [f"{writer.fill(step['as'])} := {source}"] if step.get("as") else [source]

    def _apply(self, writer: Writer, step: Step) -> str:
        version = step.get("format", "v1").upper()
        return f"crdt.ApplyUpdate{version}({writer.peer(step['peer'])}, {self._operand(writer, step['update'])}, nil)"

    def _operand(self, writer: Writer, value: Any) -> str:
        return writer.slot(value) if isinstance(value, str) else f'bytes("{value["base64"]}")'

    def _since(self, writer: Writer, step: Step) -> str:
        return f"must(crdt.DecodeStateVectorV1({self._operand(writer, step['since'])}))" if "since" in step else "nil"

    def _result_of(self, writer: Writer, step: Step) -> str:
        """A step of the functions as bytes and an error."""
        if step.get("format", "v1") == "v1":
            match step["op"]:
                case "merge":
                    return f"crdt.MergeUpdatesV1({', '.join(self._operand(writer, each) for each in step['updates'])})"
                case "diff":
                    return f"crdt.DiffUpdateV1({self._operand(writer, step['update'])}, {self._since(writer, step)})"
                case "convert":
                    way = f"Update{step['from'].upper()}To{step['to'].upper()}"
                    return f"crdt.{way}({self._operand(writer, step['update'])})"
        raise UntranslatedError(step["op"])

    def _bytes_of(self, writer: Writer, step: Step) -> str:
        """Bytes that a step observes."""
        if step["op"] in FUNCTIONS:
            return f"must({self._result_of(writer, step)})"
        doc = writer.peer(step["peer"])
        match step["op"]:
            case "encode":
                version = step.get("format", "v1").upper()
                return f"crdt.EncodeStateAsUpdate{version}({doc}, {self._since(writer, step)})"
            case "state_vector":
                return f"crdt.EncodeStateVectorV1({doc})"
        raise UntranslatedError(step["op"])

    def _track(self, writer: Writer, step: Step) -> list[str]:
        if {"origins", "timeout"} & step.keys():
            raise UntranslatedError("undo.track with origins or a timeout")
        shared = ", ".join(self._target(writer, step["peer"], "text.", path) for path in step["paths"])
        manager = writer.fill(f"undo {step['peer']} {step.get('manager', '')}".rstrip())
        return [f"{manager} := track(crdt.NewUndoManager, {writer.peer(step['peer'])}, {shared})"]

    def _undone(self, writer: Writer, step: Step) -> str:
        """An undo or a redo; empty when the step is none, or its manager has no translation."""
        manager = writer.slots.get(f"undo {step['peer']} {step.get('manager', '')}".rstrip())
        return f"{manager}.{step['op'].capitalize()}()" if step["op"] in ("undo", "redo") and manager else ""

    def _goal(self, writer: Writer, step: Step, check: str, expected: Any) -> list[str]:
        what = go_string(described(writer.part, step))
        if check in _FAILING:
            wanted = "refused" if check == "accepted" else "done"
            if step["op"] == "apply":
                return [f'compare({what}, outcome(nil, {self._apply(writer, step)}), `"{wanted}"`)']
            if step["op"] in FUNCTIONS:
                return [f'compare({what}, outcome({self._result_of(writer, step)}), `"{wanted}"`)']
            lines = self._statement(writer, {key: value for key, value in step.items() if key != "as"})
            return [*lines, f'compare({what}, "done", `"refused"`)'] if check == "accepted" else lines
        if check == "state":
            return self._compare_state(writer, step, what, demanded(expected, "state"))
        if check == "state_vector":
            observed = f"{writer.peer(step['peer'])}.StateVector()"
            if step["op"] != "state_vector":
                observed = f"must(crdt.DecodeStateVectorV1({self._bytes_of(writer, step)}))"
            return [f"compare({what}, {observed}, {_json(preferred(expected))})"]
        if check == "bytes":
            return [f"compare({what}, {self._bytes_of(writer, step)}, {_json(demanded(expected, 'bytes'))})"]
        if undone := self._undone(writer, step):
            return [f"compare({what}, {undone}, {_json(demanded(expected, 'value'))})"]
        if check == "value" and "path" in step:
            update = self._local(writer, step)
            return [*update, f"compare({what}, {writer.slots[step['as']]}, {_json(demanded(expected, 'value'))})"]
        raise UntranslatedError(step["op"])

    def _compare_state(self, writer: Writer, step: Step, what: str, state: Any) -> list[str]:
        flat = is_flat(writer.part)
        shown, wanted = [], {}
        for root, kind in writer.part.roots.items():
            shared = self._root(writer, step["peer"], root)
            shown.append(
                f"{go_string(root)}: {f'{shared}.ToString()' if flat and kind == 'text' else f'view({shared})'}"
            )
            if root in state:
                wanted[root] = seen(state[root], rich=writer.part.rich)
        return [f"compare({what}, map[string]any{{{', '.join(shown)}}}, {_json(wanted)})"]

    # Local ops

    def _local(self, writer: Writer, step: Step) -> list[str]:
        if "origin" in step or (step.get("as") and step.get("format") == "v2"):
            raise UntranslatedError("an op with an origin, or one that emits v2")
        doc = writer.peer(step["peer"])
        before: list[str] = []

        def change(op: Step) -> list[str]:
            found = self._target(writer, step["peer"], op["op"], op["path"])
            # A transaction holds the lock that a look into an array, or at a root, takes.
            root = self._root(writer, step["peer"], op["path"][0])
            kind = writer.part.roots[op["path"][0]]
            holder = writer.name("target")
            early = root if kind == "xml" else found
            before.append(f"{holder} := {early}")
            return self._change(writer, op, found.replace(early, holder, 1))

        lines = writer.each(step["steps"] if step["op"] == "transact" else [step], change)
        work = ["func(txn *crdt.Transaction) {", *(f"\t{line}" for line in lines), "})"]
        if not step.get("as"):
            return [*before, f"{doc}.Transact({work[0]}", *work[1:]]
        return [*before, f"{writer.fill(step['as'])} := emitted({doc}, {work[0]}", *work[1:]]

    def _change(self, writer: Writer, step: Step, found: str) -> list[str]:
        index, length = step.get("index", 0), step.get("length", 0)
        match step["op"]:
            case "text.insert":
                return [f"{found}.Insert(txn, {index}, {go_string(step['text'])}, {attributes(step)})"]
            case "text.embed":
                chunk = {key: step[key] for key in ("attributes",) if key in step}
                listed = [{"retain": index}, {"insert": {"$embed": step["value"]}, **chunk}]
                return [f"{found}.ApplyDelta(txn, {delta(listed)})"]
            case "text.format":
                return [f"{found}.Format(txn, {index}, {length}, {attributes(step)})"]
            case "text.delta":
                return [f"{found}.ApplyDelta(txn, {delta(step['delta'])})"]
            case "text.delete" | "array.delete" | "xml.delete":
                return [f"{found}.Delete(txn, {index}, {length})"]
            case "array.insert":
                return [f"{found}.Insert(txn, {index}, {go(step['values'])})"]
            case "map.set":
                return [f"{found}.Set(txn, {go_string(step['key'])}, {go(step['value'])})"]
            case "map.delete":
                return [f"{found}.Delete(txn, {go_string(step['key'])})"]
            case "xml.insert":
                return self._insert_nodes(writer, found, index, step["nodes"])
            case "xml.set" if isinstance(step["value"], str):
                return [f"{found}.SetAttribute(txn, {go_string(step['name'])}, {go_string(step['value'])})"]
            case "xml.unset":
                return [f"{found}.DeleteAttribute(txn, {go_string(step['name'])})"]
        raise UntranslatedError(step["op"])

    def _insert_nodes(self, writer: Writer, parent: str, index: int, nodes: list[Any]) -> list[str]:
        """Nodes are filled once they have their place, as the library wants it."""
        lines = []
        for place, value in enumerate(nodes, index):
            tag, content = tag_of(value)
            name = writer.name("text" if tag == "$xmltext" else "element")
            made = "NewYXmlText()" if tag == "$xmltext" else f"NewYXmlElement({go_string(content)})"
            lines += [f"{name} := crdt.{made}", f"{parent}.Insert(txn, {place}, {name})"]
            if tag == "$xmltext" and isinstance(content, str) and "attributes" not in value:
                lines += [f"{name}.Insert(txn, 0, {go_string(content)}, nil)"] if content else []
                continue
            given = value.get("attributes", {})
            if tag != "$element" or not all(isinstance(each, str) for each in given.values()):
                raise UntranslatedError(f"{tag} with attributes or formats")
            lines += [f"{name}.SetAttribute(txn, {go_string(key)}, {go_string(given[key])})" for key in sorted(given)]
            lines += self._insert_nodes(writer, name, 0, value.get("children", []))
        return lines


def _json(value: Any) -> str:
    """JSON as a literal of Go."""
    text = dumps(value).decode()
    return go_string(text) if "`" in text else f"`{text}`"
