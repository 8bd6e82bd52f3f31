// Command ygo-runner hosts ygo, the independent port of Yjs in Go, for the conformance kit. It speaks the runner protocol
// (runners/PROTOCOL.md) on standard input and output, or plays vectors alone when paths are given.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// The exit codes.
const (
	agreed = iota
	disagreed
	badUsage
)

const usage = `usage: ygo-runner                      speak the runner protocol on standard input and output
       ygo-runner [options] PATH...    play the vectors in files or folders alone

options:
  --filter GLOB           only the cases whose ids match
  --format v1|v2|both     the encodings of updates to play with (default both)
  --measure REQUESTS      perform a file of request lines, print the CPU time
  --version               the version of the library
  --help                  this text
`

func main() {
	// Standard output belongs to the protocol, whatever a library prints.
	output := os.Stdout
	os.Stdout = os.Stderr
	os.Exit(run(os.Args[1:], os.Stdin, output, os.Stderr))
}

func run(arguments []string, input io.Reader, output, complaints io.Writer) int {
	var options Options
	flags := flag.NewFlagSet("ygo-runner", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage) }
	flags.StringVar(&options.filter, "filter", "*", "")
	format := flags.String("format", "both", "")
	requests := flags.String("measure", "", "")
	version := flags.Bool("version", false, "")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return agreed
	} else if err != nil {
		return badUsage
	}
	options.paths = flags.Args()
	var err error
	switch options.formats = formatsOf(*format); {
	case options.formats == nil:
		err = fmt.Errorf("no format %q", *format)
	case *version:
		fmt.Fprintln(output, library.Version)
	case *requests != "":
		err = measure(*requests, output)
	case len(options.paths) > 0:
		return playAndTell(options, output, complaints)
	case flags.NFlag() > 0:
		err = errors.New("which vectors? no path is given")
	default:
		err = serve(input, output)
	}
	return exitCode(err, complaints)
}

func formatsOf(name string) []string {
	switch name {
	case "both":
		return []string{"v1", "v2"}
	case "v1", "v2":
		return []string{name}
	default:
		return nil
	}
}

func playAndTell(options Options, output, complaints io.Writer) int {
	buffered := bufio.NewWriter(output)
	results, err := playAlone(options, buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		for _, played := range results {
			if len(played.differences) > 0 {
				return disagreed
			}
		}
	}
	return exitCode(err, complaints)
}

func exitCode(err error, complaints io.Writer) int {
	if err == nil {
		return agreed
	}
	fmt.Fprintln(complaints, "ygo-runner:", err)
	return badUsage
}
