package ports

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Process is a program that runs.
type Process struct {
	PID, Parent int
	Name        string
}

// Owner is the process that listens at an address, host:port with host an IP address. It is false
// where the system does not tell: on Linux for another user's, and always where there is no /proc.
func Owner(address string) (Process, bool) {
	wanted, err := netip.ParseAddrPort(address)
	if err != nil {
		return Process{}, false
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listener(table, wanted); inode != "" {
			return holder("socket:[" + inode + "]")
		}
	}
	return Process{}, false
}

// listener is the inode of the socket that keeps others from listening at an address; see proc(5).
func listener(table string, wanted netip.AddrPort) string {
	const local, state, inode, listens = 1, 3, 9, "0A"
	file, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // it was only read
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) <= inode || fields[state] != listens {
			continue
		}
		at, ok := parse(fields[local])
		if ok && at.Port() == wanted.Port() && (at.Addr() == wanted.Addr() || at.Addr().IsUnspecified()) {
			return fields[inode]
		}
	}
	return ""
}

// parse reads an address as the kernel prints it: words of four bytes in the machine's order.
func parse(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	data, err := hex.DecodeString(host)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(data)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(data); i += 4 {
		binary.NativeEndian.PutUint32(data[i:], binary.BigEndian.Uint32(data[i:]))
	}
	at, ok := netip.AddrFromSlice(data)
	return netip.AddrPortFrom(at.Unmap(), uint16(number)), ok
}

// holder is the process that has a socket open.
func holder(socket string) (Process, bool) {
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is right
	for _, file := range files {
		if target, err := os.Readlink(file); err != nil || target != socket {
			continue
		}
		dir := filepath.Dir(filepath.Dir(file))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		data, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			return Process{}, false // it has just ended
		}
		// PID (NAME) STATE PARENT …, and the name may hold anything
		begin, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
		p := Process{PID: pid, Name: string(data[begin+1 : end])}
		var state string
		_, err = fmt.Sscan(string(data[end+1:]), &state, &p.Parent)
		return p, err == nil
	}
	return Process{}, false
}
