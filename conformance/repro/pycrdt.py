"""Programs for pycrdt in Python. Its texts count UTF-8 bytes, a case counts UTF-16 units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.repro.part import FUNCTIONS
from conformance.repro.python import Python
from conformance.repro.source import UntranslatedError, heard, tag_of

if TYPE_CHECKING:
    from conformance.repro.part import Step
    from conformance.repro.source import Writer

_KINDS = {"text": "Text", "array": "Array", "map": "Map", "xml": "XmlFragment"}
_AT = '''\
def at(text, units):
    """The offset in UTF-8 bytes that is so many UTF-16 units from the start."""
    offset = 0
    for part, _ in text.diff():
        if not isinstance(part, str):
            if units > 0:
                units, offset = units - 1, offset + 1
            continue
        encoded = part.encode("utf-16-le")
        offset += len(encoded[: 2 * units].decode("utf-16-le").encode())
        units = max(0, units - len(encoded) // 2)
    return offset + units'''
_VIEW = """\
def view(value):
    if isinstance(value, pycrdt.XmlText):
        return {"xmltext": RICH, **({"attributes": dict(value.attributes)} if list(value.attributes) else {})}
    if isinstance(value, pycrdt.Text):
        return RICH
    if isinstance(value, pycrdt.Array):
        return [view(item) for item in value]
    if isinstance(value, pycrdt.Map):
        return {key: view(value[key]) for key in value.keys()}
    if isinstance(value, pycrdt.XmlFragment):
        return [view(child) for child in value.children]
    if isinstance(value, pycrdt.XmlElement):
        more = {"attributes": dict(value.attributes), "children": [view(child) for child in value.children]}
        return {"element": value.tag, **{name: found for name, found in more.items() if found}}
    return {"doc": value.guid} if isinstance(value, pycrdt.Doc) else value"""
_GUIDS = """\
def guids(event):
    return {kind: sorted(getattr(event, kind)) for kind in ("added", "removed", "loaded")}"""
_RICH = '[{"insert": part, **({"attributes": a} if a else {})} for part, a in value.diff()]'


def dialect() -> Pycrdt:
    return Pycrdt()


class Pycrdt(Python):
    """pycrdt 0.13 and newer."""

    module = "pycrdt"
    commits_alone = True

    def helpers(self, writer: Writer) -> list[str]:
        found = super().helpers(writer)
        if "at" in writer.helpers:
            found.append(_AT)
        if "guids" in writer.helpers:
            found.append(_GUIDS)
        if "view" in writer.helpers:
            found.append(_VIEW.replace("RICH", _RICH if writer.part.rich else "str(value)"))
        return found

    def create(self, writer: Writer, peer: str) -> list[str]:
        options = writer.part.peers[peer]
        name = writer.peer(peer)
        gc = "" if options.get("gc", True) else ", skip_gc=True"
        # A root is an object of the program; one that is not declared is named when a step uses it, or at the end.
        lines = [f"{name} = pycrdt.Doc(client_id={options['client']}{gc})"]
        if options.get("declare", True):
            lines += [self._declare(name, root, kind) for root, kind in writer.part.roots.items()]
        return lines

    @staticmethod
    def _declare(doc: str, root: str, kind: str) -> str:
        return f"{doc}[{root!r}] = pycrdt.{_KINDS[kind]}()"

    def root(self, writer: Writer, peer: str, name: str) -> str:
        doc, kind = writer.peer(peer), writer.part.roots[name]
        if writer.part.peers[peer].get("declare", True):
            return f"{doc}[{name!r}]"
        return f"{doc}.get({name!r}, type=pycrdt.{_KINDS[kind]})"

    def child(self, parent: str, item: Any, kind: str) -> str:
        return f"{parent}{'.children' if kind == 'xml' else ''}[{item!r}]"

    def shown(self, writer: Writer, root: str, kind: str, *, flat: bool) -> str:
        if flat and kind != "map":
            return f"str({root})" if kind == "text" else f"list({root})"
        writer.use("view")
        return f"view({root})"

    def shared(self, value: dict[str, Any]) -> str:
        tag, content = tag_of(value)
        if tag == "$text" and isinstance(content, str):
            return f"pycrdt.Text({content!r})"
        if tag == "$array":
            return f"pycrdt.Array({self.value(content)})"
        if tag == "$map":
            return f"pycrdt.Map({self.value(content)})"
        if tag == "$xmltext" and isinstance(content, str) and not value.get("attributes"):
            return f"pycrdt.XmlText({content!r})"
        if tag == "$fragment":
            return f"pycrdt.XmlFragment({self.value(content)})"
        if tag == "$element":
            attributes, children = value.get("attributes", {}), value.get("children", [])
            return f"pycrdt.XmlElement({content!r}, {self.value(attributes)}, {self.value(children)})"
        if tag == "$doc":
            return f"pycrdt.Doc(guid={content!r})"
        raise UntranslatedError(f"{tag} as a value")

    def offset(self, writer: Writer, text: str, units: int) -> str:
        if units == 0 or writer.part.ascii:
            return str(units)
        writer.use("at")
        return f"at({text}, {units})"

    def change(self, writer: Writer, step: Step) -> list[str]:
        found = self.target(writer, step)
        index, length = step.get("index", 0), step.get("length", 0)
        attributes = f", {self.value(step['attributes'])}" if "attributes" in step else ""
        match step["op"]:
            case "text.insert":
                return [f"{found}.insert({self.offset(writer, found, index)}, {self.value(step['text'])}{attributes})"]
            case "text.embed":
                start = self.offset(writer, found, index)
                return [f"{found}.insert_embed({start}, {self.value(step['value'])}{attributes or ', None'})"]
            case "text.format":
                start, stop = self.offset(writer, found, index), self.offset(writer, found, index + length)
                return [f"{found}.format({start}, {stop}{attributes})"]
            case "text.delete":
                start, stop = self.offset(writer, found, index), self.offset(writer, found, index + length)
                return [f"del {found}[{start}:{stop}]"]
            case "array.insert":
                return [f"{found}.insert({place}, {self.value(v)})" for place, v in enumerate(step["values"], index)]
            case "array.delete":
                return [f"del {found}[{index}:{index + length}]"]
            case "map.set":
                return [f"{found}[{step['key']!r}] = {self.value(step['value'])}"]
            case "map.delete":
                return [f"{found}.pop({step['key']!r}, None)"]
            case "map.clear":
                return [f"{found}.clear()"]
            case "xml.insert":
                nodes = enumerate(step["nodes"], index)
                return [f"{found}.children.insert({place}, {self.value(node)})" for place, node in nodes]
            case "xml.delete":
                return [f"del {found}.children[{index}:{index + length}]"]
            case "xml.set":
                return [f"{found}.attributes[{step['name']!r}] = {self.value(step['value'])}"]
            case "xml.unset":
                return [f"del {found}.attributes[{step['name']!r}]"]
        raise UntranslatedError(step["op"])

    def transaction(self, writer: Writer, step: Step, lines: list[str]) -> list[str]:
        doc = writer.peer(step["peer"])
        body = [f"with {doc}.transaction():", *(f"    {line}" for line in lines)]
        if not step.get("as"):
            return body
        events = writer.name("events")
        name = writer.fill(step["as"])
        return [
            f"{events} = []",
            f"subscription = {doc}.observe(lambda event: {events}.append(event.update))",
            *body,
            f"{doc}.unobserve(subscription)",
            f"{name} = {events}[0]",
        ]

    def statement(self, writer: Writer, step: Step) -> list[str]:
        if step["op"] == "undo.track" and not {"origins", "timeout", "manager"} & step.keys():
            scope = ", ".join(self.target(writer, {**step, "path": path}) for path in step["paths"])
            name = writer.fill(f"undo {step['peer']}")
            return [f"{name} = pycrdt.UndoManager(scopes=[{scope}], capture_timeout_millis=0)"]
        if step["op"] == "subdocs.observe":
            writer.use("guids")
            events = writer.fill(heard(step))
            observe = f"{writer.peer(step['peer'])}.observe_subdocs(lambda event: {events}.append(guids(event)))"
            return [f"{events} = []", f"{events}_subscription = {observe}"]
        return super().statement(writer, step)

    def expression(self, writer: Writer, step: Step) -> str:
        if step.get("format") == "v2" or step.get("doc"):
            return ""
        doc = writer.peer(step["peer"]) if step["op"] not in FUNCTIONS else ""

        def operand(key: str) -> str:
            return self.operand(writer, step[key])

        match step["op"]:
            case "encode":
                return f"{doc}.get_update({operand('since') if 'since' in step else ''})"
            case "subdocs.events" if events := writer.slots.get(heard(step)):
                return f"[{events}.pop(0) for _ in range(len({events}))]"
            case "apply":
                return f"{doc}.apply_update({operand('update')})"
            case "state_vector":
                return f"{doc}.get_state()"
            case "merge":
                return f"pycrdt.merge_updates({', '.join(self.operand(writer, update) for update in step['updates'])})"
            case "diff":
                return f"pycrdt.get_update({operand('update')}, {operand('since')})"
            case "update_state_vector":
                return f"pycrdt.get_state({operand('update')})"
        return ""
