package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// KeySets are the public keys of issuers of tokens, fetched and kept as Istio's istiod does it: at once
// when a rule first names them, and then again and again; what was fetched last is kept as long as nothing
// newer is to be had. Where nothing ever was, NoKeys are in their place, so that no token holds.
type KeySets struct {
	cfg    Fetching
	absent chan struct{}

	mu   sync.Mutex
	kept map[string]keptSet
}

// Fetching is how key sets are fetched. Durations of 0 are istiod's own.
type Fetching struct {
	// Client makes the requests. Required.
	Client *http.Client
	// Changed is called when a set is another one than before. Required.
	Changed func(context.Context)
	// Now is the clock. Required.
	Now func() time.Time
	// Every is how often all are fetched anew; AfterFailure is how soon where that went wrong, and then
	// twice as long each time, up to an hour. Again is the time between two tries.
	Every, AfterFailure, Again time.Duration
}

// What istiod does.
const (
	fetchEvery        = 20 * time.Minute
	fetchAfterFailure = time.Minute
	fetchSeldom       = time.Hour
	fetchAgain        = time.Second
	tries             = 8
	forgetAfter       = 7 * 24 * time.Hour
)

// largestSet bounds what a server can have the lab keep, in bytes.
const largestSet = 1 << 20

type keptSet struct {
	text            string // "": none could be fetched
	problem         error  // then: why
	timeout         time.Duration
	fetched, wanted time.Time
}

// NewKeySets knows none yet.
func NewKeySets(cfg Fetching) *KeySets {
	for _, d := range []struct {
		is  *time.Duration
		own time.Duration
	}{{&cfg.Every, fetchEvery}, {&cfg.AfterFailure, fetchAfterFailure}, {&cfg.Again, fetchAgain}} {
		if *d.is == 0 {
			*d.is = d.own
		}
	}
	return &KeySets{cfg: cfg, kept: map[string]keptSet{}, absent: make(chan struct{}, 1)}
}

// Of is the key set at a URL or, where that is empty, the one that an issuer's own page leads to. It is
// fetched the first time, within a timeout. The error is why there is none: then it is NoKeys.
func (k *KeySets) Of(ctx context.Context, issuer, url string, timeout time.Duration) (string, error) {
	place := url
	if place == "" {
		place = discovery + issuer
	}
	k.mu.Lock()
	kept, ok := k.kept[place]
	k.mu.Unlock()
	if !ok {
		text, err := k.fetch(ctx, place, timeout, 1)
		kept = keptSet{text: text, problem: err, fetched: k.cfg.Now()}
		if err != nil {
			k.retry()
		}
	}
	kept.wanted, kept.timeout = k.cfg.Now(), timeout
	k.mu.Lock()
	if now, changed := k.kept[place]; changed && now.text != "" { // refreshed meanwhile
		now.wanted, now.timeout = kept.wanted, timeout
		kept = now
	}
	k.kept[place] = kept
	k.mu.Unlock()
	if kept.text == "" {
		return NoKeys(), kept.problem
	}
	return kept.text, nil
}

// retry has those that are missing fetched soon.
func (k *KeySets) retry() {
	select {
	case k.absent <- struct{}{}:
	default: // it is to be done anyway
	}
}

// Run fetches them anew until ctx ends.
func (k *KeySets) Run(ctx context.Context) {
	every, failedBefore := k.cfg.Every, false
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-k.absent:
			k.refresh(ctx, true)
		case <-timer.C:
			failed := k.refresh(ctx, false)
			every = k.next(every, failed, failedBefore)
			failedBefore = failed
			timer.Reset(every)
		case <-ctx.Done():
			return
		}
	}
}

func (k *KeySets) next(last time.Duration, failed, failedBefore bool) time.Duration {
	switch {
	case !failed:
		return k.cfg.Every
	case !failedBefore:
		return k.cfg.AfterFailure
	}
	return min(2*last, fetchSeldom)
}

