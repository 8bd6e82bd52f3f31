package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// ask speaks the protocol in one process, a line each, and gives the lines of the answer.
func ask(t *testing.T, lines ...string) []string {
	t.Helper()
	var output bytes.Buffer
	if err := serve(strings.NewReader(strings.Join(lines, "\n")+"\n"), &output); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(output.String(), "\n"), "\n")
}

// playSteps gives the answers of a session with a text `t`, a map `m`, an array `l` and a fragment `x`.
func playSteps(t *testing.T, options string, steps ...string) string {
	t.Helper()
	roots := `{"t": "text", "m": "map", "l": "array", "x": "xml"}`
	line := fmt.Sprintf(`{"seq": 1, "run": [{"session": 1, "roots": %s, "peers": {"a": {"client": 1}, "b": {"client": 2}}, "steps": [%s], "end": true%s}]}`,
		roots, strings.ReplaceAll(strings.Join(steps, ","), "\n", " "), options)
	var answer struct {
		Run []struct {
			Answers json.RawMessage `json:"answers"`
		} `json:"run"`
	}
	if err := json.Unmarshal([]byte(ask(t, line)[0]), &answer); err != nil {
		t.Fatal(err)
	}
	return string(answer.Run[0].Answers)
}

func insert(text string) string {
	return fmt.Sprintf(`{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": %q}`, text)
}

const readText = `{"op": "state", "peer": "a"}`

