package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// A Step is one step of a session. All ops share this shape; each reads its own keys, as runners/PROTOCOL.md has them.
// Numbers in values stay as they are written.
type Step struct {
	Op         string           `json:"op"`
	Peer       string           `json:"peer"`
	As         string           `json:"as"`
	Format     string           `json:"format"`
	Path       []any            `json:"path"`
	Paths      [][]any          `json:"paths"`
	Index      *int             `json:"index"`
	Length     *int             `json:"length"`
	Text       *string          `json:"text"`
	Attributes map[string]any   `json:"attributes"`
	Value      given            `json:"value"`
	Values     []any            `json:"values"`
	Nodes      []any            `json:"nodes"`
	Key        *string          `json:"key"`
	Name       *string          `json:"name"`
	Steps      []*Step          `json:"steps"`
	Step       map[string]any   `json:"step"`
	Delta      []map[string]any `json:"delta"`
	Origin     *string          `json:"origin"`
	Doc        []any            `json:"doc"`
	Snapshot   *operand         `json:"snapshot"`
	Snapshots  []operand        `json:"snapshots"`
	Assoc      int              `json:"assoc"`
	Position   *operand         `json:"position"`
	Origins    []string         `json:"origins"`
	Timeout    int              `json:"timeout"`
	Manager    string           `json:"manager"`
	Deep       bool             `json:"deep"`
	State      given            `json:"state"`
	Clients    []uint64         `json:"clients"`
	Message    *operand         `json:"message"`
	Since      *operand         `json:"since"`
	Update     *operand         `json:"update"`
	Updates    []operand        `json:"updates"`
	From       string           `json:"from"`
	To         string           `json:"to"`
}

// v2 says whether the step means the second encoding of updates.
func (s *Step) v2() bool { return s.Format == "v2" }

// parseStep reads a step.
func parseStep(raw []byte) (*Step, error) {
	if hasLoneSurrogate(raw) {
		return nil, unsupported("text.lone-surrogate")
	}
	step := new(Step)
	if err := decodeExactly(raw, step); err != nil {
		return nil, malformed("malformed step: %v", err)
	}
	return step, nil
}

// decodeExactly reads JSON; numbers of no declared type stay as they are written.
func decodeExactly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// given is JSON that may be null, which is not the same as a key that is absent.
type given struct {
	present bool
	json    any
}

func (g *given) UnmarshalJSON(raw []byte) error {
	g.present = true
	return decodeExactly(raw, &g.json)
}

// An operand is bytes: a slot's name, or given with the step.
type operand struct {
	slot  string
	bytes []byte
	given bool
}

func (o *operand) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, &o.slot)
	}
	var literal struct {
		Base64 *string `json:"base64"`
	}
	if err := json.Unmarshal(raw, &literal); err != nil {
		return err
	}
	if literal.Base64 == nil {
		return malformed("bytes are a slot's name or {\"base64\": ..}")
	}
	decoded, err := base64.StdEncoding.DecodeString(*literal.Base64)
	o.bytes, o.given = decoded, true
	return err
}

// required gives what a key of the step holds.
func required[T any](key string, value *T) (T, error) {
	if value == nil {
		var none T
		return none, malformed("the step has no %q", key)
	}
	return *value, nil
}

// hasLoneSurrogate finds half of a surrogate pair that is escaped in JSON. Go's strings are UTF-8, which has none, and
// encoding/json puts U+FFFD in its place without a word.
func hasLoneSurrogate(raw []byte) bool {
	for {
		at := bytes.IndexByte(raw, '\\')
		if at < 0 || at+1 >= len(raw) {
			return false
		}
		raw = raw[at:]
		unit, escaped := utf16Escape(raw)
		switch {
		case !escaped:
			raw = raw[2:]
		case unit>>10 == 0xd800>>10:
			if low, escaped := utf16Escape(raw[6:]); !escaped || low>>10 != 0xdc00>>10 {
				return true
			}
			raw = raw[12:]
		case unit>>10 == 0xdc00>>10:
			return true
		default:
			raw = raw[6:]
		}
	}
}

// utf16Escape reads a \uXXXX at the beginning.
func utf16Escape(raw []byte) (unit int, escaped bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	for _, digit := range raw[2:6] {
		unit = unit<<4 | hexDigit(digit)
	}
	return unit, true
}

func hexDigit(digit byte) int {
	switch {
	case digit >= 'a':
		return int(digit-'a') + 10
	case digit >= 'A':
		return int(digit-'A') + 10
	default:
		return int(digit - '0')
	}
}
