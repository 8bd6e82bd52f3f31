"""Values in programs for Y.js: what is written into a document, and what `view` shows of one."""

from __future__ import annotations

import json
from typing import Any

from conformance.repro.literals import javascript, javascript_object
from conformance.repro.source import UntranslatedError, chunks, tag_of


class Values:
    """Those of Y.js 13, as expressions.

    `fragment`, `element` and `attribute` are the names under which a library has XML.
    """

    fragment, element, attribute = "Y.XmlFragment", "Y.XmlElement", "setAttribute"

    def value(self, value: Any) -> str:
        return javascript(value, self.shared)

    def object(self, entries: dict[str, Any]) -> str:
        return javascript_object(entries, self.shared)

    def shared(self, value: dict[str, Any]) -> str:
        """A new shared type, as an expression."""
        tag, content = tag_of(value)
        if tag == "$text" and isinstance(content, str):
            return f"new Y.Text({self.value(content)})"
        if tag == "$array":
            return f"Y.Array.from({self.value(content)})"
        if tag == "$map":
            return f"new Y.Map(Object.entries({self.object(content)}))"
        if tag == "$doc":
            return f"new Y.Doc({{ guid: {json.dumps(content)} }})"
        if tag == "$xmltext" and isinstance(content, str) and not value.get("attributes"):
            return f"new Y.XmlText({self.value(content)})"
        if tag in ("$element", "$fragment"):
            return self.node(tag, content, value)
        raise UntranslatedError(f"{tag} as a value")

    def node(self, tag: str, content: Any, value: dict[str, Any]) -> str:
        attributes = value.get("attributes", {})
        lines = [f"node.{self.attribute}({json.dumps(k)}, {self.value(v)})" for k, v in attributes.items()]
        children = content if tag == "$fragment" else value.get("children")
        if children:
            lines.append(f"node.insert(0, {self.value(children)})")
        made = f"new {self.fragment}()" if tag == "$fragment" else f"new {self.element}({json.dumps(content)})"
        return f"(() => {{ const node = {made}; {'; '.join(lines)}; return node }})()" if lines else made

    def expected(self, value: dict[str, Any], rich: bool) -> str:
        """A shared type as `view` shows it."""

        def show(value: dict[str, Any]) -> str:
            tag, content = tag_of(value)
            more = {key: value[key] for key in ("attributes", "children") if value.get(key)}
            parts = [f"{key}: {javascript(item, show)}" for key, item in more.items()]
            match tag:
                case "$text":
                    return self._expected_text(content, rich, show)
                case "$xmltext":
                    return "{ " + ", ".join([f"xmltext: {self._expected_text(content, rich, show)}", *parts]) + " }"
                case "$element":
                    return "{ " + ", ".join([f"element: {json.dumps(content)}", *parts]) + " }"
                case "$map":
                    return javascript_object(content, show)
                case "$doc":
                    return f"{{ doc: {json.dumps(content)} }}"
            return javascript(content, show)

        return show(value)

    @staticmethod
    def _expected_text(content: Any, rich: bool, show: Any) -> str:
        if not rich:
            return javascript(content, show)
        shown = []
        for chunk in chunks(content):
            insert = chunk["insert"]
            text = javascript(insert if isinstance(insert, str) else insert["$embed"], show)
            attributes = chunk.get("attributes")
            more = f", attributes: {javascript_object(attributes, show)}" if attributes else ""
            shown.append(f"{{ insert: {text}{more} }}")
        return "[" + ", ".join(shown) + "]"
