"""Programs for Ypy, y-py on PyPI, in Python. Its texts tell neither attributes nor embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.repro.python import Python
from conformance.repro.source import UntranslatedError, tag_of

if TYPE_CHECKING:
    from conformance.repro.part import Step
    from conformance.repro.source import Writer

_GETTERS = {"text": "get_text", "array": "get_array", "map": "get_map", "xml": "get_xml_element"}
_VIEW = """\
def view(value):
    if isinstance(value, y_py.YXmlText):
        return {"xmltext": str(value), **({"attributes": dict(value.attributes())} if list(value.attributes()) else {})}
    if isinstance(value, y_py.YText):
        return str(value)
    if isinstance(value, y_py.YArray):
        return [view(value[index]) for index in range(len(value))]
    if isinstance(value, y_py.YMap):
        return {key: view(value[key]) for key in list(value)}
    if isinstance(value, y_py.YXmlElement):
        more = {"attributes": dict(value.attributes()), "children": children(value)}
        return {"element": value.name, **{name: found for name, found in more.items() if found}}
    return value


def children(node):
    found, child = [], node.first_child
    while child is not None:
        found.append(view(child))
        child = child.next_sibling
    return found"""


def dialect() -> Ypy:
    return Ypy()


class Ypy(Python):
    """y-py 0.6; a local op needs a transaction."""

    module = "y_py"

    def helpers(self, writer: Writer) -> list[str]:
        return [*super().helpers(writer), *([_VIEW] if "view" in writer.helpers else [])]

    def create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else ", skip_gc=True"
        lines = [f'{name} = y_py.YDoc({options["client"]}, offset_kind="utf16"{gc})']
        # A root cannot be named while a transaction is open, so each is an object of the program.
        roots = writer.part.roots if options.get("declare", True) else ()
        lines += [f"{self._handle(writer, peer, root)} = {self._getter(writer, peer, root)}" for root in roots]
        return lines

    def _getter(self, writer: Writer, peer: str, root: str) -> str:
        return f"{writer.peer(peer)}.{_GETTERS[writer.part.roots[root]]}({root!r})"

    @staticmethod
    def _handle(writer: Writer, peer: str, root: str) -> str:
        key = f"root {peer} {root}"
        if key not in writer.slots:
            writer.slots[key] = writer.name(f"{writer.peer(peer)}_{root}")
        return writer.slots[key]

    def root(self, writer: Writer, peer: str, name: str) -> str:
        if writer.part.peers[peer].get("declare", True):
            return self._handle(writer, peer, name)
        return self._getter(writer, peer, name)

    def child(self, parent: str, item: Any, kind: str) -> str:
        return f"{parent}.first_child" + ".next_sibling" * item if kind == "xml" else f"{parent}[{item!r}]"

    def shown(self, writer: Writer, root: str, kind: str, *, flat: bool) -> str:
        if flat and kind == "text":
            return f"str({root})"
        writer.use("view")
        return f"children({root})" if kind == "xml" else f"view({root})"

    def shared(self, value: dict[str, Any]) -> str:
        tag, content = tag_of(value)
        if tag == "$text" and isinstance(content, str):
            return f"y_py.YText({content!r})"
        if tag == "$array":
            return f"y_py.YArray({self.value(content)})"
        if tag == "$map":
            return f"y_py.YMap({self.value(content)})"
        raise UntranslatedError(f"{tag} as a value")

    def change(self, writer: Writer, step: Step) -> list[str]:
        found = self.target(writer, step)
        index, length = step.get("index", 0), step.get("length", 0)
        attributes = f", {self.value(step['attributes'])}" if "attributes" in step else ""
        match step["op"]:
            case "text.insert":
                return [f"{found}.insert(txn, {index}, {self.value(step['text'])}{attributes})"]
            case "text.embed":
                return [f"{found}.insert_embed(txn, {index}, {self.value(step['value'])}{attributes or ', {}'})"]
            case "text.format":
                return [f"{found}.format(txn, {index}, {length}{attributes})"]
            case "text.delete" | "array.delete":
                return [f"{found}.delete_range(txn, {index}, {length})"]
            case "array.insert":
                return [f"{found}.insert_range(txn, {index}, {self.value(step['values'])})"]
            case "map.set":
                return [f"{found}.set(txn, {step['key']!r}, {self.value(step['value'])})"]
            case "map.delete":
                return [f"{found}.pop(txn, {step['key']!r}, None)"]
            case "xml.delete":
                return [f"{found}.delete(txn, {index}, {length})"]
            case "xml.set":
                return [f"{found}.set_attribute(txn, {step['name']!r}, {self.value(step['value'])})"]
            case "xml.unset":
                return [f"{found}.remove_attribute(txn, {step['name']!r})"]
            case "xml.insert":
                return self._insert_nodes(writer, found, index, step["nodes"])
        raise UntranslatedError(step["op"])

    def _insert_nodes(self, writer: Writer, parent: str, index: int, nodes: list[Any]) -> list[str]:
        lines = []
        for place, value in enumerate(nodes, index):
            tag, content = tag_of(value)
            node = writer.name("node")
            if tag == "$element":
                lines.append(f"{node} = {parent}.insert_xml_element(txn, {place}, {content!r})")
            elif tag == "$xmltext" and isinstance(content, str):
                lines.append(f"{node} = {parent}.insert_xml_text(txn, {place})")
                if content:  # a push of nothing makes a struct of no length, and a panic
                    lines.append(f"{node}.push(txn, {content!r})")
            else:
                raise UntranslatedError(f"{tag} as a value")
            attributes = value.get("attributes", {})
            lines += [f"{node}.set_attribute(txn, {name!r}, {self.value(v)})" for name, v in attributes.items()]
            lines += self._insert_nodes(writer, node, 0, value.get("children", []))
        return lines

    def transaction(self, writer: Writer, step: Step, lines: list[str]) -> list[str]:
        doc = writer.peer(step["peer"])
        body = [f"with {doc}.begin_transaction() as txn:", *(f"    {line}" for line in lines)]
        if not step.get("as"):
            return body
        events = writer.name("events")
        name = writer.fill(step["as"])
        return [
            f"{events} = []",
            f"subscription = {doc}.observe_after_transaction(lambda event: {events}.append(event.get_update()))",
            *body,
            "del subscription",
            f"{name} = {events}[0]",
        ]

    def expression(self, writer: Writer, step: Step) -> str:
        if step.get("format") == "v2" or step.get("doc"):
            return ""
        match step["op"]:
            case "encode":
                since = self.operand(writer, step["since"]) if "since" in step else "b'\\x00'"
                return f"y_py.encode_state_as_update({writer.peer(step['peer'])}, {since})"
            case "apply":
                return f"y_py.apply_update({writer.peer(step['peer'])}, {self.operand(writer, step['update'])})"
            case "state_vector":
                return f"y_py.encode_state_vector({writer.peer(step['peer'])})"
        return ""
