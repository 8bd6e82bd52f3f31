package main

import (
	"sort"
	"strings"

	"github.com/reearth/ygo/crdt"
)

// A localOp changes a shared type within a transaction.
type localOp func(txn *crdt.Transaction, target any, step *Step) error

// localOps are the local ops of the library. It has no way to clear a map, nor to write an embed unless a text takes it
// in a delta.
var localOps = map[string]localOp{
	"text.insert": insertText, "text.format": formatText, "text.delete": deleteText, "text.delta": applyDelta,
	"text.embed":   embed,
	"array.insert": insertValues, "array.delete": deleteValues,
	"map.set": setEntry, "map.delete": deleteEntry,
	"xml.insert": insertNodes, "xml.delete": deleteNodes, "xml.set": setAttribute, "xml.unset": unsetAttribute,
}

// change performs a local op, or the local ops of a transact, in one transaction. A step with a slot observes the update
// that the transaction emitted.
func change(s *Session, d *document, step *Step) (any, error) {
	steps := step.Steps
	if step.Op != "transact" {
		steps = []*Step{step}
	}
	if step.As != "" && step.v2() {
		return nil, unsupported("emit.v2")
	}
	places, err := s.findAll(d, steps)
	if err != nil {
		return nil, err
	}
	var emitted any
	if step.As != "" {
		forget := d.OnUpdate(func(update []byte, _ any) { emitted = update })
		defer forget()
	}
	var origin []any
	if step.Origin != nil {
		origin = append(origin, *step.Origin)
	}
	d.Transact(func(txn *crdt.Transaction) {
		for i, inner := range steps {
			if err = s.performLocal(txn, places[i], inner); err != nil {
				return
			}
		}
	}, origin...)
	if err != nil {
		return nil, err
	}
	return emitted, nil
}

func (s *Session) performLocal(txn *crdt.Transaction, place *place, step *Step) error {
	if place.later {
		place.enter(step.Path[1:], s.wraps, childWithin)
	}
	if place.err != nil {
		return place.err
	}
	if s.wraps {
		wrapped := place.wrap(step)
		if wrapped == nil {
			return nil
		}
		step = wrapped
	} else if !suits(step.Op, family(place.target)) {
		return refused("%s does not work on a %s", step.Op, family(place.target))
	}
	return localOps[step.Op](txn, place.target, step)
}

func insertText(txn *crdt.Transaction, target any, step *Step) error {
	index, err := required("index", step.Index)
	if err != nil {
		return err
	}
	text, err := required("text", step.Text)
	if err != nil {
		return err
	}
	attributes, err := toObject(step.Attributes)
	if err != nil {
		return err
	}
	asText(target).Insert(txn, index, text, attributes)
	return nil
}

// embed writes an embed by a delta, the only way that there could be.
func embed(txn *crdt.Transaction, target any, step *Step) error {
	index, err := required("index", step.Index)
	if err != nil {
		return err
	}
	value, err := toPlain(step.Value.json)
	if err != nil {
		return err
	}
	attributes, err := toObject(step.Attributes)
	if err != nil {
		return err
	}
	asText(target).ApplyDelta(txn, []crdt.Delta{
		{Op: crdt.DeltaOpRetain, Retain: index},
		{Op: crdt.DeltaOpInsert, Insert: value, Attributes: attributes},
	})
	return nil
}

func formatText(txn *crdt.Transaction, target any, step *Step) error {
	index, length, err := rangeOf(step)
	if err != nil {
		return err
	}
	attributes, err := toObject(step.Attributes)
	if err != nil {
		return err
	}
	asText(target).Format(txn, index, length, attributes)
	return nil
}

func deleteText(txn *crdt.Transaction, target any, step *Step) error {
	index, length, err := rangeOf(step)
	if err == nil {
		asText(target).Delete(txn, index, length)
	}
	return err
}

func applyDelta(txn *crdt.Transaction, target any, step *Step) error {
	delta, err := toDelta(step.Delta)
	if err == nil {
		asText(target).ApplyDelta(txn, delta)
	}
	return err
}

