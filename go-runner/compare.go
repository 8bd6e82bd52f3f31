package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strconv"
)

// meets says whether an answer is what one observation of a vector says, of a library that loses what `lossy` names.
func meets(observation map[string]any, value any, err error, lossy []string) bool {
	if _, ok := observation["refused"]; ok {
		fault := faultOf(err)
		return fault != nil && fault.Kind == Refused
	}
	if err != nil {
		return false
	}
	for kind, expected := range observation {
		switch kind {
		case "state":
			return same(project(expected, lossy), plainJSON(value))
		case "state_vector":
			return same(expected, decoded(value, readClocks))
		case "awareness":
			return same(expected, decoded(value, readStates))
		case "bytes", "value":
			return same(expected, plainJSON(value))
		case "done":
			return true
		}
	}
	return false
}

// plainJSON gives what a value is once it was written and read.
func plainJSON(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	var read any
	if err := decodeExactly(raw, &read); err != nil {
		return nil
	}
	return read
}

// same says whether two typed values are equal: keys have no order, and numbers compare by value.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		number, ok := b.(json.Number)
		one, _ := a.Float64()
		other, _ := number.Float64()
		return ok && one == other
	case []any:
		list, ok := b.([]any)
		return ok && slices.EqualFunc(a, list, same)
	case map[string]any:
		object, ok := b.(map[string]any)
		if !ok || len(a) != len(object) {
			return false
		}
		for key, value := range a {
			if other, there := object[key]; !there || !same(value, other) {
				return false
			}
		}
		return true
	default:
		return a == b
	}
}

// project gives the state as a library sees it that loses what `lossy` names: of that, ygo lost undefined and embeds.
func project(value any, lossy []string) any {
	switch value := value.(type) {
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = project(item, lossy)
		}
		return items
	case map[string]any:
		if value["$undefined"] != nil && slices.Contains(lossy, "undefined") {
			return nil
		}
		object := make(map[string]any, len(value))
		for key, item := range value {
			if list, ok := item.([]any); ok && (key == "$text" || key == "$xmltext") && slices.Contains(lossy, "text.embeds") {
				item = withoutEmbeds(list)
			}
			object[key] = project(item, lossy)
		}
		return object
	default:
		return value
	}
}

func withoutEmbeds(list []any) any {
	var rest chunks
	for _, item := range list {
		chunk, _ := item.(map[string]any)
		if text, ok := chunk["insert"].(string); ok {
			attributes, _ := chunk["attributes"].(map[string]any)
			rest.push(text, attributes)
		}
	}
	return rest.content()
}

// decoded reads bytes that were observed as an expectation has them; nil when they are not what they should be. The
// library's own reader has no part in it: it is what is looked at.
func decoded(value any, read func(*bytes.Reader) (map[string]any, error)) any {
	text, _ := value.(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	object, err := read(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	return plainJSON(object)
}

// readClocks reads a state vector: client -> clock. A client without any clock says nothing.
func readClocks(raw *bytes.Reader) (map[string]any, error) {
	clocks := map[string]any{}
	return clocks, eachClient(raw, func(client string, clock uint64) error {
		if clock > 0 {
			clocks[client] = clock
		}
		return nil
	})
}

// readStates reads an awareness update: client -> its clock and state.
func readStates(raw *bytes.Reader) (map[string]any, error) {
	states := map[string]any{}
	return states, eachClient(raw, func(client string, clock uint64) error {
		length, err := binary.ReadUvarint(raw)
		if err != nil || length > uint64(raw.Len()) {
			return io.ErrUnexpectedEOF
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(raw, text); err != nil {
			return err
		}
		states[client] = map[string]any{"clock": clock, "state": json.RawMessage(text)}
		return nil
	})
}

// eachClient reads a count and, so often, a client and a clock. A varuint of lib0 is Go's uvarint.
func eachClient(raw *bytes.Reader, tell func(client string, clock uint64) error) error {
	count, err := binary.ReadUvarint(raw)
	for ; err == nil && count > 0; count-- {
		var client, clock uint64
		if client, err = binary.ReadUvarint(raw); err != nil {
			return err
		}
		if clock, err = binary.ReadUvarint(raw); err != nil {
			return err
		}
		err = tell(strconv.FormatUint(client, 10), clock)
	}
	return err
}
