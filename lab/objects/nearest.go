package objects

import (
	"slices"
	"strings"
)

// few is how many names a message lists.
const few = 7

// Hint ends a message about a word that is none of some names: the nearest of them, or all if they
// are few; "" if there is nothing to say.
func Hint(word string, names []string) string {
	if near := nearest(word, names, 3); near != "" {
		return "; did you mean " + near + "?"
	}
	if len(names) == 0 || len(names) > few {
		return ""
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	return "; there is " + strings.Join(names, ", ")
}

// nearest is the name with the fewest slips from a word, "" if that takes more than one for so many
// letters: a guess that is farther away is none. A name of several parts, such as a pod's, is held part by
// part: one of which a part differs as a whole, or in its digits, is another object and not the same one
// misspelt.
func nearest(word string, names []string, letters int) string {
	word = strings.ToLower(word)
	best, least := "", len(word)/letters+1
	for _, name := range names {
		if slips := slipsOf(word, strings.ToLower(name), letters); slips < least {
			best, least = name, slips
		}
	}
	return best
}

// slipsOf counts the slips from a word to a name; if a part of the name has too many, they are more than
// any word may have.
func slipsOf(word, name string, letters int) int {
	if digits(word) != digits(name) {
		return len(word) + 1
	}
	typed, parts := strings.Split(word, "-"), strings.Split(name, "-")
	if len(parts) == 1 || len(typed) != len(parts) {
		return distance(word, name)
	}
	sum := 0
	for i, part := range parts {
		slips := distance(typed[i], part)
		if slips > len(part)/letters {
			return len(word) + 1
		}
		sum += slips
	}
	return sum
}

// digits is what a text has of them.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// distance counts the letters that are missing, too many, wrong or swapped with their neighbour.
func distance(a, b string) int {
	before, last, row := []int{}, make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}
