"""What stands around the steps of a program in Go: its imports, and the functions that it calls."""

from __future__ import annotations

import re

_PACKAGES = ("encoding/base64", "encoding/json", "fmt", "math", "os")
_LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_FUNCTIONS = {
    "bytes": """\
func bytes(text string) []byte {
	return must(base64.StdEncoding.DecodeString(text))
}""",
    "compare": """\
func compare(what string, observed any, expected string) {
	var wanted any
	if err := json.Unmarshal([]byte(expected), &wanted); err != nil {
		panic(err)
	}
	fmt.Printf("%s\\n  expected %s\\n  observed %s\\n", what, text(wanted), text(observed))
	if text(wanted) != text(observed) {
		os.Exit(1)
	}
}

func text(value any) string {
	return string(must(json.Marshal(value)))
}""",
    "must": """\
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}""",
    "outcome": """\
func outcome(_ []byte, err error) string {
	if err != nil {
		fmt.Println(err)
		return "refused"
	}
	return "done"
}""",
    "emitted": """\
func emitted(doc *crdt.Doc, work func(*crdt.Transaction)) (update []byte) {
	defer doc.OnUpdate(func(told []byte, _ any) { update = told })()
	doc.Transact(work)
	return update
}""",
    "track": """\
// The library does not export the type of what an undo manager tracks: T stands for it.
func track[T any](
	create func(*crdt.Doc, []T, ...crdt.UndoManagerOption) *crdt.UndoManager, doc *crdt.Doc, shared ...any,
) *crdt.UndoManager {
	scope := []T{}
	for _, each := range shared {
		scope = append(scope, each.(T))
	}
	return create(doc, scope, crdt.WithCaptureTimeout(0))
}""",
    "view": """\
func view(value any) any {
	switch value := value.(type) {
	case *crdt.YText:
		return RICH
	case *crdt.YArray:
		list := []any{}
		for i := 0; i < value.Len(); i++ {
			list = append(list, view(value.Get(i)))
		}
		return list
	case *crdt.YMap:
		entries := map[string]any{}
		for _, key := range value.Keys() {
			item, _ := value.Get(key)
			entries[key] = view(item)
		}
		return entries
	case *crdt.YXmlFragment:
		list := []any{}
		for _, child := range value.Children() {
			list = append(list, view(child))
		}
		return list
	case *crdt.YXmlElement:
		node := map[string]any{"element": value.NodeName}
		if attributes := value.GetAttributes(); len(attributes) > 0 {
			node["attributes"] = attributes
		}
		if len(value.Children()) > 0 {
			node["children"] = view(&value.YXmlFragment)
		}
		return node
	case *crdt.YXmlText:
		return map[string]any{"xmltext": view(&value.YText)}
	case []any:
		list := []any{}
		for _, item := range value {
			list = append(list, view(item))
		}
		return list
	case map[string]any:
		entries := map[string]any{}
		for key, item := range value {
			entries[key] = view(item)
		}
		return entries
	case int64:
		return float64(value)
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Sprint(value)
		}
	case float32:
		return view(float64(value))
	}
	return value
}""",
    "chunks": """\
func chunks(delta []crdt.Delta) []any {
	list := []any{}
	for _, part := range delta {
		chunk := map[string]any{"insert": view(part.Insert)}
		if len(part.Attributes) > 0 {
			chunk["attributes"] = view(map[string]any(part.Attributes))
		}
		list = append(list, chunk)
	}
	return list
}""",
}


def imports(source: str, module: str) -> list[str]:
    """The declaration of the packages that a source names, of the standard library and of the module."""
    names = [f'\t"{name}"' for name in _PACKAGES if f"{name.split('/')[-1]}." in source]
    if "crdt." in source:
        names += ["", f'\t"{module}/crdt"'] if names else [f'\t"{module}/crdt"']
    return ["import (", *names, ")", ""] if names else []


def used(lines: list[str]) -> list[str]:
    """The lines; what is put into a variable that nothing uses is put into none, since the compiler refuses that."""
    whole = "\n".join(_LITERAL.sub("", line) for line in lines if not line.startswith("//"))
    used = []
    for line in lines:
        made = re.match(r"(\w+) := ", line)
        idle = made and len(re.findall(rf"\b{made[1]}\b", whole)) == 1
        used.append(f"_ = {line[made.end() :]}" if made and idle else line)
    return used


def functions(body: str, *, rich: bool) -> list[str]:
    """The functions that a program needs: those that it names, and those that these name."""
    whole, needed = body, {}
    while found := {name for name in _FUNCTIONS if name not in needed and re.search(rf"\b{name}(\[any\])?\(", whole)}:
        for name in sorted(found):
            needed[name] = _FUNCTIONS[name].replace("RICH", "chunks(value.ToDelta())" if rich else "value.ToString()")
            whole += needed[name]
    return [needed[name] for name in _FUNCTIONS if name in needed]