func insertValues(txn *crdt.Transaction, target any, step *Step) error {
	index, err := required("index", step.Index)
	if err != nil {
		return err
	}
	values, err := toList(step.Values)
	if err == nil {
		target.(*crdt.YArray).Insert(txn, index, values)
	}
	return err
}

func deleteValues(txn *crdt.Transaction, target any, step *Step) error {
	index, length, err := rangeOf(step)
	if err == nil {
		target.(*crdt.YArray).Delete(txn, index, length)
	}
	return err
}

func setEntry(txn *crdt.Transaction, target any, step *Step) error {
	key, err := required("key", step.Key)
	if err != nil {
		return err
	}
	value, err := toPlain(step.Value.json)
	if err == nil {
		target.(*crdt.YMap).Set(txn, key, value)
	}
	return err
}

func deleteEntry(txn *crdt.Transaction, target any, step *Step) error {
	key, err := required("key", step.Key)
	if err == nil {
		target.(*crdt.YMap).Delete(txn, key)
	}
	return err
}

func insertNodes(txn *crdt.Transaction, target any, step *Step) error {
	index, err := required("index", step.Index)
	if err != nil {
		return err
	}
	return insertChildren(txn, asNode(target), index, step.Nodes)
}

// insertChildren puts nodes in one after the other. A node is filled once it has its place: what is written into one that
// has none gets a clock below that of its parent, and no peer can read it.
func insertChildren(txn *crdt.Transaction, parent *crdt.YXmlFragment, index int, nodes []any) error {
	for i, json := range nodes {
		node, _ := json.(map[string]any)
		var err error
		switch tag := tagOf(node); tag {
		case "$element":
			name, _ := node[tag].(string)
			element := crdt.NewYXmlElement(name)
			parent.Insert(txn, index+i, element)
			err = fillElement(txn, element, node)
		case "$xmltext":
			text := crdt.NewYXmlText()
			parent.Insert(txn, index+i, text)
			err = fillText(txn, text, node)
		default:
			err = unsupported("xml.insert" + strings.Replace(tag, "$", ".", 1))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fillElement(txn *crdt.Transaction, element *crdt.YXmlElement, node map[string]any) error {
	attributes, _ := node["attributes"].(map[string]any)
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		value, ok := attributes[name].(string)
		if !ok {
			return unsupported("xml.set.any")
		}
		element.SetAttribute(txn, name, value)
	}
	children, _ := node["children"].([]any)
	return insertChildren(txn, &element.YXmlFragment, 0, children)
}

func fillText(txn *crdt.Transaction, text *crdt.YXmlText, node map[string]any) error {
	if node["attributes"] != nil {
		return unsupported("xml.text.attributes")
	}
	if plain, ok := node["$xmltext"].(string); ok {
		text.Insert(txn, 0, plain, nil)
		return nil
	}
	chunks, _ := node["$xmltext"].([]any)
	objects := make([]map[string]any, len(chunks))
	for i, chunk := range chunks {
		objects[i], _ = chunk.(map[string]any)
	}
	delta, err := toDelta(objects)
	if err == nil {
		text.ApplyDelta(txn, delta)
	}
	return err
}

func deleteNodes(txn *crdt.Transaction, target any, step *Step) error {
	index, length, err := rangeOf(step)
	if err == nil {
		asNode(target).Delete(txn, index, length)
	}
	return err
}

func setAttribute(txn *crdt.Transaction, target any, step *Step) error {
	name, err := required("name", step.Name)
	if err != nil {
		return err
	}
	element, ok := target.(*crdt.YXmlElement)
	if !ok {
		return unsupported("xml.text.attributes")
	}
	value, ok := step.Value.json.(string)
	if !ok {
		return unsupported("xml.set.any")
	}
	element.SetAttribute(txn, name, value)
	return nil
}

func unsetAttribute(txn *crdt.Transaction, target any, step *Step) error {
	name, err := required("name", step.Name)
	if err != nil {
		return err
	}
	element, ok := target.(*crdt.YXmlElement)
	if !ok {
		return unsupported("xml.text.attributes")
	}
	element.DeleteAttribute(txn, name)
	return nil
}

func rangeOf(step *Step) (index, length int, err error) {
	if index, err = required("index", step.Index); err == nil {
		length, err = required("length", step.Length)
	}
	return index, length, err
}
