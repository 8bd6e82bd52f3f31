package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// A Request is a line that the coordinator sends.
type Request struct {
	Seq   uint64          `json:"seq"`
	Hello json.RawMessage `json:"hello"`
	Run   []Run           `json:"run"`
}

// A Run is steps of one session. They stay as they are written until their turn comes: a malformed one costs its own
// session only.
type Run struct {
	Session uint64                 `json:"session"`
	Like    *int                   `json:"like"` // the place of another one in the request, which says all the rest
	Roots   map[string]string      `json:"roots"`
	Peers   map[string]PeerOptions `json:"peers"`
	Wrap    bool                   `json:"wrap"`
	Steps   []json.RawMessage      `json:"steps"`
	End     bool                   `json:"end"`
}

// whole gives what is to be done in the i-th session.
func (r *Request) whole(i int) *Run {
	run := &r.Run[i]
	if run.Like != nil && *run.Like >= 0 && *run.Like < len(r.Run) {
		return &r.Run[*run.Like]
	}
	return run
}

// A Response is the line that answers a request.
type Response struct {
	Seq   uint64       `json:"seq"`
	Hello *Hosted      `json:"hello,omitempty"`
	Run   *[]RunAnswer `json:"run,omitempty"`
}

// A RunAnswer has the answers of the steps of one session.
type RunAnswer struct {
	Session uint64 `json:"session"`
	Answers []any  `json:"answers"`
}

// A Runner has the sessions that are open; nil for one that ended early and is still named by requests.
type Runner struct {
	sessions map[uint64]*Session
}

func newRunner() *Runner { return &Runner{map[uint64]*Session{}} }

// serve answers the lines of input until it ends.
func serve(input io.Reader, output io.Writer) error {
	runner := newRunner()
	lines := bufio.NewReaderSize(input, 1<<16)
	writer := bufio.NewWriterSize(output, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := runner.answer(line, writer); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// answer answers one line.
func (r *Runner) answer(line []byte, output *bufio.Writer) error {
	var request Request
	if err := json.Unmarshal(line, &request); err != nil {
		return err
	}
	response := Response{Seq: request.Seq}
	if request.Hello != nil {
		response.Hello = &library
	} else {
		answers := make([]RunAnswer, len(request.Run))
		for i := range request.Run {
			answers[i] = r.run(request.Run[i].Session, request.whole(i))
		}
		response.Run = &answers
	}
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(response); err != nil {
		return err
	}
	return output.Flush()
}

// run performs the steps of a session, which begins with the first request that names it.
func (r *Runner) run(number uint64, run *Run) RunAnswer {
	answers := replies{list: []any{}}
	session, open := r.sessions[number]
	if !open {
		var err error
		if session, err = begin(run); err != nil {
			session = nil
			answers.add(nil, err)
		}
	}
	if session != nil && !perform(session, run.Steps, &answers) {
		session = nil
	}
	if r.sessions[number] = session; run.End {
		delete(r.sessions, number)
	}
	return RunAnswer{number, answers.list}
}

func begin(run *Run) (*Session, error) {
	if run.Roots == nil || run.Peers == nil {
		return nil, malformed("a session begins with its roots and peers")
	}
	return newSession(run.Roots, run.Peers, run.Wrap)
}

// perform does the steps, and says whether the session goes on.
func perform(session *Session, steps []json.RawMessage, answers *replies) bool {
	for _, raw := range steps {
		step, err := parseStep(raw)
		var value any
		if err == nil {
			value, err = session.perform(step)
		}
		answers.add(value, err)
		if fault := faultOf(err); fault != nil && fault.endsSession() {
			return false
		}
	}
	return true
}

// replies are answers as the protocol writes them: those that observed nothing are told as their number.
type replies struct {
	list []any
}

func (r *replies) add(value any, err error) {
	if err != nil || value != nil {
		r.list = append(r.list, replyOf(value, err))
		return
	}
	if last := len(r.list) - 1; last >= 0 {
		if count, ok := r.list[last].(int); ok {
			r.list[last] = count + 1
			return
		}
	}
	r.list = append(r.list, 1)
}

// replyOf gives an answer as the protocol writes it.
func replyOf(value any, err error) any {
	fault := faultOf(err)
	switch {
	case fault == nil:
		return map[string]any{"ok": value}
	case fault.Kind == Unsupported:
		return map[string]any{"unsupported": fault.Message}
	default:
		return map[string]any{"error": map[string]any{"kind": fault.Kind, "message": fault.Message}}
	}
}
