"""What programs in Python share."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from conformance.repro.literals import python
from conformance.repro.source import (
    VALUES,
    Loop,
    UntranslatedError,
    Writer,
    chunks,
    demanded,
    described,
    is_flat,
    preferred,
    tag_of,
)

if TYPE_CHECKING:
    from conformance.repro.part import Part, Step
    from conformance.repro.source import Library

KEYWORDS = frozenset(keyword.kwlist) | frozenset(
    """
    pycrdt y_py base64 json failures sys children view at compare outcome numbers subscription txn guids str list dict
    """.split()  # noqa: SIM905 - a list of so many would be a page
)
_COMPARE = """\
def compare(what, observed, expected):
    print(f"{what}\\n  expected {expected!r}\\n  observed {observed!r}")
    a, b = (json.dumps(value, sort_keys=True, default=repr) for value in (observed, expected))
    if a != b:  # not by ==, which takes 0, -0.0 and False for the same
        failures.append(what)"""
_OUTCOME = '''\
def outcome(body):
    try:
        body()
    except BaseException as error:  # a panic of Rust is no Exception
        print(repr(error))
        return "refused"
    return "done"'''
_NUMBERS = '''\
def numbers(state):
    """What a state vector holds: client id -> next clock."""
    found, number, shift = [], 0, 0
    for byte in state:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(number)
            number = shift = 0
    return dict(zip(found[1::2], found[2::2]))'''
_FAILING = ("refused", "accepted", "panic", "slot", "runner", "done")


class Python:
    """A program in Python; each library fills in its calls."""

    fence = "python"
    module = ""
    commits_alone = False  # whether a local op outside a transaction makes its own

    def program(self, part: Part, library: Library) -> str:
        """A script. It exits with 1 when what it sees is not what is expected."""
        writer = Writer(part, KEYWORDS, Loop("for _ in range(N):", "    ", ""), comment="#")
        writer.translate(self._step)
        for slot in part.sent:
            if slot in writer.slots:
                writer.lines.append(f"print({slot!r}, base64.b64encode({writer.slots[slot]}).decode())")
        received = [f"{writer.slot(slot)} = base64.b64decode({data!r})" for slot, data in part.received.items()]
        documents = [line for peer in part.peers for line in self.create(writer, peer)]
        body = [*received, *documents, *writer.lines]
        head = writer.heading(library, f"pip install {library.package}=={library.version}")
        helpers = [line for helper in self.helpers(writer) for line in ["", "", *helper.splitlines()]]
        imports = ["base64"] if any("base64." in line for line in body) else []
        if "compare" in writer.helpers:
            imports += ["json", "sys"]
            body = ["failures = []", *body, "sys.exit(len(failures))"]
        lines = [*head, *(f"import {name}" for name in imports), "", f"import {self.module}", *helpers]
        return "\n".join([*lines, *(["", ""] if helpers else [""]), *body]) + "\n"

    def helpers(self, writer: Writer) -> list[str]:
        """The functions that the program needs, in their order."""
        sources = {"compare": _COMPARE, "outcome": _OUTCOME, "numbers": _NUMBERS}
        return [source for name, source in sources.items() if name in writer.helpers]

    # What a library fills in

    def create(self, writer: Writer, peer: str) -> list[str]:
        raise NotImplementedError

    def root(self, writer: Writer, peer: str, name: str) -> str:
        raise NotImplementedError

    def child(self, parent: str, item: Any, kind: str) -> str:
        raise NotImplementedError

    def shown(self, writer: Writer, root: str, kind: str, *, flat: bool) -> str:
        raise NotImplementedError

    def shared(self, value: dict[str, Any]) -> str:
        raise NotImplementedError

    def change(self, writer: Writer, step: Step) -> list[str]:
        raise NotImplementedError

    def transaction(self, writer: Writer, step: Step, lines: list[str]) -> list[str]:
        raise NotImplementedError

    def expression(self, writer: Writer, step: Step) -> str:
        raise NotImplementedError

    # What they share

    def value(self, value: Any) -> str:
        return python(value, self.shared)

    def operand(self, writer: Writer, value: Any) -> str:
        """Bytes that a step reads."""
        return writer.slot(value) if isinstance(value, str) else f"base64.b64decode({value['base64']!r})"

    def target(self, writer: Writer, step: Step) -> str:
        """The shared type at a step's path."""
        name, *rest = step["path"]
        found, kind = self.root(writer, step["peer"], name), writer.part.roots[name]
        for item in rest:
            found = self.child(found, item, kind)
            kind = kind if kind == "xml" else ""
        return found

    def _step(self, writer: Writer, step: Step, place: int) -> list[str]:
        part = writer.part
        if place == part.goal and part.failure is not None:
            return self._goal(writer, step, part.failure.check, part.failure.expected)
        lines = self.statement(writer, step)
        if place not in part.tolerated:
            return lines
        return ["try:", *(f"    {line}" for line in lines), "except Exception as error:", "    print(repr(error))"]

    def statement(self, writer: Writer, step: Step) -> list[str]:
        """The lines of a step that is not the goal."""
        op = step["op"]
        manager = writer.slots.get(f"undo {step['peer']}")
        if op in ("undo", "redo") and manager and "manager" not in step:
            return [f"{manager}.{op}()"]
        if op == "transact" or op.split(".")[0] in ("text", "array", "map", "xml"):
            if {"doc", "origin"} & step.keys():
                raise UntranslatedError("an op with an origin or within a subdocument")
            ops = step["steps"] if op == "transact" else [step]
            lines = writer.each(ops, lambda each: self.change(writer, {**each, "peer": step["peer"]}))
            plain = op != "transact" and len(lines) == 1 and not step.get("as")
            return lines if plain and self.commits_alone else self.transaction(writer, step, lines)
        source = self.expression(writer, step)
        if not source:
            raise UntranslatedError(op)
        return [f"{writer.fill(step['as'])} = {source}"] if step.get("as") and op != "apply" else [source]

    def _goal(self, writer: Writer, step: Step, check: str, expected: Any) -> list[str]:
        writer.use("compare")
        what = repr(described(writer.part, step))
        if check in _FAILING:
            writer.use("outcome")
            wanted = "refused" if check == "accepted" else "done"
            if step["op"] == "state":
                body = [self._state(writer, step)]
            else:
                body = self.statement(writer, {key: value for key, value in step.items() if key != "as"})
            name = writer.name("attempt")
            return [
                f"def {name}():",
                *(f"    {line}" for line in body),
                f"compare({what}, outcome({name}), {wanted!r})",
            ]
        if check == "state":
            return [f"compare({what}, {self._state(writer, step)}, {self._expected_state(writer, expected)})"]
        source = self.expression(writer, step)
        if not source or check not in VALUES:
            raise UntranslatedError(f"{step['op']}, looked at for its {check}")
        if check == "state_vector":
            writer.use("numbers")
            expected = preferred(expected)
            pairs = "{" + ", ".join(f"{client}: {clock}" for client, clock in expected.items()) + "}"
            return [f"compare({what}, numbers({source}), {pairs})"]
        key = "bytes" if check == "bytes" else "value"
        value = demanded(expected, key)
        observed = f"base64.b64encode({source}).decode()" if check == "bytes" else source
        return [f"compare({what}, {observed}, {self.value(value)})"]

    def _state(self, writer: Writer, step: Step) -> str:
        flat = is_flat(writer.part)
        roots = (
            f"{name!r}: {self.shown(writer, self.root(writer, step['peer'], name), kind, flat=flat)}"
            for name, kind in writer.part.roots.items()
        )
        return "{" + ", ".join(roots) + "}"

    def _expected_state(self, writer: Writer, expected: Any) -> str:
        state = demanded(expected, "state")
        entries = (
            f"{root!r}: {self._shown_value(state[root], rich=writer.part.rich)}"
            for root in writer.part.roots
            if root in state
        )
        return "{" + ", ".join(entries) + "}"

    def _shown_value(self, value: Any, *, rich: bool) -> str:
        """A shared type as `view` shows it."""

        def show(value: dict[str, Any]) -> str:
            tag, content = tag_of(value)
            parts = [
                f"{key!r}: {python(value[key], show, floats=True)}"
                for key in ("attributes", "children")
                if value.get(key)
            ]
            match tag:
                case "$text":
                    return self._text(content, rich=rich, show=show)
                case "$xmltext":
                    return "{" + ", ".join([f"'xmltext': {self._text(content, rich=rich, show=show)}", *parts]) + "}"
                case "$element":
                    return "{" + ", ".join([f"'element': {content!r}", *parts]) + "}"
                case "$doc":
                    return f"{{'doc': {content!r}}}"
                case "$map":
                    return (
                        "{"
                        + ", ".join(f"{key!r}: {python(item, show, floats=True)}" for key, item in content.items())
                        + "}"
                    )
            return python(content, show, floats=True)

        return python(value, show, floats=True)

    @staticmethod
    def _text(content: Any, *, rich: bool, show: Any) -> str:
        if not rich:
            return python(content, show, floats=True)
        shown = []
        for chunk in chunks(content):
            insert = chunk["insert"] if isinstance(chunk["insert"], str) else chunk["insert"]["$embed"]
            attributes = chunk.get("attributes")
            more = f", 'attributes': {python(attributes, show, floats=True)}" if attributes else ""
            shown.append(f"{{'insert': {python(insert, show, floats=True)}{more}}}")
        return "[" + ", ".join(shown) + "]"
