package main

import (
	"strings"

	"github.com/reearth/ygo/crdt"
)

// family says what a shared type is: which ops work on it. It is empty for what none works on.
func family(shared any) string {
	switch shared.(type) {
	case *crdt.YText:
		return "text"
	case *crdt.YArray:
		return "array"
	case *crdt.YMap:
		return "map"
	case *crdt.YXmlFragment:
		return "fragment"
	case *crdt.YXmlElement:
		return "element"
	case *crdt.YXmlText:
		return "xmltext"
	default:
		return ""
	}
}

// suits says whether an op works on a shared type.
func suits(op, family string) bool {
	kind, _, _ := strings.Cut(op, ".")
	switch family {
	case "text", "array", "map":
		return kind == family || kind == "position" && family != "map"
	case "xmltext":
		return kind == "text" || kind == "position" || op == "xml.set" || op == "xml.unset"
	case "fragment":
		return kind == "position" || op == "xml.insert" || op == "xml.delete"
	case "element":
		return kind == "position" || kind == "xml"
	default:
		return false
	}
}

// length is that of a text in UTF-16 units, of others in values or nodes. It takes no lock.
func length(shared any) int {
	if counted, ok := shared.(interface{ Len() int }); ok {
		return counted.Len()
	}
	return 0
}

// asText gives the text that a text or an XML text is.
func asText(shared any) *crdt.YText {
	switch shared := shared.(type) {
	case *crdt.YText:
		return shared
	case *crdt.YXmlText:
		return &shared.YText
	default:
		return nil
	}
}

// asNode gives the fragment that a fragment or an element is: what has children.
func asNode(shared any) *crdt.YXmlFragment {
	switch shared := shared.(type) {
	case *crdt.YXmlFragment:
		return shared
	case *crdt.YXmlElement:
		return &shared.YXmlFragment
	default:
		return nil
	}
}

// fromRoot reads a root with its tag.
func fromRoot(doc *crdt.Doc, name, kind string) (any, error) {
	return fromShared(root(doc, name, kind))
}

// root names a root. A kind that is none was turned away as the session began.
func root(doc *crdt.Doc, name, kind string) any {
	switch kind {
	case "text":
		return doc.GetText(name)
	case "array":
		return doc.GetArray(name)
	case "map":
		return doc.GetMap(name)
	default:
		return doc.GetXmlFragment(name)
	}
}

// fromShared reads a shared type, and what is within.
func fromShared(shared any) (any, error) {
	switch shared := shared.(type) {
	case *crdt.YText:
		return tagged("$text")(fromText(shared))
	case *crdt.YArray:
		return tagged("$array")(fromArray(shared))
	case *crdt.YMap:
		return tagged("$map")(fromMap(shared))
	case *crdt.YXmlFragment:
		return tagged("$fragment")(fromChildren(shared))
	case *crdt.YXmlElement:
		return fromElement(shared)
	case *crdt.YXmlText:
		return tagged("$xmltext")(fromText(&shared.YText))
	default:
		// A type whose reference nobody writes: the library makes a placeholder of it.
		return nil, refused("the library shows a type of no kind")
	}
}

func tagged(tag string) func(inner any, err error) (any, error) {
	return func(inner any, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return map[string]any{tag: inner}, nil
	}
}

// fromArray reads an array. ToSlice leaves out what is no plain value; Get gives it, where it can, one at a time.
func fromArray(array *crdt.YArray) (any, error) {
	values := array.ToSlice()
	if len(values) != array.Len() {
		values = make([]any, array.Len())
		for i := range values {
			values[i] = array.Get(i)
		}
	}
	return fromList(values)
}

// fromMap reads a map. Of a key that holds no plain value the library says that it is there, and gives nothing.
func fromMap(shared *crdt.YMap) (any, error) {
	entries := map[string]any{}
	for _, key := range shared.Keys() {
		value, ok := shared.Get(key)
		if !ok {
			return nil, unsupported("map.get.type")
		}
		item, err := fromPlain(value)
		if err != nil {
			return nil, err
		}
		entries[key] = item
	}
	return entries, nil
}

func fromChildren(node *crdt.YXmlFragment) (any, error) {
	children := []any{}
	for _, child := range node.Children() {
		item, err := fromShared(child)
		if err != nil {
			return nil, err
		}
		children = append(children, item)
	}
	return children, nil
}

func fromElement(element *crdt.YXmlElement) (any, error) {
	node := map[string]any{"$element": element.NodeName}
	if attributes := element.GetAttributes(); len(attributes) > 0 {
		node["attributes"] = attributes
	}
	children, err := fromChildren(&element.YXmlFragment)
	if list, ok := children.([]any); ok && len(list) > 0 {
		node["children"] = list
	}
	return node, err
}
