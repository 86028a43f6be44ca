package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"istio-tutorial/lab/lesson/words"
)

// speech says the texts of explanations in the reader's language; those that it does not know stay.
type speech struct {
	words   words.Words // which have the causes
	phrases []phrase
}

// phrase is a text with places, and what is said for it.
type phrase struct {
	fits *regexp.Regexp
	said string
}

// hole is where something is put into a text: {0}.
var hole = regexp.MustCompile(`\\\{\d\\\}`)

func speechOf(language string) speech {
	s := speech{words: words.Of(language)}
	if language != chinese {
		return s
	}
	for _, pair := range explanationsInChinese() {
		text := hole.ReplaceAllString(regexp.QuoteMeta(pair[0]), "(.*)")
		s.phrases = append(s.phrases, phrase{regexp.MustCompile("^" + text + "$"), pair[1]})
	}
	return s
}

// cause is one of traffic's.
func (s speech) cause(text string) string {
	if known, ok := words.OfCause(text).(words.Phrase); ok {
		return s.words.Say(known)
	}
	return text
}

func (s speech) say(text string) string {
	for _, p := range s.phrases {
		parts := p.fits.FindStringSubmatch(text)
		if parts == nil {
			continue
		}
		var puts []string
		for i, part := range parts[1:] {
			puts = append(puts, fmt.Sprintf("{%d}", i), s.say(part))
		}
		return strings.NewReplacer(puts...).Replace(p.said)
	}
	return text
}

// columns is how wide a text is in a terminal: Chinese takes two for each character.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if isWide(r) {
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff60
}

// pieces are what a text may be broken between: words, and Chinese characters, of which none that ends a
// part of a sentence begins a line. A piece that has a blank before it begins with that.
func pieces(text string) []string {
	var list []string
	wide := false
	for _, word := range strings.Fields(text) {
		blank := " "
		for _, r := range word {
			glued := blank == "" && !(isWide(r) || wide) || strings.ContainsRune("，。：；、）", r)
			if glued && len(list) > 0 {
				list[len(list)-1] += string(r)
			} else {
				list = append(list, blank+string(r))
			}
			blank, wide = "", isWide(r)
		}
	}
	return list
}
