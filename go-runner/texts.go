package main

import (
	"encoding/json"
	"reflect"

	"github.com/reearth/ygo/crdt"
)

// chunks is the content of a text as it is read, one part after the other.
type chunks []map[string]any

// push adds a string or an $embed. A string is joined with the one before when their attributes are equal.
func (c *chunks) push(insert any, attributes map[string]any) {
	text, isText := insert.(string)
	if last := len(*c) - 1; isText && last >= 0 {
		if before, ok := (*c)[last]["insert"].(string); ok && sameAttributes((*c)[last], attributes) {
			(*c)[last]["insert"] = before + text
			return
		}
	}
	chunk := map[string]any{"insert": insert}
	if len(attributes) > 0 {
		chunk["attributes"] = attributes
	}
	*c = append(*c, chunk)
}

func sameAttributes(op map[string]any, attributes map[string]any) bool {
	before, _ := op["attributes"].(map[string]any)
	return len(before) == len(attributes) && (len(before) == 0 || reflect.DeepEqual(before, attributes))
}

// content is a string when nothing is formatted or embedded, else the list of chunks.
func (c chunks) content() any {
	switch {
	case len(c) == 0:
		return ""
	case len(c) == 1 && len(c[0]) == 1:
		if text, ok := c[0]["insert"].(string); ok {
			return text
		}
	}
	list := make([]any, len(c))
	for i, chunk := range c {
		list[i] = chunk
	}
	return list
}

// fromText reads a text.
func fromText(text *crdt.YText) (any, error) {
	var read chunks
	for _, part := range text.ToDelta() {
		insert, attributes, err := fromInserted(part)
		if err != nil {
			return nil, err
		}
		read.push(insert, attributes)
	}
	return read.content(), nil
}

// fromInserted gives what a part of a delta inserts, and its attributes.
func fromInserted(part crdt.Delta) (insert any, attributes map[string]any, err error) {
	if attributes, err = fromEntries(part.Attributes); err != nil {
		return nil, nil, err
	}
	if text, ok := part.Insert.(string); ok {
		return text, attributes, nil
	}
	embed, err := fromPlain(part.Insert)
	return map[string]any{"$embed": embed}, attributes, err
}

// toDelta gives a delta that changes a text.
func toDelta(json []map[string]any) ([]crdt.Delta, error) {
	delta := make([]crdt.Delta, len(json))
	for i, chunk := range json {
		op, err := toDeltaOp(chunk)
		if err != nil {
			return nil, err
		}
		delta[i] = op
	}
	return delta, nil
}

func toDeltaOp(chunk map[string]any) (crdt.Delta, error) {
	object, _ := chunk["attributes"].(map[string]any)
	attributes, err := toObject(object)
	if err != nil {
		return crdt.Delta{}, err
	}
	op := crdt.Delta{Attributes: attributes}
	switch {
	case chunk["retain"] != nil:
		op.Op = crdt.DeltaOpRetain
		op.Retain, err = toLength(chunk["retain"])
	case chunk["delete"] != nil:
		op.Op = crdt.DeltaOpDelete
		op.Delete, err = toLength(chunk["delete"])
	default:
		op.Op = crdt.DeltaOpInsert
		op.Insert, err = toInserted(chunk["insert"])
	}
	return op, err
}

func toLength(value any) (int, error) {
	number, _ := value.(json.Number)
	length, err := number.Int64()
	if err != nil {
		return 0, malformed("%v is no length", value)
	}
	return int(length), nil
}

func toInserted(insert any) (any, error) {
	switch insert := insert.(type) {
	case string:
		return insert, nil
	case map[string]any:
		if !library.has("text.embed") {
			return nil, unsupported("text.embed")
		}
		return toPlain(insert["$embed"])
	default:
		return nil, malformed("a chunk inserts a string or an $embed")
	}
}
