package main

import "syscall"

// cpuSeconds is the CPU time that this process has used.
func cpuSeconds() float64 {
	process, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, ended, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(process, &created, &ended, &kernel, &user); err != nil {
		return 0
	}
	seconds := func(time syscall.Filetime) float64 {
		return float64(uint64(time.HighDateTime)<<32|uint64(time.LowDateTime)) / 1e7
	}
	return seconds(kernel) + seconds(user)
}
