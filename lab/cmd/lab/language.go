package main

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"istio-tutorial/lab/lesson/walk"
)

// The languages that there are pages in.
const (
	english = walk.English
	chinese = walk.Chinese
)

// languageVariable is the language of a lesson for its commands, whatever the locale is: one of the two.
const languageVariable = "LAB_LANG"

// language is the reader's: that of --lang, wherever it stands, else of the lesson that is under way, else that of
// the variables of locale(7), if there are pages in it.
func (a *app) language() string {
	const flag = "--lang"
	for i, arg := range a.args {
		name, value, given := strings.Cut(arg, "=")
		if name == flag && !given && i+1 < len(a.args) {
			value = a.args[i+1]
		}
		if name == flag && (value == english || value == chinese) {
			return value
		}
	}
	if value := a.getenv(languageVariable); value == english || value == chinese {
		return value
	}
	locale := cmp.Or(a.getenv("LC_ALL"), a.getenv("LC_MESSAGES"), a.getenv("LANG"))
	if strings.HasPrefix(locale, chinese) {
		return chinese
	}
	return english
}

// translated is an English text in the language of the reader; false if it is one that has no other words.
func translated(text, language string) (string, bool) {
	if language != chinese {
		return text, false
	}
	for _, pair := range inChinese() {
		parts := pattern(pair[0]).FindStringSubmatch(text)
		if parts == nil {
			continue
		}
		var values []any
		for _, p := range parts[1:] {
			value, _ := translated(p, language)
			values = append(values, value)
		}
		return fmt.Sprintf(pair[1], values...), true
	}
	return text, false
}

// verb is one of fmt's in a text.
var verb = regexp.MustCompile(`%[a-z]`)

// pattern finds the texts that a format makes, and what was put into it.
func pattern(format string) *regexp.Regexp {
	text := verb.ReplaceAllStringFunc(regexp.QuoteMeta(format), func(v string) string {
		switch v {
		case "%d":
			return `(-?\d+)`
		case "%q":
			return `("(?:[^"\\]|\\.)*")`
		}
		return `(.*)`
	})
	return regexp.MustCompile(`(?s)^` + text + `$`)
}
