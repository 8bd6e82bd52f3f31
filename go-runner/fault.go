package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// A Fault is why a step was not done. An error of any other type is the library's own, and is answered as refused.
type Fault struct {
	Kind    Kind
	Message string // what is missing when the kind is Unsupported
}

// Kind says whose fault it is.
type Kind string

// The kinds of the protocol's errors, and Unsupported beside them.
const (
	Unsupported Kind = "unsupported"
	Refused     Kind = "refused"
	Panic       Kind = "panic"
	Slot        Kind = "slot"
	Malformed   Kind = "runner"
)

func (f *Fault) Error() string { return f.Message }

// endsSession says whether no step may follow.
func (f *Fault) endsSession() bool { return f.Kind != Refused && f.Kind != Slot }

func unsupported(feature string) error { return &Fault{Unsupported, feature} }

func refused(format string, arguments ...any) error {
	return &Fault{Refused, fmt.Sprintf(format, arguments...)}
}

func malformed(format string, arguments ...any) error {
	return &Fault{Malformed, fmt.Sprintf(format, arguments...)}
}

// faultOf gives the fault that an error is answered as; nil for none.
func faultOf(err error) *Fault {
	var fault *Fault
	if err == nil || errors.As(err, &fault) {
		return fault
	}
	return &Fault{Refused, err.Error()}
}

// guarded does the work; a panic becomes a Fault. The library leaves a document that broke locked: it must not be
// touched again. Others share nothing with it.
func guarded(work func() (any, error)) (value any, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = panicked(broken)
		}
	}()
	return work()
}

// panicked tells whose panic it is by the first function on the stack that is either the library's or the runner's.
func panicked(broken any) *Fault {
	message := fmt.Sprint(broken)
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	raised := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			raised = true
		case raised && strings.HasPrefix(frame.Function, "main."):
			return &Fault{Malformed, message}
		case raised && strings.HasPrefix(frame.Function, libraryPath+"/"):
			return &Fault{Panic, fmt.Sprintf("%s at %s:%d", message, withinLibrary(frame), frame.Line)}
		}
		if !more {
			return &Fault{Panic, message}
		}
	}
}

// withinLibrary gives a frame's file from the library's folder on: so it is the same on every machine.
func withinLibrary(frame runtime.Frame) string {
	names := strings.Split(frame.File, "/")
	packagePath, _, _ := strings.Cut(strings.TrimPrefix(frame.Function, libraryPath+"/"), ".")
	depth := strings.Count(packagePath, "/") + 2
	return strings.Join(names[max(0, len(names)-depth):], "/")
}
