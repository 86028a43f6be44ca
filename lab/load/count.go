package load

import (
	"fmt"
	"io"
	"time"
)

// Summary is what siege tells at its end.
type Summary struct {
	Transactions int // answered below 400
	Failed       int // answered 400 or above, or not at all
	Unanswered   int // of Failed
	Bytes        int64
	Elapsed      time.Duration
	Total        time.Duration // of all requests, one after the other
	Longest      time.Duration
	Shortest     time.Duration
}

func (s *Summary) add(h Hit) {
	if s.requests() == 0 {
		s.Shortest = h.Took
	}
	if h.OK() {
		s.Transactions++
	} else {
		s.Failed++
	}
	if h.Err != nil {
		s.Unanswered++
	}
	s.Bytes += h.Bytes
	s.Total += h.Took
	s.Longest, s.Shortest = max(s.Longest, h.Took), min(s.Shortest, h.Took)
}

func (s Summary) requests() int { return s.Transactions + s.Failed }

// Availability is the percentage of requests that succeeded.
func (s Summary) Availability() float64 {
	return 100 * ratio(float64(s.Transactions), float64(s.requests()))
}

// ResponseTime is the mean of all requests. (Siege divides the same time by the successful ones.)
func (s Summary) ResponseTime() time.Duration {
	return time.Duration(ratio(float64(s.Total), float64(s.requests())))
}

// Write shows the summary in siege's words.
func (s Summary) Write(w io.Writer) {
	seconds, megabytes := s.Elapsed.Seconds(), float64(s.Bytes)/(1<<20)
	for _, line := range []struct {
		name, format string
		value        any
		unit         string
	}{
		{"Transactions", "%d", s.Transactions, "hits"},
		{"Availability", "%.2f", s.Availability(), "%"},
		{"Elapsed time", "%.2f", seconds, "secs"},
		{"Data transferred", "%.2f", megabytes, "MB"},
		{"Response time", "%.2f", s.ResponseTime().Seconds(), "secs"},
		{"Transaction rate", "%.2f", ratio(float64(s.Transactions), seconds), "trans/sec"},
		{"Throughput", "%.2f", ratio(megabytes, seconds), "MB/sec"},
		{"Concurrency", "%.2f", ratio(s.Total.Seconds(), seconds), ""},
		{"Successful transactions", "%d", s.Transactions, ""},
		{"Failed transactions", "%d", s.Failed, ""},
		{"Longest transaction", "%.2f", s.Longest.Seconds(), ""},
		{"Shortest transaction", "%.2f", s.Shortest.Seconds(), ""},
	} {
		value := fmt.Sprintf(line.format, line.value)
		if line.unit != "" {
			value = fmt.Sprintf("%12s %s", value, line.unit)
		}
		fmt.Fprintf(w, "%-24s%12s\n", line.name+":", value)
	}
}

// ratio is 0 where nothing was counted.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
