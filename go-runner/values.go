package main

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// maxSafeInteger is the greatest integer that a double holds exactly together with its neighbours.
const maxSafeInteger = 1<<53 - 1

// toPlain gives the Go value that an application would write for the typed JSON of a step.
func toPlain(value any) (any, error) {
	switch value := value.(type) {
	case json.Number:
		return toNumber(value)
	case []any:
		return toList(value)
	case map[string]any:
		if tag := tagOf(value); tag != "" {
			return toTagged(tag, value[tag])
		}
		return toObject(value)
	default:
		return value, nil
	}
}

// tagOf gives the key of a tagged value, and nothing for a plain object.
func tagOf(object map[string]any) string {
	for key := range object {
		if strings.HasPrefix(key, "$") {
			return key
		}
	}
	return ""
}

// toNumber gives an int64 for an integer that a double holds exactly, as literals in Go are, and a float64 for the rest.
func toNumber(number json.Number) (any, error) {
	value, err := number.Float64()
	if err != nil {
		return nil, malformed("bad number %v", number)
	}
	if value == math.Trunc(value) && math.Abs(value) <= maxSafeInteger {
		return int64(value), nil
	}
	return value, nil
}

func toTagged(tag string, inner any) (any, error) {
	switch tag {
	case "$number":
		text, _ := inner.(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, malformed("bad $number %v", inner)
		}
		return value, nil
	case "$bytes":
		text, _ := inner.(string)
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, malformed("bad base64: %v", err)
		}
		return decoded, nil
	case "$object":
		object, ok := inner.(map[string]any)
		if !ok {
			return nil, malformed("$object is an object")
		}
		return toObject(object)
	case "$undefined", "$bigint", "$text", "$array", "$map", "$doc":
		return nil, unsupported("value." + tag[1:])
	case "$fragment", "$element", "$xmltext":
		return nil, unsupported("value.xml")
	default:
		return nil, malformed("no value has the tag %s", tag)
	}
}

func toList(list []any) ([]any, error) {
	values := make([]any, len(list))
	for i, item := range list {
		value, err := toPlain(item)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

func toObject(object map[string]any) (map[string]any, error) {
	values := make(map[string]any, len(object))
	for key, item := range object {
		value, err := toPlain(item)
		if err != nil {
			return nil, err
		}
		values[key] = value
	}
	return values, nil
}

// fromPlain gives the typed JSON of a value of the library.
func fromPlain(value any) (any, error) {
	switch value := value.(type) {
	case nil, bool, string:
		return value, nil
	case int64:
		return fromInteger(value), nil
	case int:
		return fromInteger(int64(value)), nil
	case float32:
		return fromFloat(float64(value)), nil
	case float64:
		return fromFloat(value), nil
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(value)}, nil
	case []any:
		return fromList(value)
	case map[string]any:
		return fromObject(value)
	default:
		return fromShared(value)
	}
}

// fromInteger gives the number that an integer is for peers whose numbers are doubles.
func fromInteger(value int64) any {
	if value > maxSafeInteger || value < -maxSafeInteger {
		return float64(value)
	}
	return value
}

func fromFloat(value float64) any {
	switch {
	case math.IsNaN(value):
		return map[string]any{"$number": "NaN"}
	case math.IsInf(value, 1):
		return map[string]any{"$number": "Infinity"}
	case math.IsInf(value, -1):
		return map[string]any{"$number": "-Infinity"}
	case value == 0 && math.Signbit(value):
		return map[string]any{"$number": "-0"}
	default:
		return value
	}
}

func fromList(values []any) ([]any, error) {
	list := make([]any, len(values))
	for i, value := range values {
		item, err := fromPlain(value)
		if err != nil {
			return nil, err
		}
		list[i] = item
	}
	return list, nil
}

func fromObject(values map[string]any) (map[string]any, error) {
	object, err := fromEntries(values)
	if err == nil && tagOf(object) != "" {
		return map[string]any{"$object": object}, nil
	}
	return object, err
}

func fromEntries(values map[string]any) (map[string]any, error) {
	entries := make(map[string]any, len(values))
	for key, value := range values {
		item, err := fromPlain(value)
		if err != nil {
			return nil, err
		}
		entries[key] = item
	}
	return entries, nil
}