// refresh fetches all, or those that are missing. What is missing still is forgotten: whoever wants it
// next fetches it.
func (k *KeySets) refresh(ctx context.Context, missing bool) (failed bool) {
	k.mu.Lock()
	now, due := k.cfg.Now(), map[string]keptSet{}
	for place, kept := range k.kept {
		switch {
		case now.Sub(kept.wanted) >= forgetAfter || now.Sub(kept.fetched) >= forgetAfter:
			delete(k.kept, place)
		case kept.text == "" || !missing:
			due[place] = kept
		}
	}
	k.mu.Unlock()
	var all sync.WaitGroup
	var mu sync.Mutex
	changed := false
	for place, kept := range due {
		all.Go(func() {
			text, err := k.fetch(ctx, place, kept.timeout, tries)
			differs := k.keep(place, kept.text, text, err)
			mu.Lock()
			defer mu.Unlock()
			failed, changed = failed || err != nil, changed || differs
		})
	}
	all.Wait()
	if changed && ctx.Err() == nil {
		k.cfg.Changed(ctx)
	}
	return failed
}

// keep reports whether a set that was fetched is another one than before.
func (k *KeySets) keep(place, before, text string, err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if before == "" {
			delete(k.kept, place)
		}
		return false
	}
	kept := k.kept[place]
	kept.text, kept.problem, kept.fetched = text, nil, k.cfg.Now()
	k.kept[place] = kept
	return !sameKeys(before, text)
}

// sameKeys compares two sets; the order of their keys says nothing, and what is no set is no news.
func sameKeys(before, now string) bool {
	var a, b map[string]any
	if before == now || json.Unmarshal([]byte(now), &b) != nil {
		return true
	}
	if json.Unmarshal([]byte(before), &a) != nil {
		return false
	}
	return reflect.DeepEqual(sortedKeys(a), sortedKeys(b))
}

func sortedKeys(set map[string]any) []any {
	keys, _ := set["keys"].([]any)
	slices.SortFunc(keys, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

// discovery marks a place where the address of the keys is found first.
const discovery = "issuer "

// fetch tries a few times, all within a timeout.
func (k *KeySets) fetch(ctx context.Context, place string, timeout time.Duration, tries int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	issuer, isIssuer := strings.CutPrefix(place, discovery)
	if !isIssuer {
		return k.set(ctx, place, tries)
	}
	page, err := k.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", tries)
	if err != nil {
		return "", err
	}
	var said struct {
		At string `json:"jwks_uri"`
	}
	if err := json.Unmarshal([]byte(page), &said); err != nil || said.At == "" {
		return "", fmt.Errorf("%s: its page .well-known/openid-configuration has no jwks_uri", issuer)
	}
	return k.set(ctx, said.At, tries)
}

// set is what a server says, if Envoy would take it: with what it would not, Envoy goes on as it was.
func (k *KeySets) set(ctx context.Context, url string, tries int) (string, error) {
	text, err := k.get(ctx, url, tries)
	if err != nil {
		return "", err
	}
	if !usable(text) {
		return "", fmt.Errorf("%s: its answer is no key set, or has no key of type RSA, EC, OKP or oct that is complete", url)
	}
	return text, nil
}

func (k *KeySets) get(ctx context.Context, url string, tries int) (string, error) {
	for {
		text, err := k.getOnce(ctx, url)
		if tries--; err == nil || tries == 0 || ctx.Err() != nil {
			return text, err
		}
		select {
		case <-time.After(k.cfg.Again):
		case <-ctx.Done():
			return "", err
		}
	}
}

func (k *KeySets) getOnce(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := k.cfg.Client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestSet+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", url, err)
	case resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices:
		return "", fmt.Errorf("%s: status %s", url, resp.Status)
	case len(body) > largestSet:
		return "", fmt.Errorf("%s: more than %d bytes", url, largestSet)
	}
	return string(body), nil
}

// NoKeys is a set that no token fits: istiod's own, whose private key nobody has.
func NoKeys() string {
	return `{"keys":[{"kty":"RSA","e":"AQAB","n":"` +
		"0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdy" +
		"iBVfumN8dMxbLvVJUpfNOnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03s" +
		"VkkyvY3otRflkBcY3_HKpBxJl9wk2GyOShN4_PNUF9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94" +
		`-mPTJyBR74ShspL3BxPZitDL574T1w"}]}`
}