func TestHelloTellsTheLibraryAndWhatItCan(t *testing.T) {
	var answer struct {
		Hello Hosted `json:"hello"`
	}
	line := ask(t, `{"seq": 0, "hello": {"protocol": 1}}`)[0]
	if err := json.Unmarshal([]byte(line), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Hello.Name != "ygo" || answer.Hello.Language != "go" {
		t.Error(line)
	}
	for _, present := range []string{"text.insert", "apply.v2", "undo", "position"} {
		if !strings.Contains(line, `"`+present+`"`) {
			t.Errorf("%s is missing", present)
		}
	}
	for _, absent := range []string{"map.clear", "pending", "value.text", "merge.v2", "subdocs", "text.embed"} {
		if strings.Contains(line, `"`+absent+`"`) {
			t.Errorf("%s is there", absent)
		}
	}
}

func TestStepsThatObserveNothingAreCounted(t *testing.T) {
	answers := playSteps(t, "", insert("b"), insert("a"), readText)
	if answers != `[2,{"ok":{"l":{"$array":[]},"m":{"$map":{}},"t":{"$text":"ab"},"x":{"$fragment":[]}}}]` {
		t.Error(answers)
	}
}

func TestWhatIsMissingEndsTheSession(t *testing.T) {
	for step, feature := range map[string]string{
		`{"op": "no.such.op", "peer": "a"}`:                                                                     "no.such.op",
		`{"op": "merge", "peer": "a", "format": "v2", "updates": []}`:                                           "merge.v2",
		`{"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": {"$text": "x"}}`:                    "value.text",
		`{"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": {"$bigint": "1"}}`:                  "value.bigint",
		`{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "\ud83d"}`:                       "text.lone-surrogate",
		`{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x", "format": "v2", "as": "u"}`: "emit.v2",
		`{"op": "observe", "peer": "a", "path": ["m"]}`:                                                         "observe.map",
	} {
		if answers := playSteps(t, "", step, readText); answers != fmt.Sprintf(`[{"unsupported":%q}]`, feature) {
			t.Error(step, answers)
		}
	}
}

func TestALocalOpEmitsItsUpdate(t *testing.T) {
	emits := strings.Replace(insert("abc"), `"op"`, `"as": "u", "op"`, 1)
	answers := playSteps(t, "", emits, `{"op": "apply", "peer": "b", "update": "u"}`, `{"op": "apply", "peer": "b", "update": "v"}`)
	if answers != `[{"ok":"AQEBAAQBAXQDYWJjAA=="},1,{"error":{"kind":"slot","message":"slot v was not filled"}}]` {
		t.Error(answers)
	}
}

func TestWhatTheLibraryRefusesDoesNotEndTheSession(t *testing.T) {
	answers := playSteps(t, "", `{"op": "apply", "peer": "a", "update": {"base64": "AQ=="}}`, insert("x"))
	if !strings.HasPrefix(answers, `[{"error":{"kind":"refused",`) || !strings.HasSuffix(answers, `,1]`) {
		t.Error(answers)
	}
}

// A lack of a feature would end the session, and hide that the document is broken.
func TestATypeOfNoKindIsAnErrorOfTheLibrary(t *testing.T) {
	apply := func(update string) string {
		return fmt.Sprintf(`{"op": "apply", "peer": "a", "update": {"base64": %q}}`, update)
	}
	for _, update := range []string{"AQEHAAcBAWwPAA==", "AQEHAAcBAWyAAAA="} { // type 15; type 0, in two bytes
		answers := playSteps(t, "", apply(update), readText)
		if answers != `[1,{"error":{"kind":"refused","message":"the library shows a type of no kind"}}]` {
			t.Error(answers)
		}
	}
}

// Half of the second emoji is asked for: the library counts runes where it has UTF-16 units.
func TestAPanicEndsItsSessionAndTheNextOneRuns(t *testing.T) {
	answers := playSteps(t, "", insert("😀😀"), `{"op": "encode", "peer": "a", "since": {"base64": "AQED"}}`, readText)
	if !strings.HasPrefix(answers, `[1,{"error":{"kind":"panic","message":"`) || !strings.Contains(answers, "crdt/update.go:") {
		t.Error(answers)
	}
	if answers := playSteps(t, "", insert("x")); answers != "[1]" {
		t.Error(answers)
	}
}

func TestAMalformedStepCostsItsOwnSession(t *testing.T) {
	answers := playSteps(t, "", `{"op": "text.insert", "peer": "a", "path": "t"}`, readText)
	if !strings.HasPrefix(answers, `[{"error":{"kind":"runner"`) || strings.Count(answers, "error") != 1 {
		t.Error(answers)
	}
	answers = playSteps(t, "", `{"op": "text.insert", "peer": "a", "path": ["t"], "text": "x"}`)
	if answers != `[{"error":{"kind":"runner","message":"the step has no \"index\""}}]` {
		t.Error(answers)
	}
}

func TestASessionGoesOnUntilItsEnd(t *testing.T) {
	lines := ask(t,
		`{"seq": 1, "run": [{"session": 7, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [`+insert("x")+`]}]}`,
		`{"seq": 2, "run": [{"session": 7, "steps": [`+readText+`], "end": true}]}`,
		`{"seq": 3, "run": [{"session": 7, "steps": [`+readText+`]}]}`)
	if lines[1] != `{"seq":2,"run":[{"session":7,"answers":[{"ok":{"t":{"$text":"x"}}}]}]}` {
		t.Error(lines[1])
	}
	if !strings.Contains(lines[2], "a session begins with its roots and peers") {
		t.Error(lines[2])
	}
}

func TestASessionIsLikeAnotherOneOfItsRequest(t *testing.T) {
	lines := ask(t,
		`{"seq": 1, "run": [{"session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [`+insert("x")+`]}, {"session": 2, "like": 0}]}`,
		`{"seq": 2, "run": [{"session": 2, "steps": [`+readText+`], "end": true}, {"session": 3, "like": 9}]}`)
	if !strings.HasPrefix(lines[1], `{"seq":2,"run":[{"session":2,"answers":[{"ok":{"t":{"$text":"x"}}}]},`) {
		t.Error(lines[1])
	}
	if !strings.Contains(lines[1], "a session begins with its roots and peers") {
		t.Error(lines[1])
	}
}

func TestNumbersAreTakenModuloWhatThereIs(t *testing.T) {
	answers := playSteps(t, `, "wrap": true`, insert("abc"),
		`{"op": "text.delete", "peer": "a", "path": ["t"], "index": 7, "length": 9}`,
		`{"op": "text.delete", "peer": "a", "path": ["t", 3], "index": 0, "length": 1}`,
		`{"op": "wrap", "peer": "a", "step": {"op": "text.delete", "peer": "a", "path": ["t"], "index": 7, "length": 9}}`,
		readText)
	if !strings.HasPrefix(answers, `[3,{"ok":{"index":0,"length":1,"op":"text.delete","path":["t"],"peer":"a"}},`) ||
		!strings.Contains(answers, `"t":{"$text":"a"}`) {
		t.Error(answers)
	}
}

func TestAPathThatATransactionChangesIsFollowedWithinIt(t *testing.T) {
	answers := playSteps(t, "", `{"op": "transact", "peer": "a", "steps": [
		{"op": "xml.insert", "peer": "a", "path": ["x"], "index": 0, "nodes": [{"$element": "p", "children": [{"$xmltext": "hi"}]}]},
		{"op": "text.insert", "peer": "a", "path": ["x", 0, 0], "index": 2, "text": "!"},
		{"op": "xml.set", "peer": "a", "path": ["x", 0], "name": "id", "value": "1"}]}`, readText)
	if !strings.Contains(answers, `"x":{"$fragment":[{"$element":"p","attributes":{"id":"1"},"children":[{"$xmltext":"hi!"}]}]}`) {
		t.Error(answers)
	}
}
