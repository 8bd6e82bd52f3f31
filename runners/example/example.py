"""A whole runner in one file: plain text, arrays and maps of pycrdt, and `unsupported` for everything else.

It speaks runners/PROTOCOL.md; docs/adding-an-implementation.md goes through it.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import sys
from itertools import product

import pycrdt

LOSSY = ["undefined", "text.attributes", "text.embeds"]  # what `seen` cannot tell, so the judge must not either
SPECIAL = {repr(float(name)): {"$number": name} for name in ("NaN", "Infinity", "-Infinity", "-0")}
KINDS = {"text": pycrdt.Text, "array": pycrdt.Array, "map": pycrdt.Map}
LOCAL = ["text.insert", "text.delete", "array.insert", "array.delete", "map.set", "map.delete"]
OTHER = ["transact", "encode", "apply", "state", "state_vector", "gc.off"]
FEATURES = [*LOCAL, *OTHER, *(f"root.{kind}" for kind in KINDS)]


class Unsupported(Exception):  # noqa: N818 - an answer, not an error
    """The library, or this runner, has no way to do the step."""


def written(value):
    """What the library is given for a value of a vector."""
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        if tag := next((key for key in value if key.startswith("$")), None):
            raise Unsupported(f"value.{tag[1:]}")
        return {key: written(item) for key, item in value.items()}
    # A number of a vector is a double; this library makes large ints bigints.
    return float(value) if type(value) is int else value


def seen(value):
    """What the protocol says for a value that the library returned."""
    if isinstance(value, pycrdt.Text):
        return {"$text": str(value)}
    if isinstance(value, pycrdt.Array):
        return {"$array": [seen(item) for item in value]}
    if isinstance(value, pycrdt.Map):
        return {"$map": {key: seen(item) for key, item in value.items()}}
    if isinstance(value, list):
        return [seen(item) for item in value]
    if isinstance(value, dict):
        plain = {key: seen(item) for key, item in value.items()}
        return {"$object": plain} if any(key.startswith("$") for key in plain) else plain
    if value is None or isinstance(value, (str, bool, float)):
        return SPECIAL.get(repr(value), value)
    raise Unsupported(f"read.{type(value).__name__}")


def offset(text, units):
    """This library counts UTF-8 bytes, the protocol UTF-16 units; an embed is one of either."""
    place = 0
    for insert, _ in text.diff():
        if isinstance(insert, str):
            head = insert.encode("utf-16-le")[: 2 * units]
            try:
                place += len(head.decode("utf-16-le").encode())
            except UnicodeDecodeError:
                raise Unsupported("text.surrogate-split") from None
            units -= len(head) // 2
        elif units:
            place, units = place + 1, units - 1
    return place + units  # past the end: for the library to judge


class EmptySlot(Exception):  # noqa: N818
    """The step needs bytes that an earlier step failed to make."""


class Session:
    """The documents of one case, and the named bytes that go between them."""

    def __init__(self, roots, peers):
        self.roots, self.slots, self.ended = roots, {}, False
        self.docs = {n: pycrdt.Doc(client_id=p["client"], skip_gc=not p.get("gc", True)) for n, p in peers.items()}
        self.undeclared = [self.docs[name] for name, peer in peers.items() if peer.get("declare", True)]

    def run(self, steps):
        """One answer for each step, up to the one that ends the session."""
        answers = []
        for step in steps if not self.ended else ():
            try:
                answers.append({"ok": self.perform(step)})
                continue
            except Unsupported as error:
                kind, message = None, str(error)
            except EmptySlot as error:
                kind, message = "slot", str(error)
            except UnicodeEncodeError:
                kind, message = None, "text.lone-surrogate"
            except Exception as error:
                kind, message = "runner" if isinstance(error, (AttributeError, NameError)) else "refused", repr(error)
            except BaseException as error:  # a Rust panic is no Exception
                kind, message = "panic", repr(error)
            answers.append({"error": {"kind": kind, "message": message}} if kind else {"unsupported": message})
            if kind not in ("refused", "slot"):
                self.ended = True
                break
        return answers

    def perform(self, step):
        """Do one step; what it observed."""
        for doc, name in product(self.undeclared, self.roots):
            self.root(doc, name)
        self.undeclared = []
        op, doc = step["op"], self.docs[step["peer"]]
        if step.get("format", "v1") != "v1":
            raise Unsupported(f"{op}.{step['format']}")
        if op in LOCAL or op == "transact":
            if "as" in step:
                raise Unsupported("emit")
            with doc.transaction():
                for local in step.get("steps", [step]):
                    self.edit(doc, local)
            return None
        match op:
            case "state":
                return {name: seen(self.root(doc, name)) for name in self.roots}
            case "apply":
                return doc.apply_update(self.bytes(step["update"]))
            case "state_vector":
                made = doc.get_state()
            case "encode":
                made = doc.get_update(self.bytes(step["since"])) if "since" in step else doc.get_update()
            case _:
                raise Unsupported(op)
        self.slots[step["as"]] = made
        return base64.b64encode(made).decode()

    def edit(self, doc, step):
        """Do one local op inside a transaction."""
        if step["op"] not in LOCAL or "attributes" in step:
            raise Unsupported(step["op"] + (".attributes" if "attributes" in step else ""))
        node, kind = self.root(doc, step["path"][0]), step["op"].partition(".")[0]
        for part in step["path"][1:]:
            node = node[part]
        if not isinstance(node, KINDS[kind]):
            raise ValueError(f"no {kind} at {step['path']}")
        match step["op"]:
            case "text.insert":
                node.insert(offset(node, step["index"]), step["text"])
            case "text.delete":
                del node[offset(node, step["index"]) : offset(node, step["index"] + step["length"])]
            case "array.insert":
                for place, value in enumerate(step["values"], step["index"]):
                    node.insert(place, written(value))
            case "array.delete":
                del node[step["index"] : step["index"] + step["length"]]
            case "map.set":
                node[step["key"]] = written(step["value"])
            case "map.delete":
                node.pop(step["key"], None)

    def root(self, doc, name):
        if self.roots[name] not in KINDS:
            raise Unsupported(f"root.{self.roots[name]}")
        return doc.get(name, type=KINDS[self.roots[name]])

    def bytes(self, given):
        if isinstance(given, dict):
            return base64.b64decode(given["base64"])
        if given not in self.slots:
            raise EmptySlot(given)
        return self.slots[given]


def main():
    """Answer each line with a line until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to standard error
    sessions = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "hello" in request:
            about = {"protocol": 1, "name": "example", "version": pycrdt.__version__, "language": "python"}
            about |= {"runtime": f"CPython {platform.python_version()}", "features": FEATURES, "lossy": LOSSY}
            reply = {"seq": request["seq"], "hello": about}
        else:
            reply = {"seq": request["seq"], "run": []}
            for part in request["run"]:
                session = sessions.pop(part["session"], None) or Session(part.get("roots", {}), part.get("peers", {}))
                if not part.get("end"):
                    sessions[part["session"]] = session
                reply["run"].append({"session": part["session"], "answers": session.run(part["steps"])})
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
