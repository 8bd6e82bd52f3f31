package main

import "encoding/base64"

// slots are byte strings by name, as steps fill and read them.
type slots map[string][]byte

// bytes gives what an operand means.
func (s slots) bytes(key string, from *operand) ([]byte, error) {
	operand, err := required(key, from)
	if err != nil || operand.given {
		return operand.bytes, err
	}
	bytes, filled := s[operand.slot]
	if !filled {
		return nil, &Fault{Slot, "slot " + operand.slot + " was not filled"}
	}
	return bytes, nil
}

// all gives what a list of operands means.
func (s slots) all(from []operand) ([][]byte, error) {
	list := make([][]byte, len(from))
	for i := range from {
		bytes, err := s.bytes("", &from[i])
		if err != nil {
			return nil, err
		}
		list[i] = bytes
	}
	return list, nil
}

// observe gives what a step's answer holds. Bytes fill the slot that the step names.
func (s slots) observe(step *Step, value any) any {
	bytes, ok := value.([]byte)
	if !ok {
		return value
	}
	if step.As != "" {
		s[step.As] = bytes
	}
	return base64.StdEncoding.EncodeToString(bytes)
}
