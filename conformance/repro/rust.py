"""Programs for Yrs in Rust: a `main.rs` with no other crate than yrs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.repro.literals import rust, rust_string
from conformance.repro.part import FUNCTIONS
from conformance.repro.rust_helpers import USES, functions
from conformance.repro.rust_values import attrs, insert_values, node, plain, prelim
from conformance.repro.source import (
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
    as break const continue crate else enum extern false fn for if impl in let loop match mod move mut
    pub ref return self static struct super trait true type unsafe use where while async await dyn bytes
    base64 compare view main outcome apply doc txn attributes chunks found manager heard guids observe_subdocs
    """.split()  # noqa: SIM905 - a list of so many would be a page
)
_GETTERS = {"text": "text", "array": "array", "map": "map", "xml": "xml_fragment"}
_FAILING = ("refused", "accepted", "panic", "slot", "runner", "done")


def dialect() -> Rust:
    return Rust()


class Rust:
    """Yrs 0.26 and newer."""

    fence = "rust"

    def program(self, part: Part, library: Library) -> str:
        """A `main.rs`. It exits with 1 when what it sees is not what is expected, and with 101 when Yrs panics."""
        writer = Writer(part, KEYWORDS, Loop("for _ in 0..N {", "    "))
        writer.translate(self._step)
        for slot in part.sent:
            if slot in writer.slots:
                writer.lines.append(f'println!("{slot} {{:?}}", {writer.slots[slot]});')
        received = [f'let {writer.slot(slot)} = bytes("{data}");' for slot, data in part.received.items()]
        documents = [line for peer in part.peers for line in self._create(writer, peer)]
        body = [*received, *documents, *writer.lines]
        if "bytes(" in "\n".join(body):
            writer.use("bytes")
        helpers = functions(writer.helpers, rich=part.rich)
        head = writer.heading(library, f"cargo add {library.package}@{library.version}, and this as src/main.rs")
        allow = "#![allow(dead_code, unused)]"
        main = ["fn main() {", *(f"    {line}" if line else "" for line in body), "}"]
        return "\n".join([*head, allow, *USES, "", *(f"{source}\n" for source in helpers), *main]) + "\n"

    def _create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else ", skip_gc: true"
        lines = [
            f"let {name} = Doc::with_options(Options {{ client_id: ClientID::new({options['client']}), "
            f"offset_kind: OffsetKind::Utf16{gc}, ..Options::default() }});"
        ]
        if options.get("declare", True):
            lines += [f"{self._root(writer, peer, root)};" for root in writer.part.roots]
        return lines

    def _root(self, writer: Writer, peer: str, root: str) -> str:
        getter = f"get_or_insert_{_GETTERS[writer.part.roots[root]]}"
        return f"{writer.peer(peer)}.{getter}({rust_string(root)})"

    def _target(self, writer: Writer, step: Step) -> str:
        """The shared type at a step's path."""
        root, *rest = step["path"]
        found, kind = self._root(writer, step["peer"], root), writer.part.roots[root]
        for number, item in enumerate(rest):
            last = number == len(rest) - 1
            wanted = self._kind(step["op"]) if last else ("Element" if kind == "xml" else "")
            key = rust_string(item) if isinstance(item, str) else item
            get = f"get(&txn, {key}).unwrap()"
            if kind == "xml":
                into = "into_xml_text" if last and step["op"].startswith("text.") else "into_xml_element"
                found = f"{found}.{get}.{into}().unwrap()"
            else:
                nested = wanted or ("MapRef" if isinstance(rest[number + 1], str) else "ArrayRef")
                found = f"{found}.{get}.cast::<{nested}>().unwrap()"
        return found

    @staticmethod
    def _kind(op: str) -> str:
        return {"text": "TextRef", "array": "ArrayRef", "map": "MapRef", "xml": "XmlElementRef"}[op.split(".")[0]]

    # Steps

    def _step(self, writer: Writer, step: Step, place: int) -> list[str]:
        part = writer.part
        if place == part.goal and part.failure is not None:
            return self._goal(writer, step, part.failure.check, part.failure.expected)
        if place in part.tolerated and step["op"] == "apply":
            writer.use("outcome")
            return [f"outcome({self._apply(writer, step)});"]
        return self._statement(writer, step)

    def _statement(self, writer: Writer, step: Step) -> list[str]:
        op = step["op"]
        if op == "transact" or op.split(".")[0] in ("text", "array", "map", "xml"):
            return self._local(writer, step)
        if op == "apply":
            return [f"{self._apply(writer, step)}.unwrap();"]
        if op == "subdocs.observe":
            writer.use("observe_subdocs")
            return [f"let {writer.fill(heard(step))} = observe_subdocs(&{writer.peer(step['peer'])});"]
        if op == "subdocs.events" and (events := writer.slots.get(heard(step))):
            return [f'println!("{{:?}}", {events}.take());']
        source = self._bytes_of(writer, step)
        if not source:
            raise UntranslatedError(op)
        return [f"let {writer.fill(step['as'])} = {source};"] if step.get("as") else [f"{source};"]

    def _apply(self, writer: Writer, step: Step) -> str:
        writer.use("apply")
        update = f"Update::decode_{step.get('format', 'v1')}(&{self._operand(writer, step['update'])})"
        return f"apply(&{writer.peer(step['peer'])}, {update})"

    def _operand(self, writer: Writer, value: Any) -> str:
        return writer.slot(value) if isinstance(value, str) else f'bytes("{value["base64"]}")'

    def _result_of(self, writer: Writer, step: Step) -> str:
        """A step of the functions as a Result; empty when it is none."""
        version = step.get("format", "v1")

        def operand(key: str) -> str:
            return self._operand(writer, step[key])

        match step["op"]:
            case "merge":
                updates = ", ".join(f"&{self._operand(writer, update)}[..]" for update in step["updates"])
                return f"merge_updates_{version}([{updates}])"
            case "diff":
                return f"diff_updates_{version}(&{operand('update')}, &{operand('since')})"
            case "update_state_vector":
                return f"encode_state_vector_from_update_{version}(&{operand('update')})"
            case "convert":
                update = f"Update::decode_{step['from']}(&{operand('update')})"
                return f"{update}.map(|update| update.encode_{step['to']}())"
        return ""

    def _bytes_of(self, writer: Writer, step: Step) -> str:
        """Bytes that a step observes; empty when it has no translation."""
        if step["op"] in FUNCTIONS:
            return f"{self._result_of(writer, step)}.unwrap()"
        doc = writer.peer(step["peer"])
        match step["op"]:
            case "encode":
                since = "&StateVector::default()"
                if "since" in step:
                    since = f"&StateVector::decode_v1(&{self._operand(writer, step['since'])}).unwrap()"
                return f"{doc}.transact().encode_state_as_update_{step.get('format', 'v1')}({since})"
            case "state_vector":
                return f"{doc}.transact().state_vector().encode_v1()"
        return ""

    def _goal(self, writer: Writer, step: Step, check: str, expected: Any) -> list[str]:
        writer.use("compare")
        what = rust_string(described(writer.part, step))
        if check in _FAILING:
            wanted = "refused" if check == "accepted" else "done"
            result = self._apply(writer, step) if step["op"] == "apply" else self._result_of(writer, step)
            if not result:  # it panics, which says enough
                return self._statement(writer, {key: value for key, value in step.items() if key != "as"})
            writer.use("outcome")
            return [f'compare({what}, outcome({result}), "{wanted}");']
        if check == "state":
            return self._compare_state(writer, step, what, demanded(expected, "state"))
        if check == "state_vector":
            pairs = ", ".join(f"({client}, {clock})" for client, clock in preferred(expected).items())
            observed = f"{writer.peer(step['peer'])}.transact().state_vector()"
            if step["op"] != "state_vector":
                observed = f"StateVector::decode_v1(&{self._bytes_of(writer, step)}).unwrap()"
            numbers = (
                f"{observed}.iter().map(|(client, clock)| (client.get(), *clock as u64)).collect::<HashMap<u64, u64>>()"
            )
            return [f"compare({what}, {numbers}, HashMap::from([{pairs}]));"]
        if check == "bytes" and (source := self._bytes_of(writer, step)):
            return [f'compare({what}, {source}, bytes("{demanded(expected, "bytes")}"));']
        if step["op"] == "subdocs.events" and (events := writer.slots.get(heard(step))):
            wanted = ", ".join(map(_shown_event, demanded(expected, "value")))
            return [f"compare({what}, {events}.take(), vec![{wanted}] as Vec<[Vec<String>; 3]>);"]
        if step["op"] == "pending":
            doc = writer.peer(step["peer"])
            wanted = str(demanded(expected, "value")).lower()
            return [f"compare({what}, {doc}.transact().has_missing_updates(), {wanted});"]
        raise UntranslatedError(step["op"])

    def _compare_state(self, writer: Writer, step: Step, what: str, state: Any) -> list[str]:
        doc, flat = writer.peer(step["peer"]), is_flat(writer.part)
        lines, shown, wanted = [], [], []
        for root, kind in writer.part.roots.items():
            handle = writer.name(f"{doc}_{root}")
            lines.append(f"let {handle} = {self._root(writer, step['peer'], root)};")
            if flat and kind == "text":
                observed = f"Any::from({handle}.get_string(&{doc}.transact()))"
            elif flat:
                observed = f"{handle}.to_json(&{doc}.transact())"
            else:
                writer.use("view")
                variant = {"text": "YText", "array": "YArray", "map": "YMap", "xml": "YXmlFragment"}[kind]
                observed = f"view(Out::{variant}({handle}), &{doc}.transact())"
            shown.append(f"({rust_string(root)}, {observed})")
            if root in state:
                wanted.append(f"({rust_string(root)}, {self._shown_value(state[root], rich=writer.part.rich)})")
        return [*lines, f"compare({what}, vec![{', '.join(shown)}], vec![{', '.join(wanted)}]);"]

    def _shown_value(self, value: Any, *, rich: bool) -> str:
        """A shared type as `view` shows it, as an Any."""
        return rust(plain(value, rich=rich))

    # Local ops

    def _local(self, writer: Writer, step: Step) -> list[str]:
        if {"doc", "origin"} & step.keys():
            raise UntranslatedError("an op with an origin or within a subdocument")
        ops = step["steps"] if step["op"] == "transact" else [step]
        doc = writer.peer(step["peer"])
        before: list[str] = []

        def change(op: Step) -> list[str]:
            each = {**op, "peer": step["peer"]}
            handle = writer.name("target")
            found = self._target(writer, each)
            if len(each["path"]) == 1:
                before.append(f"let {handle} = {found};")
                return self._change(each, handle)
            root = self._root(writer, each["peer"], each["path"][0])
            holder = writer.name("root")
            before.append(f"let {holder} = {root};")
            return [f"let {handle} = {found.replace(root, holder, 1)};", *self._change(each, handle)]

        lines = writer.each(ops, change)
        body = [f"let mut txn = {doc}.transact_mut();", *lines, "txn.commit();"]
        if not step.get("as"):
            return [*before, "{", *(f"    {line}" for line in body), "}"]
        name = writer.fill(step["as"])
        body.append(f"txn.encode_update_{step.get('format', 'v1')}()")
        return [*before, f"let {name} = {{", *(f"    {line}" for line in body), "};"]

    def _change(self, step: Step, found: str) -> list[str]:
        index, length = step.get("index", 0), step.get("length", 0)
        match step["op"]:
            case "text.insert" if "attributes" in step:
                attributes = attrs(step["attributes"])
                return [
                    f"{found}.insert_with_attributes(&mut txn, {index}, {rust_string(step['text'])}, {attributes});"
                ]
            case "text.insert":
                return [f"{found}.insert(&mut txn, {index}, {rust_string(step['text'])});"]
            case "text.embed" if "attributes" in step:
                attributes = attrs(step["attributes"])
                return [
                    f"{found}.insert_embed_with_attributes(&mut txn, {index}, {rust(step['value'])}, {attributes});"
                ]
            case "text.embed":
                return [f"{found}.insert_embed(&mut txn, {index}, {rust(step['value'])});"]
            case "text.format":
                return [f"{found}.format(&mut txn, {index}, {length}, {attrs(step['attributes'])});"]
            case "text.delete" | "array.delete" | "xml.delete":
                return [f"{found}.remove_range(&mut txn, {index}, {length});"]
            case "array.insert":
                return insert_values(found, index, step["values"])
            case "map.set":
                return [f"{found}.insert(&mut txn, {rust_string(step['key'])}, {prelim(step['value'])});"]
            case "map.delete":
                return [f"{found}.remove(&mut txn, {rust_string(step['key'])});"]
            case "map.clear":
                return [f"{found}.clear(&mut txn);"]
            case "xml.insert":
                return [
                    f"{found}.insert(&mut txn, {place}, {node(child)});"
                    for place, child in enumerate(step["nodes"], index)
                ]
            case "xml.set":
                return [f"{found}.insert_attribute(&mut txn, {rust_string(step['name'])}, {rust(step['value'])});"]
            case "xml.unset":
                return [f"{found}.remove_attribute(&mut txn, &{rust_string(step['name'])});"]
        raise UntranslatedError(step["op"])


def _shown_event(event: dict[str, list[str]]) -> str:
    """What came, went and was loaded in one transaction."""

    def guids(kind: str) -> str:
        return f"vec![{', '.join(f'{rust_string(guid)}.to_string()' for guid in event[kind])}]"

    return f"[{guids('added')}, {guids('removed')}, {guids('loaded')}]"
