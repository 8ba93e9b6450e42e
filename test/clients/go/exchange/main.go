// Exchanges two names in the current folder as fast as it can (renameat2, RENAME_EXCHANGE), until it is killed.
package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

const exchange = 2 // RENAME_EXCHANGE

func main() {
	number := map[string]uintptr{"amd64": 316, "arm64": 276}[runtime.GOARCH]
	a, _ := syscall.BytePtrFromString(os.Args[1])
	b, _ := syscall.BytePtrFromString(os.Args[2])
	pause, _ := time.ParseDuration(os.Args[3])
	cwd := uintptr(uint64(0xffffffffffffff9c)) // AT_FDCWD
	for {
		_, _, errno := syscall.Syscall6(number, cwd, uintptr(unsafe.Pointer(a)), cwd, uintptr(unsafe.Pointer(b)), exchange, 0)
		if errno != 0 {
			println(errno.Error())
			os.Exit(1)
		}
		time.Sleep(pause)
	}
}
