package main

import (
	"reflect"
	"testing"
)

func TestValuesComeBackAsTheyWere(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `"text"`, `1`, `-9007199254740991`, `1.5`, `{"$number":"-0"}`, `{"$number":"NaN"}`, `{"$number":"-Infinity"}`,
		`{"$bytes":"AP8="}`, `[1,[2]]`, `{"a":{"b":null}}`, `{"$object":{"$a":1}}`, `1e+300`,
	} {
		var json any
		if err := decodeExactly([]byte(text), &json); err != nil {
			t.Fatal(err)
		}
		value, err := toPlain(json)
		if err != nil {
			t.Error(text, err)
			continue
		}
		if back, err := fromPlain(value); err != nil || compact(back) != text {
			t.Error(text, compact(back), err)
		}
	}
}

func TestIntegersThatADoubleHoldsAreIntegers(t *testing.T) {
	for text, value := range map[string]any{
		`7`: int64(7), `7.0`: int64(7), `9007199254740992`: float64(1 << 53), `0.5`: 0.5,
	} {
		var json any
		if err := decodeExactly([]byte(text), &json); err != nil {
			t.Fatal(err)
		}
		if got, err := toPlain(json); err != nil || got != value {
			t.Errorf("%s: %T %v, %v", text, got, got, err)
		}
	}
}

func TestChunksAreJoined(t *testing.T) {
	var read chunks
	read.push("a", nil)
	read.push("b", map[string]any{})
	if content := read.content(); content != "ab" {
		t.Error(content)
	}
	read.push("c", map[string]any{"b": true})
	read.push("d", map[string]any{"b": true})
	want := []any{
		map[string]any{"insert": "ab"},
		map[string]any{"insert": "cd", "attributes": map[string]any{"b": true}},
	}
	if content := read.content(); !reflect.DeepEqual(content, want) {
		t.Error(content)
	}
}

func TestHalfAPairIsFound(t *testing.T) {
	for text, lone := range map[string]bool{
		`"\ud83d\ude00"`: false, `"\ud83d"`: true, `"\ude00"`: true, `"\\ud83d"`: false, `"\ud83dx"`: true, `"\u0041\n"`: false,
		`"\ud83d\ud83d\ude00"`: true, `"\`: false,
	} {
		if hasLoneSurrogate([]byte(text)) != lone {
			t.Error(text)
		}
	}
}
