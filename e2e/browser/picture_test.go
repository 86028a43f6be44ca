package browser

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPicture takes the picture that README.md shows: `make picture` puts it there.
func TestPicture(t *testing.T) {
	ctx := chromium(t)
	b := newBook(t, start(t))
	one := chain()
	abort(one)
	marks(one)
	b.tell(one)
	v := open(t, ctx, b.URL+"/?lang=en&theme=light&motion=off", 1280, 1130)
	v.until(`document.querySelectorAll('#answers li').length == 3`, "document.body.innerText")
	v.do(chromedp.KeyEvent("e"))
	v.until(`document.querySelectorAll('.steps g').length == 3`, "document.body.innerText")
	v.picture("console-full")
	data, err := os.ReadFile(pictures + "/console-full.png")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(whole)); err != nil {
		t.Fatal(err)
	}
	if small.Len() > 100_000 {
		t.Errorf("the picture has %d bytes, want 100 000 at most", small.Len())
	}
	if err := os.WriteFile(pictures+"/console.png", small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fewColours keeps the most frequent 256 colours of a picture; the others are shades between them.
func fewColours(whole image.Image) image.Image {
	counts := map[color.RGBA]int{}
	each(whole, func(x, y int) { counts[rgba(whole.At(x, y))]++ })
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(256, len(all))] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	few := image.NewPaletted(whole.Bounds(), palette)
	each(whole, func(x, y int) {
		c := rgba(whole.At(x, y))
		i, ok := nearest[c]
		if !ok {
			i = uint8(palette.Index(c)) // there are 256 at most
			nearest[c] = i
		}
		few.SetColorIndex(x, y, i)
	})
	return few
}

func each(whole image.Image, do func(x, y int)) {
	size := whole.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			do(x, y)
		}
	}
}

func rgba(c color.Color) color.RGBA {
	r, g, b, a := c.RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
}
